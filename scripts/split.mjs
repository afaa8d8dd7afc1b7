// Splits the WebAssembly of the page in two: what the first view needs, and what may come a moment later (scripts/deferred.txt
// says which functions). Both share one memory and one table of functions. A moved function is called through its slot in the
// table; until the second module is there, the slot holds a stub that asks for it, so that a call which comes early still works.
import binaryen from "binaryen";
import { readFileSync } from "node:fs";

const { none } = binaryen;
/** The lists of deferred.txt: `paths`, modules and types to move whole, and the `names` of single functions to move. */
export function listsOf(text) {
  const lines = text.split("\n").filter((line) => line && !line.startsWith("#"));
  const [names, paths] = [true, false].map((marked) => new Set(lines.filter((line) => line.startsWith("+") === marked).map((line) => line.replace("+", ""))));
  return { paths, names };
}

/** Gives { first, deferred }, the bytes of both modules, for the bytes of one that still has its functions' names. */
export function split(bytes, lists = listsOf(readFileSync(new URL("deferred.txt", import.meta.url), "utf8"))) {
  const whole = binaryen.readBinary(bytes);
  const parts = partsOf(whole);
  const { calls, table, exported } = parts;
  const moved = chooseMoved(parts, lists);

  // Moved functions that staying ones call by name get slots of their own at the end of the table.
  const crossing = new Set();
  for (const [name, callees] of calls) if (!moved.has(name)) for (const callee of callees) if (moved.has(callee)) crossing.add(callee);
  const added = new Map([...crossing].map((name, index) => [name, table.size + index]));
  const slots = [...table.names.map((name, index) => [table.start + index, name]), ...[...added].map(([name, slot]) => [slot, name])];
  table.new_size = table.size + added.size;

  const links = linkNames(calls, moved);
  return { first: firstModule(whole, { moved, added, slots, table, links }), deferred: deferredModule(binaryen.readBinary(bytes), { calls, moved, slots, table, links, exported }) };
}

/** What is decided by: calls between functions, their table, and what the page's JavaScript calls. */
export function partsOf(module) {
  const exported = Array.from({ length: module.getNumExports() }, (_, index) => binaryen.getExportInfo(module.getExportByIndex(index)));
  return { ...callsOf(module), table: tableOf(module), exported };
}

/** A function's name without what each build gives anew: hashes of crates, and numbers of such as are called alike. */
export const withoutHash = (name) => name.replace(/\[[0-9a-f]{10,}\]|::h[0-9a-f]{16}|\.\d+$/g, "");

/** The path in a function's name, from our crates on, of which it says first that it belongs to it; null for foreign code. */
export function pathOf(name) {
  return withoutHash(name).match(/\bkubottle(_web)?(::\w+)+/)?.[0].split("::") ?? null;
}

function isNamed(name, { paths, names }) {
  return names.has(withoutHash(name)) || (pathOf(name) ?? []).some((_, index, path) => paths.has(path.slice(0, index + 1).join("::")));
}

/** Which function calls which, by name. The text form is what the library gives of all functions in one go. */
function callsOf(module) {
  const symbol = '\\$("(?:[^"\\\\]|\\\\.)*"|[^\\s()]+)';
  const start = new RegExp(`^ \\((?:func|import "[^"]*" "[^"]*" \\(func) ${symbol}`);
  const call = new RegExp(`\\((?:return_call|call|ref\\.func) ${symbol}`, "g");
  const bare = (text) => (text.startsWith('"') ? text.slice(1, -1).replace(/\\([0-9a-f]{2}|.)/g, (_, code) => (code.length === 2 ? String.fromCharCode(parseInt(code, 16)) : code)) : text);
  const calls = new Map();
  const imports = new Set();
  let callees;
  for (const line of module.emitText().split("\n")) {
    const opened = line.match(start);
    if (opened) calls.set(bare(opened[1]), (callees = new Set()));
    if (opened && line.startsWith(" (import")) imports.add(bare(opened[1]));
    else if (line.startsWith("  ")) for (const found of line.matchAll(call)) callees?.add(bare(found[1]));
  }
  return { calls, imports };
}

/** The table of functions: Rust makes one, filled by one segment. */
function tableOf(module) {
  const name = "0";
  const { initial: size } = binaryen.getTableInfo(module.getTable(name));
  if (module.getNumElementSegments() !== 1) throw new Error("the table of functions is not filled by one segment");
  const segment = binaryen.getElementSegmentInfo(module.getElementSegmentByIndex(0));
  return { name, size, segment: segment.name, start: binaryen.getExpressionInfo(segment.offset).value, names: segment.data };
}

