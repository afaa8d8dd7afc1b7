// The WebAssembly comes in two parts. The first must do for all that happens while the page opens; the second comes by itself.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertNoProblems, sizes, start, waitUntil } from "./harness.mjs";

let site;
before(async () => (site = await start()));
after(() => site.close());

for (const [what, options] of Object.entries({
  "an empty page": {},
  "a dark page on a phone": { query: "?theme=dark", size: sizes.phone },
  "a scenario": { query: "?scenario=cluster-ip" },
  "an embedded page": { query: "?embed=1&scenario=ingress&view=network", embedded: true },
})) {
  test(`${what} opens with the first part alone, and the second follows`, async () => {
    const page = await (options.embedded ? site.visit(site.url + options.query) : site.open(options));
    const come = () => performance.getEntriesByType("resource").some(({ name, responseEnd }) => name.includes("kubottle-later-") && responseEnd);
    await waitUntil(() => page.evaluate(come), "the second part");
    assert.deepEqual(page.early, [], "after `./kubottle build`, `node scripts/first-view.mjs` writes scripts/deferred.txt anew");
    assertNoProblems(page);
    await page.context().close();
  });
}
