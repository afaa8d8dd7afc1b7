// Measures the built page against its budgets and prints them: frames while a thousand pods are shown, and the editor's
// answer to a keystroke. `./kubottle bench` runs it; as with all that real time decides, it never fails.
import { paste, start, terminal, waitUntil } from "./harness.mjs";

const frames_ms = 8_000;
const line = (what, now, bar) => console.log(`${what.padEnd(44)} ${now.padStart(14)} ${bar.padStart(12)}`);

const session = await start();
await measureFrames();
await measureKeystroke();
await session.close();

/** The times between frames of a page on which a thousand pods start, at ten times the speed of a clock. */
async function measureFrames() {
  const page = await session.open();
  await terminal(page, "kubectl create deployment web --image=nginx --replicas=1000");
  await page.getByRole("combobox", { name: "Speed" }).selectOption({ label: "10×" });
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
  between.sort((a, b) => a - b);
  const median_ms = between[Math.floor(between.length / 2)];
  line("1,000 pods shown at 10x, frames a second", (1000 / median_ms).toFixed(0), "60");
  line("1,000 pods shown at 10x, longest frame", `${between.at(-1).toFixed(0)} ms`, "50 ms");
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
