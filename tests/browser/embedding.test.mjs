// A host page of another origin, a sandboxed frame, a strict Content-Security-Policy, links, kept sessions, offline: the ways in
// which the page is used other than by opening it. The pages of docs/embedding are the host pages here.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { accessibilityViolations, assertNoProblems, podsOnMap, screenshot, start, terminal, waitUntil } from "./harness.mjs";
import { serve } from "./server.mjs";

// As docs/embedding/README.md says it, so that what is recommended is what is tested.
const recommended = readFileSync("docs/embedding/README.md", "utf8").match(/^Content-Security-Policy: (default-src 'self'; .*)$/m)[1];

let session;
let hosts;
before(async () => {
  // A frame of opaque origin is a stranger to its own site, which has to open its files to it.
  const headers = { "access-control-allow-origin": "*" };
  hosts = await serve("docs/embedding", { rewrite: (text) => text.replaceAll("https://kubottle.example/", session.url) });
  headers["content-security-policy"] = recommended.replace("https://course.example", new URL(hosts.url).origin);
  session = await start({ headers });
});
after(async () => {
  await session?.close();
  await hosts?.close();
});

/** Opens a page of docs/embedding as a new visitor. */
async function host(name) {
  const page = await session.visit(hosts.url + name);
  await page.locator("kubottle-playground").first().waitFor();
  return page;
}

/** Calls a method of the client of the n-th playground. */
const ask = (page, method, argument, n = 0) =>
  page.evaluate(async ([n, method, argument]) => {
    const { client } = document.querySelectorAll("kubottle-playground")[n];
    await client.ready;
    return client[method](argument);
  }, [n, method, argument]);

const POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: one}\nspec: {containers: [{name: c, image: nginx}]}\n";

test("a host page drives the cluster and hears of its events", async () => {
  const page = await host("plain.html");
  await page.evaluate(() => {
    globalThis.heard = [];
    document.querySelector("kubottle-playground").addEventListener("kubottle-event", ({ detail }) => globalThis.heard.push(detail.event));
  });
  const hello = await ask(page, "hello");
  assert.equal(hello.version, 1);
  const applied = await ask(page, "apply", POD);
  assert.deepEqual(applied, { stdout: "pod/one created\n", stderr: "", exit_code: 0 });
  const { now_ms } = await ask(page, "get", "clock");
  await ask(page, "advance", 60_000);
  const clock = await ask(page, "get", "clock");
  assert.ok(clock.now_ms >= now_ms + 60_000, `${clock.now_ms} after ${now_ms}`);
  const running = await ask(page, "exec", "kubectl get pod one");
  assert.match(running.stdout, /^one +1\/1 +Running/m);
  const refused = await ask(page, "exec", "kubectl get pod two");
  assert.equal(refused.exit_code, 1);
  assert.match(refused.stderr, /pods "two" not found/);
  await waitUntil(() => page.evaluate(() => globalThis.heard.some((event) => event.reason === "Started" && event.name === "one")), "the event that it started");
  await ask(page, "pause");
  await ask(page, "seek", clock.start_ms);
  assert.equal((await ask(page, "get", "clock")).now_ms, clock.start_ms);
  const topology = await ask(page, "get", "topology");
  assert.ok(!JSON.stringify(topology).includes('"name":"one"'), "no pod at the beginning");
  await assert.rejects(ask(page, "get", "everything"), /unknown thing to get/);
  await assert.rejects(ask(page, "send", "sing"), /unknown type "sing"/);
  assertNoProblems(page);
});

test("the buttons of the plain page work", async () => {
  const page = await host("plain.html");
  await page.getByRole("button", { name: "Apply" }).first().click();
  const said = page.getByRole("log", { name: "What the cluster said" });
  await said.getByText("deployment.apps/web created").waitFor();
  await page.getByRole("button", { name: "One minute later" }).click();
  await said.getByText(/^web-\S+ +1\/1 +Running/m).first().waitFor();
  await screenshot(page, "embedding-plain");
  assertNoProblems(page);
});

