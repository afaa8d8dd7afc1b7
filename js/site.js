// What the page asks of the browser beyond drawing: talking to a host page, keeping sessions, fetching scenarios, working
// offline. The page calls it through window.KubottleSite with plain texts; nothing of the cluster is known here.
import { createStore, del, get, set } from "idb-keyval";

const parameters = new URLSearchParams(location.search);
const embedded = parameters.get("embed") === "1";
// Which host pages may talk to an embedded page: an exact origin each; without a list, pages of the same site alone.
const allowed = (parameters.get("allow") ?? location.origin).split(",").map((origin) => origin.trim());

// A strict Content-Security-Policy refuses style attributes, but not styles that a script sets one by one.
const setAttribute = Element.prototype.setAttribute;
Element.prototype.setAttribute = function (name, value) {
  if (name === "style") this.style.cssText = value;
  else setAttribute.call(this, name, value);
};

document.getElementById("crash-reload")?.addEventListener("click", () => location.reload());

/** Calls `receive(text)` for each message of an allowed host, and answers to it from then on. */
function listen(receive) {
  if (!embedded || window.parent === window) return;
  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || !allowed.includes(event.origin)) return;
    if (event.data === null || typeof event.data !== "object" || !("kubottle" in event.data)) return;
    receive(JSON.stringify(event.data));
  });
  new ResizeObserver(() => tell(JSON.stringify({ kubottle: 1, type: "resize", height: wanted() }))).observe(document.body);
}

/** The height at which nothing of an embedded page is cut off. */
const wanted = () => Math.ceil(document.querySelector(".page")?.scrollHeight ?? document.body.scrollHeight);

/** Sends a message, as JSON text, to the host. An opaque origin can only be addressed by a star: it was allowed as `null`. */
function tell(text) {
  if (!embedded || window.parent === window) return;
  for (const origin of allowed) window.parent.postMessage(JSON.parse(text), origin === "null" ? "*" : origin);
}

// A page in one file carries its other files in itself.
const carried = JSON.parse(document.getElementById("kubottle-files")?.textContent ?? "null");

/** Fetches a text file of the site; calls back with null where it cannot be had. */
function fetchText(path, done) {
  if (carried) return done(carried[path] ?? null);
  fetch(path).then((response) => (response.ok ? response.text() : null)).catch(() => null).then(done);
}

// Sessions are kept in IndexedDB; where storage is refused nothing is kept, and nothing breaks.
const store = (() => {
  if (embedded) return null;
  try {
    return createStore("kubottle", "sessions");
  } catch {
    return null;
  }
})();

/** Keeps a text under a name. */
function keep(name, text) {
  if (store) set(name, text, store).catch(() => {});
}

/** Calls back with the text kept under a name, or null. */
function kept(name, done) {
  if (!store) return done(null);
  get(name, store).then((text) => done(text ?? null), () => done(null));
}

/** Forgets what is kept under a name. */
function forget(name) {
  if (store) del(name, store).catch(() => {});
}

/** Installs the worker that makes the page work offline; calls back when a newer page waits to be shown. */
function workOffline(updated) {
  if (embedded || carried || !("serviceWorker" in navigator) || parameters.has("no-worker")) return;
  navigator.serviceWorker.register("worker.js").then((registration) => {
    const waits = () => registration.waiting && navigator.serviceWorker.controller && updated();
    waits();
    registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", waits));
  }, () => {});
}

/** Shows the newer page. */
function update() {
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
  navigator.serviceWorker.getRegistration().then((registration) => registration?.waiting?.postMessage("take over"));
}

/** Lets the visitor choose a file; calls back with its text. */
function openFile(done) {
  const input = Object.assign(document.createElement("input"), { type: "file", accept: ".kubottle,.txt" });
  input.addEventListener("change", () => input.files[0]?.text().then(done));
  input.click();
}

window.KubottleSite = { embedded, listen, tell, fetchText, keep, kept, forget, workOffline, update, openFile };
