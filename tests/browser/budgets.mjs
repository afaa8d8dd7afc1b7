// Measures the built page against its budgets and prints them: frames while a thousand pods are shown, and the editor's
// answer to a keystroke. `./kubottle bench` runs it; as with all that real time decides, it never fails.
import { paste, start, terminal, waitUntil } from "./harness.mjs";

const frames_ms = 8_000;
const line = (what, now, bar) => console.log(`${what.padEnd(44)} ${now.padStart(14)} ${bar.padStart(12)}`);

const session = await start();
await measureFrames();
await measureCharts();
await measureKeystroke();
await session.close();

/** The times between the frames that the page draws for a while, shortest first. */
async function frames(page) {
  const between = await page.evaluate(
    (frames_ms) =>
      new Promise((done) => {
        const times = [];
        const frame = (now) => {
          times.push(now);
          if (now - times[0] < frames_ms) requestAnimationFrame(frame);
          else done(times.slice(1).map((time, i) => time - times[i]));
        };
        requestAnimationFrame(frame);
      }),
    frames_ms,
  );
  return between.sort((a, b) => a - b);
}

function tell(what, between) {
  line(`${what}, frames a second`, (1000 / between[Math.floor(between.length / 2)]).toFixed(0), "60");
  line(`${what}, longest frame`, `${between.at(-1).toFixed(0)} ms`, "50 ms");
}

/** A page on which a thousand pods start, at ten times the speed of a clock. */
async function measureFrames() {
  const page = await session.open();
  await terminal(page, "kubectl create deployment web --image=nginx --replicas=1000");
  await page.getByRole("combobox", { name: "Speed" }).selectOption({ label: "10×" });
  tell("1,000 pods shown at 10x", await frames(page));
  await page.context().close();
}

/** The charts of an HPA under load, at a hundred times the speed of a clock. */
async function measureCharts() {
  const page = await session.visit(`${session.url}?scenario=hpa&speed=100`);
  await page.getByRole("log").first().getByText("load 1 to").waitFor();
  await page.getByRole("tab", { name: "Charts" }).click();
  tell("charts of an HPA at 100x", await frames(page));
  await page.context().close();
}

/** From a keystroke that makes a mistake in a thousand lines to the mark at its line. */
async function measureKeystroke() {
  const page = await session.open();
  const one = (i) => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: p${i}\nspec:\n  containers:\n  - name: c\n    image: nginx\n---\n`;
  const lines_each = one(0).split("\n").length - 1;
  await paste(page, Array.from({ length: Math.ceil(1000 / lines_each) }, (_, i) => one(i)).join(""));
  await page.keyboard.press("ControlOrMeta+Home");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("End");
  await waitUntil(() => page.evaluate(() => !document.querySelector(".cm-lint-marker")), "a manifest without marks");
  // Listened for before the key is pressed, or a busy machine misses it.
  await page.evaluate(() => {
    globalThis.marked = new Promise((done) => {
      let pressed_at;
      addEventListener("keydown", () => (pressed_at = performance.now()), { capture: true, once: true });
      new MutationObserver(() => {
        if (pressed_at && document.querySelector(".cm-lint-marker")) done(performance.now() - pressed_at);
      }).observe(document.body, { childList: true, subtree: true });
    });
  });
  await page.keyboard.press("x");
  line("keystroke to its marks, 1,000 lines", `${(await page.evaluate(() => globalThis.marked)).toFixed(0)} ms`, "50 ms");
  await page.context().close();
}
