// Writes scripts/deferred.txt: which modules of ours and which other functions nothing calls while the page opens, so that they
// may come a moment later.
// Run it after `./kubottle build` when tests/browser/deferred.test.mjs says that the second part is asked for too early, or
// when much has been added: it opens the built page with a WebAssembly that notes each function it enters. Compilers of two
// versions do not put the same functions into each other, so the list must come from builds of both: checkouts of the same
// source that were built with another one (WASM_STD=debian) are given as arguments.
import binaryen from "binaryen";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { pathOf, withoutHash } from "./split.mjs";
import { serve } from "../tests/browser/server.mjs";

// With the functions' names, before it is split.
const WHOLE = "target/wasm-opt/release/kubottle-web_bg.wasm";
// A smaller function is hardly longer than what takes its place; and this list is to stay readable.
const LEAST_BYTES = 160;
const LONGEST_NAME = 600;
const VIEWS = [
  { query: "", viewport: { width: 1440, height: 900 } },
  { query: "?lang=zh&theme=dark", viewport: { width: 390, height: 844 } },
];

const builds = [];
for (const checkout of [".", ...process.argv.slice(2)]) builds.push(await watched(checkout));

const head = readFileSync("scripts/deferred.txt", "utf8").split("\n").filter((line) => line.startsWith("#"));
const paths = untouched();
writeFileSync("scripts/deferred.txt", [...head, ...paths, ...notEntered(new Set(paths)), ""].join("\n"));

/** One build: its WebAssembly, its functions' names, and the numbers of those that were entered while its page opened. */
async function watched(checkout) {
  const whole = readFileSync(join(checkout, WHOLE));
  const folder = mkdtempSync(join(tmpdir(), "first-view-"));
  cpSync(join(checkout, "dist"), folder, { recursive: true });
  const find = (pattern) => join(folder, readdirSync(folder).find((name) => pattern.test(name)));
  const { bytes, names } = noting(whole);
  writeFileSync(find(/_bg\.wasm$/), bytes);
  const glue = find(/^kubottle-web-.*\.js$/);
  writeFileSync(glue, readFileSync(glue, "utf8").replace("() => kubottleDeferred.now()", "(index) => (window.entered ??= new Set()).add(index)"));
  const entered = new Set();
  const server = await serve(folder);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  for (const { query, viewport } of VIEWS) {
    const page = await browser.newPage({ viewport });
    await page.goto(server.url + query);
    await page.waitForTimeout(6000);
    for (const index of await page.evaluate(() => [...window.entered])) entered.add(index);
  }
  await browser.close();
  await server.close();
  rmSync(folder, { recursive: true });
  return { names, entered, sizes: sizesOf(whole) };
}

/** The module with a call at the start of each of its functions, and the functions' names in the order of the numbers noted. */
function noting(source) {
  const module = binaryen.readBinary(source);
  const count = module.getNumFunctions();
  const functions = Array.from({ length: count }, (_, index) => module.getFunctionByIndex(index));
  module.addFunctionImport("note", "./kubottle-web_bg.js", "__load_deferred", binaryen.i32, binaryen.none);
  const names = [];
  for (const each of functions) {
    const { name, module: imported, body, results } = binaryen.getFunctionInfo(each);
    if (imported) continue;
    const note = module.call("note", [module.i32.const(names.length)], binaryen.none);
    binaryen.Function(each).body = module.block(null, [note, body], results);
    names.push(name);
  }
  return { bytes: module.emitBinary(), names };
}

/** The outermost modules and types of ours of which nothing was entered, as patterns; and what was entered in those that stay. */
function untouched() {
  const root = { children: new Map(), entered: 0 };
  for (const { names, entered } of builds) {
    names.forEach((name, index) => {
      const path = pathOf(name);
      if (!path) return;
      let node = root;
      for (const part of path) {
        if (!node.children.has(part)) node.children.set(part, { children: new Map(), entered: 0 });
        node = node.children.get(part);
        if (entered.has(index)) node.entered++;
      }
    });
  }
  const lines = [];
  const visit = (node, path) => {
    if (path && !node.entered) {
      lines.push(path);
      return;
    }
    for (const [part, child] of node.children) visit(child, path ? `${path}::${part}` : part);
  };
  visit(root, "");
  return lines.sort();
}

/** The functions beside those paths under whose names none was entered in any build, each after a "+". Some have only a number. */
function notEntered(paths) {
  const entered = new Set(builds.flatMap(({ names, entered }) => [...entered].map((index) => withoutHash(names[index]))));
  const moved = new Set();
  for (const { names, sizes } of builds) {
    names.forEach((full, index) => {
      const name = withoutHash(full);
      if (entered.has(name) || sizes[index] < LEAST_BYTES || name.length > LONGEST_NAME || /^\d+$/.test(name)) return;
      if (!pathOf(full)?.some((_, length, path) => paths.has(path.slice(0, length + 1).join("::")))) moved.add(name);
    });
  }
  return [...moved].sort().map((name) => `+${name}`);
}

/** The bytes of each function of a WebAssembly file, in its order. */
function sizesOf(bytes) {
  let at = 8;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  const CODE = 10;
  for (;;) {
    const section = bytes[at++];
    const length = number();
    if (section !== CODE) at += length;
    else
      return Array.from({ length: number() }, () => {
        const size = number();
        at += size;
        return size;
      });
  }
}