test("without attributes of its own it follows the page around it, and grows as high as it wants to be", async () => {
  const page = await host("plain.html");
  await page.evaluate(() => {
    Object.assign(document.documentElement, { lang: "zh-CN" }).style.colorScheme = "dark";
    const playground = document.createElement("kubottle-playground");
    for (const [name, value] of Object.entries({ view: "map,terminal", height: "auto", scenario: "ingress", speed: "10" })) playground.setAttribute(name, value);
    document.querySelector("kubottle-playground").replaceWith(playground);
  });
  await ask(page, "hello");
  const html = page.frameLocator("iframe").locator("html");
  assert.deepEqual([await html.getAttribute("lang"), await html.getAttribute("data-theme")], ["zh-CN", "dark"]);
  await waitUntil(() => page.evaluate(() => parseInt(document.querySelector("kubottle-playground").frame.style.height, 10) > 560), "a frame that has grown");
  await page.evaluate(() => Object.assign(document.documentElement, { lang: "en" }).style.setProperty("color-scheme", "light"));
  await waitUntil(async () => (await html.getAttribute("data-theme")) === "light" && (await html.getAttribute("lang")) === "en", "the page's new ways");
  assertNoProblems(page);
});

test("language, theme and view follow the host", async () => {
  const page = await host("plain.html");
  await ask(page, "hello");
  const html = page.frameLocator("iframe").locator("html");
  await page.evaluate(() => {
    const cluster = document.querySelector("kubottle-playground");
    for (const [name, value] of Object.entries({ lang: "zh", theme: "dark", view: "map,editor" })) cluster.setAttribute(name, value);
  });
  await page.frameLocator("iframe").getByRole("button", { name: "应用", exact: true }).waitFor();
  await waitUntil(async () => (await html.getAttribute("data-theme")) === "dark", "the dark theme");
  assert.equal(await html.getAttribute("lang"), "zh-CN");
  await page.frameLocator("iframe").getByRole("link", { name: "打开完整页面" }).waitFor();
  assertNoProblems(page);
});

test("of three playgrounds on one page each starts when it is seen", async () => {
  const page = await host("three.html");
  const frame = (n) => page.locator("iframe").nth(n);
  for (const n of [0, 1]) await ask(page, "hello", undefined, n);
  assert.equal(await frame(2).getAttribute("src"), null, "the third is below the fold");
  await frame(2).scrollIntoViewIfNeeded();
  await ask(page, "hello", undefined, 2);
  await ask(page, "apply", POD, 2);
  await ask(page, "advance", 30_000, 2);
  assert.match((await ask(page, "exec", "kubectl get pods", 2)).stdout, /^one /m);
  assert.doesNotMatch((await ask(page, "exec", "kubectl get pods", 0)).stdout, /^one /m);
  // The first is out of sight by now, and stands still.
  const now = async (n) => (await ask(page, "get", "clock", n)).now_ms;
  await waitUntil(async () => (await now(0)) === (await now(0)), "the first to stand still");
  const [before, moving] = [await now(0), await now(2)];
  await waitUntil(async () => (await now(2)) > moving + 500, "the third to go on");
  assert.equal(await now(0), before);
  assertNoProblems(page);
});

test("it works in a sandboxed frame without an origin and without storage", async () => {
  const page = await host("sandbox.html");
  assert.equal(await page.locator("iframe").getAttribute("sandbox"), "allow-scripts");
  const applied = await ask(page, "apply", POD);
  assert.equal(applied.stdout, "pod/one created\n");
  await ask(page, "advance", 30_000);
  await page.frameLocator("iframe").getByRole("button", { name: /^pod one, .*1\/1/ }).waitFor();
  assertNoProblems(page);
});

test("the slides run theirs only while they are shown", async () => {
  const page = await host("slides.html");
  await ask(page, "hello");
  assert.equal(await page.locator("iframe").nth(1).getAttribute("src"), null, "the second slide is not shown");
  await page.keyboard.press("ArrowRight");
  assert.equal((await ask(page, "hello", undefined, 1)).version, 1);
  assertNoProblems(page);
});

