// Prints what a first visit downloads: the files of dist/ as brotli sends them, against the budgets. Exits 1 over one.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

const budgets_kb = { all: 1000, wasm: 650 };
const dist = process.argv[2] ?? "dist";
// Asked for by a command, by a choice in a menu or by other pages; what only the worker reads, after the page runs; and the
// second part of the WebAssembly, which comes once the first view stands.
const on_demand = /^(kubottle-later|lessons\/|scenarios\/(?!index)|schema-docs\.txt|kubectl-help\.txt|(gallery|about)\.html|plain\.css|embed\.js|preview)/;

const files = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !/\.(br|gz)$/.test(entry.name))
  .map((entry) => {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const bytes = readFileSync(path);
    const brotli = brotliCompressSync(bytes, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    });
    return { name: relative(dist, path).replaceAll("\\", "/"), bytes: bytes.length, brotli: brotli.length };
  })
  .sort((a, b) => b.brotli - a.brotli);

const kb = (bytes) => (bytes / 1000).toFixed(1).padStart(9);
const row = (name, ...cells) => console.log(name.padEnd(44) + cells.join(""));
const sum = (list, field) => list.reduce((total, file) => total + file[field], 0);

row("file", "   raw kB", "brotli kB");
const first = files.filter((file) => !on_demand.test(file.name));
for (const file of first) row(file.name, kb(file.bytes), kb(file.brotli));

const wasm = first.filter((file) => file.name.endsWith(".wasm"));
const later = files.filter((file) => file.name.startsWith("kubottle-later"));
row("wasm, second part, after the first view", kb(sum(later, "bytes")), kb(sum(later, "brotli")));
for (const [name, list, budget] of [
  ["wasm", wasm, budgets_kb.wasm],
  ["first load, all files", first, budgets_kb.all],
]) {
  const brotli_kb = sum(list, "brotli") / 1000;
  const over = brotli_kb > budget;
  const verdict = over ? `OVER by ${(brotli_kb - budget).toFixed(1)} kB` : "within";
  row(name, kb(sum(list, "bytes")), kb(sum(list, "brotli")), `  budget ${budget} kB: ${verdict}`);
  if (over) process.exitCode = 1;
}
