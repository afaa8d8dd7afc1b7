// What outlives the page: a tab that is killed, several kept sessions, a history too long for a link, a newer build; and a browser
// that keeps nothing.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { assertNoProblems, start, terminal, waitUntil } from "./harness.mjs";
import { serve } from "./server.mjs";

let session;
before(async () => {
  session = await start();
});
after(() => session?.close());

const output = (page) => page.getByRole("log", { name: "Terminal output" });
const clock = async (page) => Number(await page.getByRole("slider", { name: "Time" }).inputValue());

/** What is kept under a name, by itself the running session. */
const kept = (page, name = "current") => page.evaluate((name) => new Promise((done) => {
  const open = indexedDB.open("kubottle");
  open.onsuccess = () => {
    const get = open.result.transaction("sessions").objectStore("sessions").get(name);
    get.onsuccess = () => done(get.result ?? "");
  };
}), name);

test("a tab that is killed in the middle of a run comes back with what was done and the time it was", async () => {
  const page = await session.open();
  await page.getByRole("combobox", { name: "Speed" }).selectOption({ label: "50×" });
  await terminal(page, "kubectl create deployment web --image=nginx --replicas=3");
  const first = await waitUntil(() => kept(page), "the session to be kept");
  // Nothing more is done; the time that passes is kept all the same.
  await waitUntil(async () => (await kept(page)) !== first, "the time that has passed to be kept");
  const before = await clock(page);
  const context = page.context();
  const tools = await context.newCDPSession(page);
  const gone = page.waitForEvent("crash");
  // Who is killed does not answer.
  tools.send("Page.crash").catch(() => {});
  await gone;
  const again = await context.newPage();
  await again.goto(session.url);
  await output(again).getByText("This is your last session").waitFor();
  const now = await clock(again);
  assert.ok(now > 0 && now <= before + 60_000, `${now} after ${before}`);
  assert.match(await terminal(again, "kubectl get deployments"), /^web +3\/3/m);
});

test("several sessions, each as it was left, and one forgotten", async () => {
  const page = await session.open();
  const menu = page.locator("details", { hasText: "Sessions" });
  const list = menu.getByRole("list", { name: "Kept sessions" });
  const open = async () => {
    if ((await menu.getAttribute("open")) === null) await menu.locator("summary").click();
  };
  for (const name of ["one", "two"]) {
    await page.getByRole("button", { name: "New cluster" }).click();
    await terminal(page, `kubectl create namespace ${name}`);
    await open();
    await menu.getByRole("textbox").fill(name);
    await menu.getByRole("textbox").press("Enter");
    await list.getByRole("button", { name, exact: true }).waitFor();
  }
  for (const [name, other] of [["one", "two"], ["two", "one"]]) {
    await open();
    await list.getByRole("button", { name, exact: true }).click();
    await waitUntil(async () => !(await output(page).innerText()).includes("$ "), "the terminal of another session");
    assert.match(await terminal(page, `kubectl get namespace ${name}`), /Active/);
    assert.ok(!(await terminal(page, `kubectl get namespace ${other}`)).includes("Active"), `${other} is another cluster's`);
  }
  await open();
  await list.getByRole("button", { name: "Forget one" }).click();
  await list.getByRole("button", { name: "one", exact: true }).waitFor({ state: "detached" });
  await waitUntil(async () => (await kept(page, "names")) === "two" && !(await kept(page, "session/one")), "it to be forgotten");
  await page.reload();
  await open();
  await list.getByRole("button", { name: "two", exact: true }).waitFor();
  assert.equal(await list.getByRole("button", { name: "one", exact: true }).count(), 0);
  assertNoProblems(page);
});

test("a history too long for a link becomes a file, which opens to the same state", async () => {
  const page = await session.open();
  // What cannot be compressed to less than a link may be.
  let number = 7;
  const noise = Array.from({ length: 16_000 }, () => ((number = (number * 1103515245 + 12345) % 2 ** 31) >>> 16) % 36).map((digit) => digit.toString(36)).join("");
  await terminal(page, `kubectl create configmap long --from-literal=noise=${noise}`);
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  const uid = await terminal(page, "kubectl get configmap long -o jsonpath='{.metadata.uid} {.metadata.resourceVersion}'");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Share" }).click()]);
  await page.getByText("The history is too long for a link").waitFor();
  assert.equal(await page.evaluate(() => location.hash), "");
  const path = await download.path();
  assert.ok(readFileSync(path).length > 8_000);

  const other = await session.open();
  await other.locator("summary", { hasText: "Sessions" }).click();
  const [chooser] = await Promise.all([other.waitForEvent("filechooser"), other.getByRole("button", { name: "Open a file…" }).click()]);
  await chooser.setFiles(path);
  await waitUntil(async () => (await terminal(other, "kubectl get configmap long -o jsonpath='{.metadata.uid} {.metadata.resourceVersion}'")) === uid, "the same object");
  for (const each of [page, other]) assertNoProblems(each);
});

