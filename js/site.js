// What the page asks of the browser beyond drawing: talking to a host page, keeping sessions, fetching scenarios, working
// offline. The page calls it through window.KubottleSite with plain texts; nothing of the cluster is known here.
import { createStore, del, get, set } from "idb-keyval";

const parameters = new URLSearchParams(location.search);
const embedded = parameters.get("embed") === "1";
// Which host pages may talk to an embedded page: an exact origin each; without a list, pages of the same site alone.
const allowed = (parameters.get("allow") ?? location.origin).split(",").map((origin) => origin.trim());
// Which of them is there: browsers that tell say so at once, in others it is known from the first message on.
let hosts = location.ancestorOrigins?.length ? allowed.filter((origin) => origin === location.ancestorOrigins[0]) : allowed;

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
    hosts = [event.origin];
    receive(JSON.stringify(event.data));
  });
  let told = 0;
  let due = false;
  const measure = () => {
    due = false;
    const height = wanted();
    if (height !== told) tell(JSON.stringify({ kubottle: 1, type: "resize", height }));
    told = height;
  };
  const soon = () => {
    if (!due) setTimeout(measure, RESIZE_AFTER_MS);
    due = true;
  };
  new ResizeObserver(soon).observe(document.body);
  new MutationObserver(soon).observe(document.body, { childList: true, subtree: true });
}

// A host hears of a new height at most so often.
const RESIZE_AFTER_MS = 200;

/** The height at which nothing of the stage of an embedded page is cut off; lists and texts keep their own scroll bars. */
function wanted() {
  const parts = [...document.querySelectorAll(".stage, .stage *")].filter((part) => /auto|scroll/.test(getComputedStyle(part).overflowY));
  return Math.ceil(innerHeight + Math.max(0, ...parts.map((part) => part.scrollHeight - part.clientHeight)));
}

/** Sends a message, as JSON text, to the host. An opaque origin can only be addressed by a star: it was allowed as `null`. */
function tell(text) {
  if (!embedded || window.parent === window) return;
  for (const origin of hosts) window.parent.postMessage(JSON.parse(text), origin === "null" ? "*" : origin);
}

// A page in one file carries its other files in itself.
const carried = JSON.parse(document.getElementById("kubottle-files")?.textContent ?? "null");

/** Waits for a text and, if there is one, for the rest of the page, which will have to carry it out. */
async function whole(text) {
  const found = await text;
  if (found) await window.kubottleDeferred.soon();
  return found;
}

/** Fetches a text file of the site; calls back with null where it cannot be had. */
function fetchText(path, done) {
  const text = carried ? Promise.resolve(carried[path] ?? null) : fetch(path).then((response) => (response.ok ? response.text() : null)).catch(() => null);
  whole(text).then(done);
}

// Sessions are kept in IndexedDB; where storage is refused nothing is kept, and nothing breaks.
const store = embedded ? null : createStore("kubottle", "sessions");

/** What `work` does with the store; null where there is none, or where it is refused. */
async function stored(work) {
  try {
    return (store && (await work())) ?? null;
  } catch {
    return null;
  }
}

/** Keeps a text under a name; calls back with the name, or with null where that is refused. */
function keep(name, text, done) {
  stored(() => set(name, text, store).then(() => name)).then(done);
}

/** Calls back with the text kept under a name, or null. */
function kept(name, done) {
  whole(stored(() => get(name, store))).then(done);
}

/** Forgets what is kept under a name. */
function forget(name) {
  stored(() => del(name, store));
}

/** Installs the worker that makes the page work offline; calls back when a newer page waits to be shown. */
function workOffline(updated) {
  // A frame of opaque origin has none, and asking for it is refused.
  if (embedded || carried || self.origin === "null" || !("serviceWorker" in navigator) || parameters.has("no-worker")) return;
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
