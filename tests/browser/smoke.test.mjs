// The page loads from any folder, runs, and has the places that everything else relies on, without one console error.
import { after, before, test } from "node:test";
import { assertNoProblems, screenshot, sizes, start } from "./harness.mjs";

let session;
before(async () => {
  session = await start();
});
after(() => session?.close());

const places = [
  ["textbox", "Manifest editor"],
  ["button", "Apply"],
  ["textbox", "Terminal input"],
  ["log", "Terminal output"],
  ["region", "Cluster map"],
  ["region", "Inspector"],
  ["button", "Step"],
  ["combobox", "Speed"],
  ["tablist", "Stage"],
];

test("the page starts with its places named", async () => {
  const page = await session.open();
  for (const [role, name] of places) {
    await page.getByRole(role, { name, exact: true }).first().waitFor({ state: "attached" });
  }
  assertNoProblems(page);
});

for (const [name, size] of Object.entries(sizes)) {
  for (const theme of ["light", "dark"]) {
    test(`the page starts at the size of a ${name}, ${theme}`, async () => {
      const page = await session.open({ size, theme });
      await screenshot(page, `start-${name}-${theme}`);
      assertNoProblems(page);
    });
  }
}
