// Builds the example pages of docs/embedding/recipes with the tools they are for, puts dist/ where each recipe says, and opens
// the result in a browser: the playground has to start. What a tool made of the page is kept beside its source as TOOL.html,
// without the tool's own frame, for the browser tests; reveal.js makes nothing of it in advance. Run by hand with the tools in PATH (mdbook, hugo, sphinx-build) and,
// for the others, FOLDER/docusaurus and FOLDER/reveal with their node_modules: `node scripts/recipes.mjs FOLDER [TOOL...]`.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chromium } from "playwright-core";
import { serve } from "../tests/browser/server.mjs";

const modules = (tool) => resolve(process.argv[2] ?? ".", tool, "node_modules");
// Where dist/ goes, what is run, the page that comes out, where it is served, and the part of it that is the author's.
const tools = {
  mdbook: { into: "src/kubottle", run: ["mdbook", "build"], out: "book", page: "services.html", own: /<main>[\s\S]*<\/main>/, more: ["deeper/jobs.html"] },
  hugo: { into: "static/kubottle", run: ["hugo", "--quiet"], out: "public", page: "jobs/index.html", at: "/course/", own: /<h1>[\s\S]*(?=<\/body>)/ },
  sphinx: { into: "site/kubottle", run: ["sphinx-build", "-q", "-b", "html", ".", "out"], out: "out", page: "index.html", own: /<section[\s\S]*?<\/section>/, more: ["deeper/nodes.html"] },
  docusaurus: { into: "static/kubottle", modules: true, run: ["node_modules/.bin/docusaurus", "build"], out: "build", page: "index.html", at: "/course/", own: /<div class="theme-doc-markdown markdown">[\s\S]*?(?=<\/article>)/ },
  reveal: { into: "kubottle", modules: true, out: ".", page: "slides.html" },
};
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const chosen = process.argv.slice(3);
for (const [name, { into, run, out, page, at = "/", own, more = [], modules: wants }] of Object.entries(tools)) {
  if ((chosen.length > 0 && !chosen.includes(name)) || (wants && !existsSync(modules(name)))) continue;
  const folder = mkdtempSync(join(tmpdir(), `kubottle-${name}-`));
  cpSync(`docs/embedding/recipes/${name}`, folder, { recursive: true });
  mkdirSync(join(folder, into, ".."), { recursive: true });
  cpSync("dist", join(folder, into), { recursive: true });
  if (wants) symlinkSync(modules(name), join(folder, "node_modules"));
  if (name === "reveal") symlinkSync(join(modules(name), "reveal.js"), join(folder, "reveal.js"));
  if (run) execFileSync(run[0], run.slice(1), { cwd: folder, stdio: "inherit" });

  const server = await serve(join(folder, out), { prefix: at });
  for (const path of [page, ...more]) {
    const tab = await browser.newPage();
    const problems = [];
    tab.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    tab.on("pageerror", (error) => problems.push(`${error}`));
    await tab.goto(server.url + path.replace(/index\.html$/, ""));
    const hello = await tab.evaluate(() => document.querySelector("kubottle-playground").client.hello());
    mkdirSync("target/screenshots", { recursive: true });
    await tab.waitForTimeout(1500);
    await tab.screenshot({ path: `target/screenshots/recipe-${name}-${path.replace(/\W/g, "-")}.png` });
    console.log(`${name} ${path}: contract ${hello.version}${problems.map((problem) => `\n  ${problem}`).join("")}`);
    await tab.close();
  }
  await server.close();
  if (!own) {
    rmSync(folder, { recursive: true });
    continue;
  }
  const html = readFileSync(join(folder, out, page), "utf8");
  const attributes = html.match(/<html([^>]*)>/)[1];
  const scripts = [...html.split("<body")[0].matchAll(/<script[^>]*embed\.js[^>]*><\/script>/g)].map((match) => match[0].replace(`"${at}kubottle`, `"kubottle`));
  const text = html.match(own)[0].replaceAll(`${at}kubottle/`, "kubottle/");
  const lang = attributes.match(/lang="?(\w+)/)?.[1] ?? "en";
  writeFileSync(`docs/embedding/recipes/${name}.html`, `<!doctype html>\n<html lang="${lang}"><head><meta charset="utf-8" /><title>${name}</title><link rel="icon" href="kubottle/icon.svg" />${scripts.join("")}</head><body>\n${text.trim()}\n</body></html>\n`);
  rmSync(folder, { recursive: true });
}
await browser.close();
