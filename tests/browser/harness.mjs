// What the browser tests share: the built page served from a sub-path, a real Chromium, a page whose console is listened
// to, and the words for what a user does on it. Elements are found by role and accessible name alone.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { serve } from "./server.mjs";

const chromium_program = process.env.CHROMIUM ?? "/usr/bin/chromium";
const chromium_flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Sizes at which the page is looked at: a laptop, a tablet, a phone. */
export const sizes = {
  laptop: { width: 1440, height: 900 },
  tablet: { width: 768, height: 1024 },
  phone: { width: 390, height: 844 },
};

/**
 * Starts the server, which sends `headers` with each file, and the browser. `open` gives a fresh visitor's page, `visit` that
 * of another site, `stopServing` ends the server alone, and `close` everything.
 */
export async function start({ headers } = {}) {
  assert.ok(existsSync("dist/index.html"), "dist/ is missing: run ./kubottle build");
  // A sub-path, so that an absolute URL anywhere in the page is a 404 and fails the test.
  const server = await serve("dist", { prefix: "/some/where/", headers });
  const browser = await chromium.launch({ executablePath: chromium_program, args: chromium_flags });
  return {
    url: server.url,
    open: (options) => open(browser, server.url, options),
    visit: (url, options) => visit(browser, url, options),
    stopServing: () => server.close(),
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

/**
 * Opens the page as a new visitor and waits until it runs. The result is playwright's page, with `problems`: every console error, uncaught
 * exception and failed request so far, and `early`: calls into the second part of the WebAssembly before it had come.
 */
async function open(browser, url, { query = "", ...options } = {}) {
  const page = await visit(browser, url + query, options);
  await page.getByRole("button", { name: "Apply", exact: true }).waitFor();
  return page;
}

/** Opens any address as a new visitor, listening to the same problems. */
async function visit(browser, url, { size = sizes.laptop, theme = "light" } = {}) {
  const context = await browser.newContext({ viewport: size, colorScheme: theme, locale: "en-US" });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  page.problems = [];
  page.early = [];
  page.on("console", (message) => {
    if (message.type() === "error") page.problems.push(`console: ${message.text()}`);
    if (message.text().includes("second part is needed")) page.early.push(message.text());
  });
  page.on("pageerror", (error) => page.problems.push(`exception: ${error}`));
  page.on("requestfailed", (request) => {
    // A frame that is taken away, or a page that is left, gives up what it was still asking for.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") page.problems.push(`failed request: ${request.url()}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) page.problems.push(`${response.status()}: ${response.url()}`);
  });
  await page.goto(url);
  return page;
}

/** Fails with the list, if the page had any problem since it was opened. */
export function assertNoProblems(page) {
  assert.deepEqual(page.problems, []);
}

/** Writes target/screenshots/NAME.png, for looking at. */
export async function screenshot(page, name) {
  mkdirSync("target/screenshots", { recursive: true });
  await page.screenshot({ path: `target/screenshots/${name}.png` });
}

/** Asks again and again until the answer is something, for half a minute; `what` is said when nothing comes. */
export async function waitUntil(ask, what) {
  const give_up_at = Date.now() + 30_000;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    assert.ok(Date.now() < give_up_at, `waited in vain for ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Replaces what is in the editor, as a paste does. */
export async function paste(page, text) {
  const editor = page.getByRole("textbox", { name: "Manifest editor" });
  await editor.click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.insertText(text);
}

/** Types one line into the terminal and waits until the command has ended; gives what it printed, without the line itself. */
export async function terminal(page, line) {
  const output = page.getByRole("log", { name: "Terminal output" });
  const input = page.getByRole("textbox", { name: "Terminal input" });
  const before = (await output.innerText()).length;
  await input.fill(line);
  await input.press("Enter");
  return waitUntil(async () => {
    const running = (await output.getAttribute("aria-busy")) === "true";
    const printed = (await output.innerText()).slice(before).replace(`$ ${line}`, "").trim();
    return !running && printed;
  }, `the output of ${line}`);
}

/** The pods the map shows, by their accessible names, each of which begins with `pod NAME`. */
export async function podsOnMap(page) {
  const snapshot = await page.getByRole("region", { name: "Cluster map" }).ariaSnapshot();
  return [...snapshot.matchAll(/button "(pod [^"]*)"/g)].map((match) => match[1]);
}

/** What axe-core finds wrong with the page for users of assistive technology, one line a rule. */
export async function accessibilityViolations(page) {
  // Not as a script element, which a Content-Security-Policy may refuse.
  await page.evaluate(readFileSync("node_modules/axe-core/axe.min.js", "utf8"));
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run({
      rules: {
        // What is drawn on the map is the name shortened to fit; the accessible name is the whole.
        "label-content-name-mismatch": { enabled: false },
      },
    }),
  );
  return violations.flatMap(({ id, impact, nodes }) => {
    // CodeMirror's scroller has no tab stop of its own: the text box within it is the one.
    const places = nodes.map((node) => node.target.join(" ")).filter((place) => place !== ".cm-scroller");
    return places.length > 0 ? [`${id} (${impact}): ${places.join(", ")}`] : [];
  });
}
