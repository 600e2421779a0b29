// Keeps the page's files, so that it opens without a network. The build writes their names and their digest here.

declare const FILES: string[];
declare const DIGEST: string;

const worker = self as unknown as ServiceWorkerGlobalScope;
const kept = `cnncalc-${DIGEST}`;

worker.addEventListener("install", (event) => {
  event.waitUntil(caches.open(kept).then((cache) => cache.addAll(FILES)).then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (event) => {
  const outdated = caches
    .keys()
    .then((names) => names.filter((name) => name.startsWith("cnncalc-") && name !== kept))
    .then((names) => Promise.all(names.map((name) => caches.delete(name))));
  event.waitUntil(outdated.then(() => worker.clients.claim()));
});

worker.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  const found = caches.open(kept).then((cache) => cache.match(event.request, { ignoreSearch: true }));
  event.respondWith(found.then((answer) => answer ?? fetch(event.request)));
});
