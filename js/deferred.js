// The second part of the WebAssembly: what the first view can do without (scripts/split.mjs cuts it off). It is asked for once
// the first view stands, or at once by whoever calls into it earlier.
let first; // what the first part exports
let address;
let taken = false;
let coming;

/** Called by the first part when it has been made, before anything of it runs. */
function begin(exports, url) {
  first = exports;
  address = url;
  if (window.kubottleDeferred.carried) take(window.kubottleDeferred.carried);
}

/** Resolves when the second part is there, whether or not it could be had: who needs it then asks `now` and fails by name. */
function soon() {
  if (!first || taken) return Promise.resolve();
  coming ??= fetched()
    .then((source) => (taken ? null : WebAssembly.compile(source)))
    .then((module) => (taken || !module ? null : WebAssembly.instantiate(module, { first })))
    .then(() => (taken = true))
    .catch(() => (coming = null));
  return coming;
}

async function fetched() {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${response.status} ${address}`);
  return response.arrayBuffer();
}

/** Called from within the WebAssembly, which cannot wait. */
function now() {
  if (taken) return;
  console.debug("Kubottle: the second part is needed before it has come");
  const request = new XMLHttpRequest();
  request.open("GET", address, false);
  request.overrideMimeType("text/plain; charset=x-user-defined");
  request.send();
  if (request.status !== 200) throw new Error(`Kubottle could not load its second part: ${request.status} ${address}`);
  take(Uint8Array.from(request.responseText, (letter) => letter.charCodeAt(0)));
}

/** To make an instance is to put its functions into the table which both parts share. */
function take(source) {
  new WebAssembly.Instance(new WebAssembly.Module(source), { first });
  taken = true;
}

window.kubottleDeferred = { begin, soon, now };
// Two frames after the start the first view has been drawn.
addEventListener("TrunkApplicationStarted", () => requestAnimationFrame(() => requestAnimationFrame(soon)));
