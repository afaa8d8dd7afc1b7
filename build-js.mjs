// Bundles js/editor.js with CodeMirror and js/site.js into target/js/page.js, which index.html names. Trunk runs this before
// each build; it does nothing when the bundle is newer than everything it is made of, so that it never starts a rebuild.
import { existsSync, readdirSync, statSync } from "node:fs";
import { resolve } from "node:path";

const output = "target/js/page.js";
const inputs = ["build-js.mjs", "package-lock.json", ...readdirSync("js").map((name) => `js/${name}`)];

const changed = (path) => statSync(path).mtimeMs;
const upToDate = existsSync(output) && inputs.every((input) => changed(input) < changed(output));

if (!upToDate) {
  const { build } = await import("esbuild").catch(() => {
    console.error("build-js: the JavaScript packages are missing; run `npm ci` or `./kubottle setup`");
    process.exit(1);
  });
  await build({
    entryPoints: ["js/page.js"],
    alias: { "style-mod": resolve("js/style-mod.js") },
    outfile: output,
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2021",
    legalComments: "none",
    logLevel: "warning",
  });
}