/** The functions to move: those that deferred.txt names, and all that nothing which stays can reach. */
export function chooseMoved({ calls, imports, table, exported }, lists) {
  const exported_names = exported.map((row) => row.value);
  const keep = new Set([...exported_names, ...imports]);
  const moved = new Set([...calls.keys()].filter((name) => !keep.has(name) && isNamed(name, lists)));
  const reached = new Set();
  const open_ends = [...exported_names, ...table.names].filter((name) => calls.has(name) && !moved.has(name));
  while (open_ends.length) {
    const name = open_ends.pop();
    if (reached.has(name) || moved.has(name)) continue;
    reached.add(name);
    open_ends.push(...(calls.get(name) ?? []));
  }
  for (const name of calls.keys()) if (!reached.has(name) && !imports.has(name)) moved.add(name);
  return moved;
}

/** What the deferred module takes from the first one, each under a short name. */
function linkNames(calls, moved) {
  const wanted = new Set();
  for (const name of moved) for (const callee of calls.get(name)) if (!moved.has(callee)) wanted.add(callee);
  return new Map([...wanted].sort().map((name, index) => [name, `_${index.toString(36)}`]));
}

function shapeOf(module, name) {
  const { params, results } = binaryen.getFunctionInfo(module.getFunction(name));
  return { params, results, types: binaryen.expandType(params) };
}

function firstModule(module, { moved, added, slots, table, links }) {
  const load = "load deferred";
  module.addFunctionImport(load, "./kubottle-web_bg.js", "__load_deferred", none, none);
  const shapes = new Map([...moved].map((name) => [name, shapeOf(module, name)]));
  for (const name of moved) module.removeFunction(name);
  const jump = (slot, { params, results, types }) =>
    module.call_indirect(table.name, module.i32.const(slot), types.map((type, index) => module.local.get(index, type)), params, results);
  for (const [name, slot] of added) {
    const shape = shapes.get(name);
    module.addFunction(name, shape.params, shape.results, [], jump(slot, shape));
  }
  const filled = slots.map(([slot, name]) => {
    if (!moved.has(name)) return name;
    const shape = shapes.get(name);
    const stub = `stub of slot ${slot}`;
    module.addFunction(stub, shape.params, shape.results, [], module.block(null, [module.call(load, [], none), jump(slot, shape)], shape.results));
    return stub;
  });
  module.removeElementSegment(table.segment);
  module.removeTable(table.name);
  module.addTable(table.name, table.new_size, table.new_size);
  module.addActiveElementSegment(table.name, table.segment, filled, module.i32.const(table.start));
  module.addTableExport(table.name, "_table");
  for (let index = 0; index < module.getNumGlobals(); index++) {
    const { name } = binaryen.getGlobalInfo(module.getGlobalByIndex(index));
    module.addGlobalExport(name, `_global ${index}`);
  }
  for (const [name, short] of links) module.addFunctionExport(name, short);
  return finished(module);
}

function deferredModule(module, { calls, moved, slots, table, links, exported }) {
  for (const row of exported) module.removeExport(row.name);
  module.removeElementSegment(table.segment);
  for (const name of calls.keys()) {
    if (moved.has(name)) continue;
    const { params, results } = binaryen.getFunctionInfo(module.getFunction(name));
    module.removeFunction(name);
    if (links.has(name)) module.addFunctionImport(name, "first", links.get(name), params, results);
  }
  const { initial } = module.getMemoryInfo();
  module.setMemory(initial, -1, null, [], false, false, "0");
  module.addMemoryImport("0", "first", "memory", false);
  module.removeTable(table.name);
  module.addTable(table.name, table.new_size, table.new_size);
  module.addTableImport(table.name, "first", "_table");
  const externals = exported.find((row) => row.kind === binaryen.ExternalTable);
  module.addTableImport(externals.value, "first", externals.name);
  for (let index = 0; index < module.getNumGlobals(); index++) {
    const { name, type, mutable } = binaryen.getGlobalInfo(module.getGlobalByIndex(index));
    module.addGlobalImport(name, "first", `_global ${index}`, type, mutable);
  }
  // One segment for each run of neighbouring slots.
  const runs = [];
  for (const [slot, name] of slots) {
    if (!moved.has(name)) continue;
    const last = runs[runs.length - 1];
    if (last && last.start + last.names.length === slot) last.names.push(name);
    else runs.push({ start: slot, names: [name] });
  }
  for (const { start, names } of runs) module.addActiveElementSegment(table.name, `slots from ${start}`, names, module.i32.const(start));
  return finished(module);
}

function finished(module) {
  if (!module.validate()) throw new Error("the split module is not valid");
  binaryen.setDebugInfo(false);
  module.runPasses(["remove-unused-module-elements", "duplicate-function-elimination", "reorder-functions", "reorder-globals"]);
  return module.emitBinary();
}
