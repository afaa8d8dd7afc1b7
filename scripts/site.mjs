// What a built page needs beside what trunk makes: scenarios as JSON, gallery and about pages, embed.js, the web app manifest and
// the worker that makes it work offline, and no script or style written into the page itself. Trunk runs this after each build.
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { split } from "./split.mjs";

const out = process.env.TRUNK_STAGING_DIR ?? "dist";
const released = process.env.TRUNK_PROFILE === "release";
const hash = (data) => createHash("sha256").update(data).digest("hex").slice(0, 16);
const write = (name, text) => writeFileSync(join(out, name), text);
const escape = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/"/g, "&quot;");

// Scenarios: one list, and one bundle a scenario.
const scenarios = readdirSync("static/scenarios", { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name: id }) => {
    const folder = join("static/scenarios", id);
    const read = (name) => readFileSync(join(folder, name), "utf8");
    const files = readdirSync(folder).filter((name) => name !== "scenario.yaml");
    return { id, scenario: read("scenario.yaml"), files: Object.fromEntries(files.map((name) => [name, read(name)])) };
  });
const lessons = readFileSync("static/lessons/order.txt", "utf8").split(/\s+/).filter(Boolean).map((name) => {
  const read = (file) => readFileSync(join("static/lessons", name, file), "utf8");
  const files = readdirSync(join("static/lessons", name)).filter((file) => file !== "lesson.yaml");
  return { id: `lessons/${name}`, scenario: read("lesson.yaml"), files: Object.fromEntries(files.map((file) => [file, read(file)])) };
});
const order = readFileSync("static/scenarios/order.txt", "utf8").split(/\s+/).filter(Boolean);
scenarios.sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
const opened = [...scenarios, ...lessons];
for (const folder of ["scenarios", "lessons"]) mkdirSync(join(out, folder), { recursive: true });
write("scenarios/index.json", JSON.stringify(opened.map(({ id, scenario }) => ({ id, scenario }))));
for (const { id, scenario, files } of opened) write(`${id.includes("/") ? "" : "scenarios/"}${id}.json`, JSON.stringify({ scenario, files }));

// What host pages load.
for (const name of ["embed.js", "icon.svg"]) copyFileSync(join("static", name), join(out, name));

// What the first view can do without is a file of its own, which comes a moment later. Only releases: it takes its seconds.
let index = readFileSync(join(out, "index.html"), "utf8");
if (released) {
  const present = (ending) => readdirSync(out).find((name) => name.startsWith("kubottle-web-") && name.endsWith(ending));
  const replaced = (text, from, to) => {
    if (text.split(from).length !== 2) throw new Error(`the start of the WebAssembly: expected one place with ${from}`);
    return text.replace(from, () => to);
  };
  // What changed gets another name, so that a browser which keeps files for ever never mixes two builds.
  const rename = (name, data) => {
    const named = name.replace(/[0-9a-f]{16}/, hash(data));
    rmSync(join(out, name));
    write(named, data);
    index = index.replaceAll(name, named);
  };
  const { first, deferred } = split(readFileSync(join(out, present("_bg.wasm"))));
  const later = `kubottle-later-${hash(deferred)}.wasm`;
  write(later, deferred);
  rename(present("_bg.wasm"), first);
  const glue = readFileSync(join(out, present(".js")), "utf8");
  const asking = replaced(glue, "const import0 = {", "const import0 = { __load_deferred: () => kubottleDeferred.now(),");
  const begun = `wasm = instance.exports; kubottleDeferred.begin(wasm, new URL("./${later}", import.meta.url).href);`;
  rename(present(".js"), replaced(asking, "wasm = instance.exports;", begun));
  // Who was here before has both parts on this machine. Without a network the second could not be asked for in a hurry: what
  // asks and does not wait goes past the worker.
  // So does a page that is asked for another view than the first.
  const here = '(self.origin !== "null" && navigator.serviceWorker?.controller) || /[?&]view=/.test(location.search)';
  const before = `if (${here}) kubottleDeferred.carried = await fetch("./${later}").then((file) => file.arrayBuffer(), () => undefined);`;
  index = replaced(index, "const wasm = await init(", `${before}\nconst wasm = await init(`);
}

// Trunk writes the start of the page into index.html; a strict Content-Security-Policy wants it in a file.
index = index.replace(/<script type="module"(?![^>]*src=)[^>]*>([\s\S]*?)<\/script>/, (_, text) => {
  const name = `start-${hash(text)}.js`;
  write(name, text.trim() + "\n");
  return `<script type="module" src="./${name}"></script>`;
});
// Hashes of style sheets would keep them from a sandboxed frame, whose origin is nobody's; they come from where the page does.
index = index.replace(/ integrity="[^"]*"/g, "");
index = index.replace("</head>", '<link rel="manifest" href="./site.webmanifest" /></head>');
write("index.html", index);

write(
  "site.webmanifest",
  JSON.stringify({
    name: "Kubottle",
    short_name: "Kubottle",
    description: "A Kubernetes cluster in a bottle",
    start_url: "./",
    scope: "./",
    display: "standalone",
    background_color: "#eef0f4",
    theme_color: "#1f5fd6",
    icons: [{ src: "./icon.svg", sizes: "any", type: "image/svg+xml", purpose: "any" }],
  }),
);