test("who is not allowed is not heard and told nothing", async () => {
  const page = await session.visit(hosts.url + "stranger.html");
  const frame = page.frameLocator("iframe");
  await frame.getByRole("textbox", { name: "Terminal input" }).waitFor();
  await page.evaluate(() => {
    globalThis.heard = [];
    addEventListener("message", (event) => globalThis.heard.push(event.data));
    document.querySelector("iframe").contentWindow.postMessage({ kubottle: 1, id: 1, type: "exec", command: "kubectl create namespace mine" }, "*");
  });
  const input = frame.getByRole("textbox", { name: "Terminal input" });
  await input.fill("kubectl get namespaces");
  await input.press("Enter");
  const output = frame.getByRole("log", { name: "Terminal output" });
  await output.getByText(/^kube-system/m).first().waitFor();
  assert.doesNotMatch(await output.innerText(), /^mine/m);
  assert.deepEqual(await page.evaluate(() => globalThis.heard), []);
});

test("a link opened by another visitor gives the same digest", async () => {
  const page = await host("plain.html");
  await ask(page, "apply", POD);
  await ask(page, "advance", 45_000);
  await ask(page, "pause");
  const [{ state }, { digest }] = [await ask(page, "get", "state"), await ask(page, "get", "digest")];
  const other = await session.visit(hosts.url + "plain.html");
  await ask(other, "hello");
  await other.evaluate((state) => {
    const playground = document.createElement("kubottle-playground");
    playground.setAttribute("state", state);
    document.querySelector("kubottle-playground").replaceWith(playground);
  }, state);
  await ask(other, "pause");
  assert.equal((await ask(other, "get", "digest")).digest, digest);
  const full = await session.open({ query: `#s=${state}` });
  await waitUntil(async () => (await podsOnMap(full)).some((name) => /^pod one, .*1\/1/.test(name)), "the pod of the link");
  const damaged = await session.open({ query: `#s=${state.slice(0, -9)}` });
  assert.deepEqual((await podsOnMap(damaged)).filter((name) => name.startsWith("pod one,")), []);
  for (const each of [page, other, full, damaged]) assertNoProblems(each);
});

test("a reload restores the session", async () => {
  const page = await session.open();
  await terminal(page, "kubectl create deployment web --image=nginx");
  const kept = () => page.evaluate(() => new Promise((done) => {
    const open = indexedDB.open("kubottle");
    open.onsuccess = () => {
      const get = open.result.transaction("sessions").objectStore("sessions").get("current");
      get.onsuccess = () => done(Boolean(get.result));
    };
  }));
  await waitUntil(kept, "the session to be kept");
  await page.reload();
  await page.getByRole("log", { name: "Terminal output" }).getByText(/restored|last visit|last session/i).first().waitFor();
  assert.match(await terminal(page, "kubectl get deployments"), /^web /m);
  assertNoProblems(page);
});

test("a scenario opens from its link, in both languages", async () => {
  for (const [lang, name, text] of [["en", "Scenario", "The pi Job, one at a time"], ["zh", "场景", "计算 π 的 Job"]]) {
    const page = await session.visit(`${session.url}?scenario=jobs&lang=${lang}`);
    await page.getByRole("region", { name, exact: true }).getByText(text).waitFor();
    await waitUntil(async () => (await page.getByRole("log").first().innerText()).includes("job.batch/pi created"), "the Jobs");
    assertNoProblems(page);
  }
});

