// The site as a product: a read-only page, links that are no good, a reset taken back, one file on a disk, every view accessible
// in both themes and languages, and the pages that other tools make of the recipes.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { after, before, test } from "node:test";
import { unzipSync } from "fflate";
import { accessibilityViolations, assertNoProblems, podsOnMap, screenshot, start, terminal, waitUntil } from "./harness.mjs";
import { serve } from "./server.mjs";

let session;
before(async () => {
  session = await start();
});
after(() => session?.close());

const output = (page) => page.getByRole("log", { name: "Terminal output" });

test("a read-only page shows everything and changes nothing", async () => {
  const page = await session.visit(`${session.url}?embed=1&readonly=1&scenario=cluster-ip&speed=10&lang=en`);
  await waitUntil(async () => (await podsOnMap(page)).some((name) => /1\/1/.test(name)), "a ready pod");
  const editor = page.getByRole("textbox", { name: "Manifest editor" });
  const before = await editor.innerText();
  await editor.click();
  await page.keyboard.type("nonsense");
  await page.keyboard.press("Delete");
  await page.keyboard.press("ControlOrMeta+Enter");
  await page.getByText("nothing can be changed here").waitFor();
  assert.equal(await editor.innerText(), before);
  assert.equal(await editor.getAttribute("aria-readonly"), "true");
  for (const name of [/^Apply$/, /^New cluster/, /^actions on/, /^send a request/, /^Scenarios/, /^New file/]) {
    assert.equal(await page.getByRole("button", { name }).count(), 0, `${name}`);
  }
  await page.getByRole("button", { name: /^pod web/ }).first().press("Enter");
  const inspector = page.getByRole("region", { name: "Inspector" });
  await inspector.getByRole("heading", { name: /^web-/ }).waitFor();
  assert.equal(await inspector.getByRole("button", { name: "Delete" }).count(), 0);
  await inspector.getByRole("tab", { name: "YAML" }).click();
  await inspector.getByText(/^apiVersion: v1/).waitFor();
  assertNoProblems(page);
});

test("a link that is damaged, of the future or hostile says so, and a clean cluster starts", async () => {
  const page = await session.open();
  await terminal(page, "kubectl create namespace mine");
  await page.getByRole("button", { name: "Share" }).click();
  const state = (await waitUntil(() => page.evaluate(() => location.hash), "a link")).slice(3);
  const [version] = state.split(".");
  const future = `${Number(version) + 1}${state.slice(version.length)}`;
  const bad = [state.slice(0, -5), future, `${version}.${"A".repeat(100_000)}`, "%3Cimg%20src=x%20onerror=alert(1)%3E", "0"];
  for (const link of bad) {
    const other = await session.open({ query: `#s=${link}` });
    await output(other).getByText(/this is a new cluster/).waitFor();
    assert.doesNotMatch(await terminal(other, "kubectl get namespaces"), /^mine/m);
    assertNoProblems(other);
    await other.context().close();
  }
});

test("a reset is taken back", async () => {
  const page = await session.open();
  await terminal(page, "kubectl create namespace mine");
  await page.getByRole("button", { name: "New cluster" }).click();
  await page.getByRole("status").getByRole("button", { name: "Undo", exact: true }).click();
  assert.match(await terminal(page, "kubectl get namespaces"), /^mine/m);
  assertNoProblems(page);
});

test("several files: those of a scenario, and another of one's own", async () => {
  const page = await session.visit(`${session.url}?scenario=jobs&lang=en`);
  const file = page.getByRole("combobox", { name: "File", exact: true });
  await waitUntil(async () => (await file.inputValue().catch(() => "")) === "pi.yaml", "the scenario's first file");
  await file.selectOption("pi-parallel.yaml");
  const editor = page.getByRole("textbox", { name: "Manifest editor" });
  await waitUntil(async () => (await editor.innerText()).includes("parallelism: 3"), "the second file");
  await page.getByRole("button", { name: "New file" }).click();
  await editor.click();
  await page.keyboard.insertText("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: mine\n");
  // What stands in the editor is what the terminal reads.
  assert.match(await terminal(page, "kubectl apply -f manifest-2.yaml"), /namespace\/mine created/);
  assert.match(await terminal(page, "ls"), /manifest-2\.yaml/);
  assertNoProblems(page);
});

