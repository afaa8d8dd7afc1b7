// The worker that makes the page work offline: it keeps the files of one build, whole, and hands out nothing else. The build
// fills in its name and its files.
const cache_name = "kubottle-" + "BUILD";
const files = ["FILES"];

self.addEventListener("install", (event) => {
  // Asked for anew: what the browser still has of an earlier build is not of this one.
  const requests = files.map((file) => new Request(file, { cache: "no-cache" }));
  event.waitUntil(caches.open(cache_name).then((cache) => cache.addAll(requests)));
});

self.addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => name.startsWith("kubottle-") && name !== cache_name);
  event.waitUntil(caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name)))));
  event.waitUntil(self.clients.claim());
});

self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  const answer = caches.open(cache_name).then((cache) => cache.match(event.request, { ignoreSearch: true }));
  event.respondWith(answer.then((found) => found ?? fetch(event.request)));
});
