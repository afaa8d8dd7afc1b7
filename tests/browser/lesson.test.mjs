// A lesson on the page: its steps pass as they are done, in the page and in a host page, and are kept.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inflateRawSync } from "node:zlib";
import { accessibilityViolations, assertNoProblems, start, terminal, waitUntil } from "./harness.mjs";
import { serve } from "./server.mjs";

let session;
let hosts;
before(async () => {
  session = await start();
  hosts = await serve("docs/embedding", { rewrite: (text) => text.replaceAll("https://kubottle.example/", session.url) });
});
after(async () => {
  await session?.close();
  await hosts?.close();
});

/** How many steps are passed in the session that the page has kept. */
const keptSteps = async (page) => {
  const text = await page.evaluate(() => new Promise((done) => {
    const open = indexedDB.open("kubottle");
    open.onsuccess = () => {
      const get = open.result.transaction("sessions").objectStore("sessions").get("current");
      get.onsuccess = () => done(get.result ?? "");
    };
  }));
  return text ? JSON.parse(inflateRawSync(Buffer.from(text.split(".")[1], "base64url"))).passed : 0;
};

test("steps pass one after the other, in both languages, and a reload keeps them", async () => {
  const page = await session.visit(`${session.url}?lesson=first-steps&lang=en`);
  const lesson = page.getByRole("region", { name: "Lesson" });
  await lesson.getByText("List them: type").waitFor();
  assert.deepEqual(await accessibilityViolations(page), []);
  await terminal(page, "kubectl get nodes");
  await lesson.getByRole("list", { name: "1 of 6 steps done" }).waitFor();
  await lesson.getByText("Show how").click();
  await lesson.getByRole("button", { name: "kubectl create deployment web --image=nginx" }).click();
  await lesson.getByRole("list", { name: "2 of 6 steps done" }).waitFor();
  await waitUntil(async () => (await keptSteps(page)) === 2, "the steps to be kept");
  await page.goto(`${session.url}?lang=zh`);
  await page.getByRole("region", { name: "课程" }).getByRole("list", { name: "已完成 2 / 6 步" }).waitFor();
  assertNoProblems(page);
});

test("a host page hears of each step", async () => {
  const page = await session.visit(hosts.url + "plain.html");
  await page.locator("kubottle-playground").first().waitFor();
  const heard = await page.evaluate(async (src) => {
    const element = document.createElement("kubottle-playground");
    element.setAttribute("src", src);
    element.setAttribute("lesson", "first-steps");
    element.setAttribute("view", "terminal");
    const goals = [];
    element.addEventListener("kubottle-goal", ({ detail }) => goals.push(detail));
    document.body.prepend(element);
    await element.client.ready;
    await element.client.exec("kubectl get nodes");
    const passed = new Promise((done) => element.addEventListener("kubottle-goal", () => done()));
    if (goals.length === 0) await passed;
    return goals.map(({ kubottle, type, lesson, step, passed }) => ({ kubottle, type, lesson, step, passed }));
  }, session.url);
  assert.deepEqual(heard, [{ kubottle: 1, type: "goal", lesson: "first-steps", step: 1, passed: true }]);
  assertNoProblems(page);
});