test("the page in one file runs from a disk, and the zip holds the site", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kubottle-single-"));
  try {
    execFileSync(process.execPath, ["scripts/single-file.mjs", "dist", folder], { stdio: "ignore" });
    const page = await session.visit(pathToFileURL(resolve(folder, "kubottle.html")).href);
    assert.match(await terminal(page, "kubectl create deployment web --image=nginx && kubectl rollout status deployment web"), /successfully rolled out/);
    assert.match(await terminal(page, "kubectl explain deployment.spec.replicas"), /Number of desired pods/);
    await page.getByRole("button", { name: /^Scenarios/ }).click();
    await page.getByRole("button", { name: /^A CronJob/ }).click();
    await output(page).getByText("cronjob.batch/hello created").waitFor();
    assertNoProblems(page);
    const packed = Object.keys(unzipSync(readFileSync(join(folder, "kubottle-site.zip")))).sort();
    const built = readdirSync("dist", { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && !/\.(br|gz)$/.test(entry.name));
    assert.equal(packed.length, built.length);
    for (const name of ["index.html", "gallery.html", "about.html", "embed.js", "worker.js"]) assert.ok(packed.includes(name), name);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

for (const [lang, theme] of [["en", "light"], ["zh", "dark"], ["en", "dark"], ["zh", "light"]]) {
  test(`every view is accessible: ${lang}, ${theme}`, async () => {
    const page = await session.visit(`${session.url}?scenario=hpa&lang=${lang}&theme=${theme}&speed=100`);
    await page.getByRole("log").first().getByText("load 1 to svc/php-apache started").waitFor();
    const tabs = await page.getByRole("tablist").first().getByRole("tab").all();
    for (const tab of tabs) {
      await tab.click();
      const name = await tab.innerText();
      assert.deepEqual(await accessibilityViolations(page), [], name);
      const table = page.getByRole("button", { name: lang === "en" ? "Table" : "表格", exact: true });
      if ((await table.count()) === 0) continue;
      await table.click();
      assert.deepEqual(await accessibilityViolations(page), [], `${name} as a table`);
      await table.click();
    }
    await page.getByRole("button", { name: /^(Scenarios|场景)/ }).click();
    assert.deepEqual(await accessibilityViolations(page), [], "the gallery");
    await screenshot(page, `accessible-${lang}-${theme}`);
    assertNoProblems(page);
  });
}
test("the pages that other tools make of the recipes start their playgrounds", async () => {
  const host = await serve("docs/embedding/recipes", {
    mounts: { kubottle: "dist" },
    rewrite: (text) =>
      text
        .replaceAll("https://kubottle.example/", session.url)
        // reveal.js itself is not here; its page has the folder beside it.
        .replace(/<link [^>]*reveal\.js[^>]*>|<script type="module">[\s\S]*?<\/script>/g, "")
        .replaceAll('"kubottle/', '"/kubottle/'),
  });
  try {
    const made = readdirSync("docs/embedding/recipes").filter((name) => name.endsWith(".html"));
    assert.ok(made.length >= 5, made.join());
    for (const name of [...made, "reveal/slides.html"]) {
      const page = await session.visit(host.url + name);
      const frame = page.frameLocator("iframe").first();
      await frame.getByRole("button", { name: /Pause|Play/ }).waitFor();
      const hello = await page.evaluate(() => document.querySelector("kubottle-playground")?.client.hello());
      if (name !== "moodle.html") assert.equal(hello.version, 1, name);
      await screenshot(page, `recipe-${name.replace(/\W/g, "-")}`);
      assertNoProblems(page);
      await page.context().close();
    }
  } finally {
    await host.close();
  }
});
