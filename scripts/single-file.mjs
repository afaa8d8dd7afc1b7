// Makes one HTML file of dist/ that runs by a double click, from a disk, without a server: everything it would fetch is inside
// it, the WebAssembly compressed. Also a zip of the whole site. `node scripts/single-file.mjs [DIST] [FOLDER FOR THE RESULTS]`
import { build } from "esbuild";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";

const dist = process.argv[2] ?? "dist";
const results = process.argv[3] ?? "target/release-files";
const read = (name) => readFileSync(join(dist, name), "utf8");
const files = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !/\.(br|gz)$/.test(entry.name))
  .map((entry) => relative(dist, join(entry.parentPath ?? entry.path, entry.name)).replaceAll("\\", "/"));
// What stands inside a script element must not end it.
const inside = (text) => text.replace(/<\/(script)/gi, "<\\/$1").replace(/<!--/g, "<\\!--");

let index = read("index.html");
const start = index.match(/<script type="module" src="\.\/(start-[^"]+)"><\/script>/);
const wasm = files.find((name) => name.endsWith("_bg.wasm"));
const later = files.find((name) => /^kubottle-later-.*\.wasm$/.test(name));
const entry = read(start[1]).replace(/module_or_path: *['"][^'"]*['"]/, 'module_or_path: kubottleWasm("kubottle-wasm")');
const bundled = await build({
  stdin: { contents: begin(entry), resolveDir: dist, loader: "js" },
  bundle: true,
  minify: true,
  format: "esm",
  write: false,
  logLevel: "error",
  plugins: [{ name: "beside", setup: (b) => b.onResolve({ filter: /kubottle-web.*\.js$/ }, ({ path }) => ({ path: join(process.cwd(), dist, basename(path)) })) }],
});

function packed(id, name) {
  return `<script type="text/plain" id="${id}">${gzipSync(readFileSync(join(dist, name)), { level: 9 }).toString("base64")}</script>`;
}

/** The start of the page, with all of the WebAssembly at hand before any of it runs. */
function begin(entry) {
  const imports = entry.match(/^import .*$/m)[0];
  return `${imports}\nconst kubottleWasm = ${unpack};\nkubottleDeferred.carried = await (await kubottleWasm("kubottle-later")).arrayBuffer();\n${entry.replace(imports, "")}`;
}

/** Gives the WebAssembly that an element of the page carries. */
function unpack(id) {
  const text = document.getElementById(id).textContent;
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream, { headers: { "content-type": "application/wasm" } });
}

const carried = Object.fromEntries(files.filter((name) => /^(scenarios|lessons)\/|\.txt$/.test(name)).map((name) => [name, read(name)]));
index = index
  .replace(/<link rel="(modulepreload|preload|manifest)"[^>]*>/g, "")
  .replace(/<link rel="icon" href="\.\/([^"]+)"[^>]*>/, (_, name) => `<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(read(name))}" />`)
  .replace(/<link rel="stylesheet" href="\.\/([^"]+)"[^>]*>/g, (_, name) => `<style>${read(name)}</style>`)
  .replace(/<script src="page\.js" defer><\/script>/, "")
  .replace(start[0], "")
  .replace("<html ", "<html data-single ")
  .replace("</body>", () =>
    [
      `<script type="application/json" id="kubottle-files">${JSON.stringify(carried).replace(/</g, "\\u003c")}</script>`,
      packed("kubottle-wasm", wasm),
      packed("kubottle-later", later),
      `<script>${inside(read("page.js"))}</script>`,
      `<script type="module">${inside(bundled.outputFiles[0].text)}</script></body>`,
    ].join("\n"),
  );
mkdirSync(results, { recursive: true });
writeFileSync(join(results, "kubottle.html"), index);
writeFileSync(join(results, "kubottle-site.zip"), zipSync(Object.fromEntries(files.map((name) => [name, readFileSync(join(dist, name))]))));
for (const name of ["kubottle.html", "kubottle-site.zip"]) console.log(`${join(results, name)}: ${Math.round(readFileSync(join(results, name)).length / 1000)} kB`);
