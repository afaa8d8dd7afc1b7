// What the page adds to the cluster: marks, keys, the inspector, looking back, links that hold a history, languages.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertNoProblems, paste, podsOnMap, screenshot, start, terminal, waitUntil } from "./harness.mjs";

let session;
before(async () => {
  session = await start();
});
after(() => session?.close());

const pods = async (page) => (await podsOnMap(page)).filter((name) => name.startsWith("pod tomcat-"));
const speed = (page, label) => page.getByRole("combobox", { name: "Speed" }).selectOption({ label });

/** Applies what a new visitor finds in the editor, by the keyboard, and waits for its three pods. */
async function withTomcat() {
  const page = await session.open();
  await speed(page, "10×");
  await page.getByRole("textbox", { name: "Manifest editor" }).press("ControlOrMeta+Enter");
  await waitUntil(async () => (await pods(page)).filter((name) => name.includes("1/1")).length === 3, "three ready pods");
  return page;
}

test("a mistake is marked at its line and applied to nothing", async () => {
  const page = await session.open();
  await paste(page, "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replica: 3\n");
  const problem = page.getByRole("list", { name: "Problems in the manifest" }).getByRole("button", { name: /unknown field "spec.replica"/ });
  await problem.waitFor();
  assert.match(await problem.innerText(), /^6:3/);
  await page.locator(".cm-lint-marker-error").first().waitFor();
  await page.getByRole("button", { name: "Apply", exact: true }).click();
  await page.getByRole("log").getByText(/unknown field "spec.replica"/).waitFor();
  assert.match(await terminal(page, "kubectl get deployments"), /No resources found/);
  assertNoProblems(page);
});

test("a pod is selected by the keyboard and the inspector says why it is there", async () => {
  const page = await withTomcat();
  const pod = page.getByRole("region", { name: "Cluster map" }).getByRole("button", { name: /^pod tomcat-/ }).first();
  const name = (await pod.getAttribute("aria-label")).match(/^pod ([^,]+)/)[1];
  await pod.press("Enter");
  const inspector = page.getByRole("region", { name: "Inspector" });
  await inspector.getByRole("heading", { name }).waitFor();
  await inspector.getByRole("tab", { name: "Why" }).click();
  await inspector.getByText(/deployment\/tomcat/).first().waitFor();
  await inspector.getByRole("tab", { name: "YAML" }).click();
  await inspector.getByText(/^apiVersion: v1\nkind: Pod/).waitFor();
  await inspector.getByRole("tab", { name: "Describe" }).click();
  await inspector.getByText(/^Name: +tomcat-/).waitFor();
  await screenshot(page, "inspector-describe");
  assertNoProblems(page);
});

test("a request sent from the map is typed in the terminal and listed hop by hop", async () => {
  const page = await withTomcat();
  await page.getByRole("button", { name: "send a request to service tomcat-service" }).press("Enter");
  await page.getByRole("log").getByText("$ curl tomcat-service:8080").waitFor();
  const requests = page.getByRole("region", { name: "Requests" });
  await requests.getByRole("button", { name: /tomcat-service:8080.*200 OK/ }).waitFor();
  await requests.getByText("DNAT", { exact: true }).first().waitFor();
  await screenshot(page, "request-on-the-map");
  assertNoProblems(page);
});

test("a speed that only the address knows is shown, until another is chosen", async () => {
  const page = await session.open({ query: "?speed=20" });
  const speeds = page.getByRole("combobox", { name: "Speed" });
  const shown = () => speeds.locator("option:checked").innerText();
  assert.equal(await shown(), "20×");
  await speed(page, "10×");
  await waitUntil(async () => !(await speeds.innerText()).includes("20×"), "twenty to leave the menu");
  assert.equal(await shown(), "10×");
  assertNoProblems(page);
});

test("the time goes back and forth", async () => {
  const page = await withTomcat();
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  const time = page.getByRole("slider", { name: "Time" });
  await time.press("Home");
  await waitUntil(async () => (await pods(page)).length === 0, "no pods at the beginning");
  await time.press("End");
  await waitUntil(async () => (await pods(page)).length === 3, "three pods at the end");
  assertNoProblems(page);
});

test("a link brings the same cluster to another visitor", async () => {
  const page = await withTomcat();
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  const before = await pods(page);
  await page.getByRole("button", { name: "Share" }).click();
  const hash = await waitUntil(() => page.evaluate(() => location.hash), "a link");
  const other = await session.open({ query: hash });
  await waitUntil(async () => (await pods(other)).length === 3, "three pods");
  assert.deepEqual(await pods(other), before);
  assertNoProblems(other);
});

test("the page speaks Chinese and keeps Kubernetes' own words", async () => {
  const page = await withTomcat();
  await page.getByRole("combobox", { name: "Language" }).selectOption({ label: "简体中文" });
  await page.getByRole("button", { name: "应用", exact: true }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), "zh-CN");
  await page.getByRole("button", { name: "表格" }).click();
  await page.getByRole("table", { name: "Pods" }).getByText("Running").first().waitFor();
  await screenshot(page, "table-chinese");
  assertNoProblems(page);
});
