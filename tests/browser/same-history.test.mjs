// One seed, one history, everywhere: a script comes to a cluster with the same digest in the browser and on the command line.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { start } from "./harness.mjs";

const path = "tests/browser/same-history.script";
const script = readFileSync(path, "utf8");

let session;
before(async () => {
  session = await start();
});
after(() => session?.close());

function natively(seed) {
  const run = ["run", "--quiet", "--bin", "kubottle", "--", "run", "--digest", "--seed", `${seed}`, path];
  return execFileSync("cargo", run, { encoding: "utf8", maxBuffer: 64 << 20 });
}

for (const seed of [1, 2026]) {
  test(`seed ${seed} gives one history natively and in the browser`, async () => {
    const page = await session.open();
    const digest = (seed) => page.evaluate(([script, seed]) => globalThis.kubottle.digest(script, seed), [script, seed]);
    const native = natively(seed);
    assert.match(native, /deployment "shop" successfully rolled out/);
    assert.equal(await digest(seed), native.match(/^digest ([0-9a-f]{16})$/m)[1]);
    assert.notEqual(await digest(seed + 1), await digest(seed), "the seed matters");
  });
}
