// Puts the table that `kubottle kinds` prints on its standard output into README.md; with --check it only says whether the
// README has it.   cargo run --quiet --bin kubottle -- kinds | node scripts/support-table.mjs [--check]
import { readFileSync, writeFileSync } from "node:fs";

const [begin, end] = ["<!-- kubottle kinds -->\n", "<!-- end of kubottle kinds -->\n"];
const table = readFileSync(0, "utf8");
const readme = readFileSync("README.md", "utf8");
const [head, rest] = readme.split(begin);
const tail = rest?.split(end)[1];
if (tail === undefined) throw new Error(`README.md has no place between ${begin.trim()} and ${end.trim()}`);

const wanted = `${head}${begin}${table}${end}${tail}`;
if (wanted !== readme && process.argv.includes("--check")) {
  console.error("README.md has another support table than `kubottle kinds`: run ./kubottle kinds --readme");
  process.exitCode = 1;
} else if (wanted !== readme) {
  writeFileSync("README.md", wanted);
}
