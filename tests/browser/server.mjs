// A static file server for a built page: what any web server does, and nothing more. `node tests/browser/server.mjs [FOLDER
// [PORT]]` serves dist/ by hand; the tests call `serve`.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, normalize, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";

const types = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".yaml": "text/plain; charset=utf-8",
};

/**
 * Serves `folder` below the path `prefix`; everything outside of the prefix is 404. `headers` are sent with each file, and
 * `rewrite` changes the text of HTML pages on the way, and `mounts` names other folders by the paths they are seen below. Resolves to `{ url, close }`.
 */
export async function serve(folder, { prefix = "/", port = 0, headers = {}, mounts = {}, rewrite = (text) => text } = {}) {
  const root = resolve(folder);
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const path = decodeURIComponent(pathname);
    const inside = path.startsWith(prefix) ? path.slice(prefix.length) : undefined;
    const [first, ...rest] = (inside ?? "").split("/");
    const [below, beneath] = mounts[first] ? [resolve(mounts[first]), rest.join("/")] : [root, inside];
    const file = inside === undefined ? undefined : resolve(below, normalize(`./${beneath}`));
    if (!file || (file !== below && !file.startsWith(below + sep))) return response.writeHead(404).end("not here");
    const name = path.endsWith("/") ? resolve(file, "index.html") : file;
    try {
      const body = await readFile(name);
      response.writeHead(200, { "content-type": types[extname(name)] ?? "application/octet-stream", ...headers });
      response.end(extname(name) === ".html" ? rewrite(body.toString()) : body);
    } catch {
      response.writeHead(404).end("not found");
    }
  });
  await new Promise((done) => server.listen(port, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${server.address().port}${prefix}`,
    close() {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { url } = await serve(process.argv[2] ?? "dist", { port: Number(process.argv[3] ?? 8081) });
  console.log(url);
}