// Gallery and about: plain pages in both languages, made of the same texts as the page itself.
const field = (yaml, key, lang) => {
  const block = yaml.match(new RegExp(`^${key}:\\n((?:  .*\\n)+)`, "m"))?.[1] ?? "";
  const text = block.match(new RegExp(`^  ${lang}: (>-\\n((?:    .*\\n?)+)|(.*))`, "m"));
  return (text?.[2] ?? text?.[3] ?? "").replace(/\s+/g, " ").trim();
};
const page = (title, body) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" /><title>${title}</title>
<link rel="icon" href="./icon.svg" /><link rel="stylesheet" href="./plain.css" /></head>
<body><header><a href="./">Kubottle</a> <a href="./gallery.html">Scenarios 场景</a> <a href="./about.html">About 关于</a></header><main>
${body}
</main></body></html>
`;
// A scenario that is new has no picture until scripts/previews.mjs has taken one.
const preview = (id) => (existsSync(`static/previews/${id}.jpg`) ? `<img src="./previews/${id}.jpg" alt="" loading="lazy" width="640" height="360" />` : "");
const card = ({ id, scenario }) => `<li><a href="./?${id.startsWith("lessons/") ? id.replace("lessons/", "lesson=") : `scenario=${id}`}">${preview(id)}
<h2>${escape(field(scenario, "title", "en"))}</h2><h2 lang="zh-CN">${escape(field(scenario, "title", "zh"))}</h2></a>
<p>${escape(field(scenario, "about", "en"))}</p><p lang="zh-CN">${escape(field(scenario, "about", "zh"))}</p></li>`;
mkdirSync(join(out, "previews"), { recursive: true });
for (const { id } of scenarios) if (preview(id)) copyFileSync(`static/previews/${id}.jpg`, join(out, `previews/${id}.jpg`));
copyFileSync("docs/page.png", join(out, "preview.png"));
copyFileSync("static/plain.css", join(out, "plain.css"));
write("gallery.html", page("Kubottle: scenarios", `<h1>Scenarios <span lang="zh-CN">场景</span></h1><ul class="cards">${opened.map(card).join("\n")}</ul>`));
write("about.html", page("About Kubottle", about()));

/** The support table and the list of differences, as README.md has them. */
function about() {
  const readme = readFileSync("README.md", "utf8");
  const section = (heading) => readme.match(new RegExp(`^## ${heading}\\n([\\s\\S]*?)(?=^## |(?![\\s\\S]))`, "m"))?.[1] ?? "";
  const html = (text) => escape(text).replace(/`([^`]+)`/g, "<code>$1</code>").replace(/\*\*([^*]+)\*\*/g, "<strong>$1</strong>");
  const blocks = (text) =>
    text.trim().split(/\n\n+/).map((block) => {
      const lines = block.split("\n");
      if (lines[0].startsWith("|")) {
        const rows = lines.filter((line) => !/^\|[\s|:-]+\|$/.test(line));
        const cells = (line, tag) => line.replace(/^\||\|$/g, "").split("|").map((cell) => `<${tag}>${html(cell.trim())}</${tag}>`).join("");
        const table = `<table><thead><tr>${cells(rows[0], "th")}</tr></thead><tbody>${rows.slice(1).map((row) => `<tr>${cells(row, "td")}</tr>`).join("")}</tbody></table>`;
        // On a narrow screen it is wider than the page, and scrolled by the keyboard too.
        return `<div class="wide" tabindex="0">${table}</div>`;
      }
      if (lines[0].startsWith("- ")) return `<ul>${block.split(/\n(?=- )/).map((item) => `<li>${html(item.slice(2))}</li>`).join("")}</ul>`;
      return /^<|^!\[/.test(block) ? "" : `<p>${html(block)}</p>`;
    }).join("\n");
  const support = section("What is modelled");
  const differences = section("What differs from real Kubernetes");
  if (!support || !differences) throw new Error("README.md lacks the section about.html is made of");
  return `<h1>About Kubottle</h1><p>A Kubernetes cluster in a bottle: a page with a whole simulated cluster inside. No server stands behind it, and nothing you type leaves this page.</p>
<p lang="zh-CN">瓶中的 Kubernetes 集群：一个网页里装着整个模拟集群。背后没有服务器，您输入的内容不会离开这个页面。</p>
<h2>What differs from real Kubernetes</h2>${blocks(differences)}<h2>What is modelled</h2>${blocks(support)}`;
}

// The worker knows exactly the files of this build. Whoever comes back offline gets all of them or, until then, the build before.
const files = () => readdirSync(out, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => relative(out, join(entry.parentPath ?? entry.path, entry.name)).replaceAll("\\", "/"));
const listed = files().filter((name) => !/\.(br|gz)$|^worker\.js$|^preview/.test(name)).sort();
const build = hash(listed.map((name) => name + hash(readFileSync(join(out, name)))).join("\n"));
write("worker.js", readFileSync("static/worker.js", "utf8").replace('"BUILD"', JSON.stringify(build)).replace('["FILES"]', JSON.stringify(["./", ...listed.map((name) => `./${name}`)])));

// Compressed copies, for servers that hand them out.
if (released) {
  for (const name of files()) {
    if (!/\.(js|css|html|json|wasm|svg|txt|webmanifest)$/.test(name)) continue;
    const bytes = readFileSync(join(out, name));
    write(`${name}.gz`, gzipSync(bytes, { level: 9 }));
    write(`${name}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } }));
  }
}
if (!existsSync(join(out, "index.html"))) throw new Error("no page was built");