test("what the policy refuses is nothing the page wants", async () => {
  const page = await session.visit("about:blank");
  await page.addInitScript(() => {
    globalThis.refused = [];
    addEventListener("securitypolicyviolation", (event) => globalThis.refused.push(`${event.violatedDirective}: ${event.blockedURI}`));
  });
  for (const path of ["", "gallery.html", "about.html", "?scenario=hpa&view=charts"]) {
    await page.goto(session.url + path);
    await page.getByRole(path.endsWith(".html") ? "heading" : "tablist").first().waitFor();
    if (path === "") {
      await page.getByRole("button", { name: "Apply", exact: true }).click();
      await terminal(page, "kubectl rollout status deployment tomcat");
      for (const tab of await page.getByRole("tablist", { name: "Stage" }).getByRole("tab").all()) await tab.click();
      await page.getByRole("tab", { name: "Map" }).click();
      // The editor's own styles: marks, what is on offer, the panel for searching, what stands below the pointer.
      const editor = page.getByRole("textbox", { name: "Manifest editor" });
      await editor.click();
      await page.keyboard.press("ControlOrMeta+F");
      await page.keyboard.press("Escape");
      await page.getByText("replicas", { exact: true }).first().hover();
      await page.keyboard.press("ControlOrMeta+End");
      await page.keyboard.type("spe");
      await page.locator(".cm-lint-marker-error").first().waitFor();
      // A request on its way, what is looked at, menus and colours.
      await page.getByRole("button", { name: "send a request to service tomcat-service" }).press("Enter");
      await page.getByRole("region", { name: "Cluster map" }).getByRole("button", { name: /^hop \d/ }).first().press("Enter");
      await page.getByRole("button", { name: /^pod tomcat/ }).first().press("Enter");
      await page.getByRole("button", { name: "actions on node node-1" }).press("Enter");
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: /^Scenarios/ }).click();
      await page.keyboard.press("Escape");
      await page.locator("summary", { hasText: "Sessions" }).click();
      for (const theme of ["dark", "light", "auto"]) await page.getByRole("combobox", { name: "Theme" }).selectOption(theme);
      await page.getByRole("combobox", { name: "Language" }).selectOption("zh");
      await page.getByRole("combobox", { name: "语言" }).selectOption("en");
      await page.getByRole("button", { name: "New cluster" }).click();
    }
    if (path.includes("charts")) {
      await page.getByRole("log").first().getByText("load 1 to").waitFor();
      await page.getByRole("slider", { name: /^load at/ }).nth(2).press("ArrowUp");
      for (const name of ["SVG", "PNG", "CSV"]) await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: `Export as ${name}` }).click()]);
    }
    assert.deepEqual(await page.evaluate(() => globalThis.refused), [], path);
  }
  assertNoProblems(page);
});

for (const path of ["gallery.html", "about.html"]) {
  test(`${path} is accessible in both themes`, async () => {
    for (const theme of ["light", "dark"]) {
      const page = await session.visit(session.url + path, { theme });
      assert.deepEqual(await accessibilityViolations(page), [], theme);
      assertNoProblems(page);
    }
  });
}

test("the menu of sessions keeps one, brings it back, and is accessible", async () => {
  const page = await session.open();
  await terminal(page, "kubectl create namespace kept");
  const menu = page.locator("details", { hasText: "Sessions" });
  await menu.locator("summary").click();
  await menu.getByRole("textbox").fill("first");
  await menu.getByRole("textbox").press("Enter");
  await menu.getByRole("list", { name: "Kept sessions" }).getByRole("button", { name: "first", exact: true }).waitFor();
  assert.deepEqual(await accessibilityViolations(page), []);
  await screenshot(page, "sessions-menu");
  await page.reload();
  await page.getByRole("button", { name: "Apply", exact: true }).waitFor();
  await menu.locator("summary").click();
  await menu.getByRole("list", { name: "Kept sessions" }).getByRole("button", { name: "first", exact: true }).click();
  assert.match(await terminal(page, "kubectl get namespaces"), /^kept /m);
  assertNoProblems(page);
});

// The last one: it ends the server.
test("after the first visit the page starts without a server", async () => {
  const page = await session.open();
  await page.evaluate(() => navigator.serviceWorker.ready);
  await waitUntil(() => page.evaluate(() => navigator.serviceWorker.controller !== null), "the worker to take over");
  assertNoProblems(page);
  await session.stopServing();
  await page.reload();
  await page.getByRole("button", { name: "Apply", exact: true }).waitFor();
  assert.match(await terminal(page, "kubectl get nodes"), /Ready/);
  await page.goto(`${session.url}?scenario=jobs`);
  await page.getByRole("region", { name: "Scenario", exact: true }).waitFor();
  assertNoProblems(page);
});