test("a message stays to be read however long the clock has stood", async () => {
  const page = await session.open();
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  // Longer than a message is shown.
  await page.waitForTimeout(5_000);
  await page.getByRole("button", { name: "Share" }).click();
  const message = page.getByText(/it holds the whole history of this cluster/);
  await message.waitFor();
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done)))));
  assert.ok(await message.isVisible());
  await message.waitFor({ state: "detached" });
  assertNoProblems(page);
});

test("where storage is refused everything works, and nothing is said to be kept", async () => {
  const page = await session.visit("about:blank");
  await page.addInitScript(() => {
    for (const name of ["indexedDB", "localStorage", "sessionStorage", "caches"]) {
      Object.defineProperty(globalThis, name, { get: () => { throw new DOMException("refused", "SecurityError"); } });
    }
  });
  await page.goto(session.url);
  assert.match(await terminal(page, "kubectl create namespace mine"), /namespace\/mine created/);
  await page.getByRole("combobox", { name: "Theme" }).selectOption("dark");
  await page.locator("summary", { hasText: "Sessions" }).click();
  await page.getByRole("textbox", { name: "Name of the session" }).fill("first");
  await page.getByRole("textbox", { name: "Name of the session" }).press("Enter");
  await page.getByText("This browser keeps nothing of this page").waitFor();
  assert.equal(await page.getByRole("button", { name: "first", exact: true }).count(), 0);
  await page.reload();
  assert.match(await terminal(page, "kubectl get namespaces"), /^kube-system /m);
  assertNoProblems(page);
});

test("a lesson or a scenario that is not there is said to be missing, and a cluster is there all the same", async () => {
  for (const [query, text] of [["?lesson=nothing", 'There is no lesson "nothing" here'], ["?scenario=nothing", 'There is no scenario "nothing" here'], ["?embed=1&view=map&lesson=%3Cb%3E", 'There is no lesson "<b>" here']]) {
    const page = await session.visit(`${session.url}${query}&lang=en`);
    await page.locator(".toast", { hasText: text }).waitFor();
    if (!query.includes("embed")) assert.match(await terminal(page, "kubectl get nodes"), /node-1 +Ready/);
    // The missing scenario is asked for, and is not there: that is what is tested.
    page.problems = page.problems.filter((problem) => !problem.includes("404"));
    assertNoProblems(page);
  }
});

test("a newer build says so, and comes whole when it is asked for", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kubottle-builds-"));
  // Browsers may keep files for long: the next build has to come nevertheless.
  const server = await serve(folder, { prefix: "/course/", headers: { "cache-control": "max-age=3600" } });
  try {
    cpSync("dist", folder, { recursive: true });
    const page = await session.visit(server.url);
    await page.evaluate(() => navigator.serviceWorker.ready);
    await waitUntil(() => page.evaluate(() => navigator.serviceWorker.controller !== null), "the worker to take over");
    await terminal(page, "kubectl create namespace mine");
    await waitUntil(() => kept(page), "the session to be kept");

    // The next build: another text, a file of another name, another list of files.
    const read = (name) => readFileSync(join(folder, name), "utf8");
    const start = readdirSync(folder).find((name) => /^start-.*\.js$/.test(name));
    const next = `start-${"f".repeat(16)}.js`;
    renameSync(join(folder, start), join(folder, next));
    writeFileSync(join(folder, "index.html"), read("index.html").replaceAll(start, next).replace("<title>Kubottle", "<title>Newer Kubottle"));
    writeFileSync(join(folder, "worker.js"), read("worker.js").replaceAll(start, next).replace(/"kubottle-" \+ "\w+"/, '"kubottle-" + "newer"'));
    await page.reload();
    const notice = page.getByRole("status").filter({ hasText: "A newer Kubottle is here" });
    await notice.waitFor();
    assert.doesNotMatch(await page.title(), /Newer/, "until then the build that was there, whole");
    assert.match(await terminal(page, "kubectl get namespaces"), /^mine /m);
    assert.deepEqual(page.problems, []);

    await Promise.all([page.waitForEvent("load"), notice.getByRole("button", { name: "Show it" }).click()]);
    await page.getByRole("button", { name: "Apply", exact: true }).waitFor();
    assert.match(await page.title(), /Newer/);
    await output(page).getByText("This is your last session").waitFor();
    assert.match(await terminal(page, "kubectl get namespaces"), /^mine /m);
    await waitUntil(() => page.evaluate(async () => (await caches.keys()).join() === "kubottle-newer"), "the older build to be gone");
    assert.equal(await notice.count(), 0);
    assertNoProblems(page);
  } finally {
    await server.close();
    rmSync(folder, { recursive: true });
  }
});
