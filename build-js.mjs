// Bundles the editor: js/editor.js and CodeMirror become target/js/editor.js, which index.html names. Trunk runs this before
// each build; it does nothing when the bundle is newer than everything it is made of, so that it never starts a rebuild.
import { existsSync, readdirSync, statSync } from "node:fs";

const output = "target/js/editor.js";
const inputs = ["build-js.mjs", "package-lock.json", ...readdirSync("js").map((name) => `js/${name}`)];

const changed = (path) => statSync(path).mtimeMs;
const upToDate = existsSync(output) && inputs.every((input) => changed(input) < changed(output));

if (!upToDate) {
  const { build } = await import("esbuild").catch(() => {
    console.error("build-js: the JavaScript packages are missing; run `npm ci` or `./kubottle setup`");
    process.exit(1);
  });
  await build({
    entryPoints: ["js/editor.js"],
    outfile: output,
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2021",
    legalComments: "none",
    logLevel: "warning",
  });
}
