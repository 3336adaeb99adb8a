// Keeps what a reader has opened, for reading without a network. While there is a network it
// answers, so nobody reads an old edition; what is kept is renewed at each visit.
const KEPT = "read";
const PATIENCE = 4000; // milliseconds: a train's network may be there and bring nothing

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const here = new URL(event.request.url).origin === location.origin;
  if (here && event.request.method === "GET") event.respondWith(answer(event));
});

// The address under which a file is kept. A folder's is that of its index, and what is asked of a
// page makes no other page.
function address(request) {
  const { origin, pathname } = new URL(request.url);
  return origin + pathname.replace(/\/$/, "/index.html");
}

async function answer(event) {
  const kept = await caches.match(address(event.request));
  const fresh = fetch(event.request).then((response) => {
    if (response.ok) event.waitUntil(keep(event.request, response.clone()));
    return response;
  });
  event.waitUntil(fresh.catch(() => {}));
  const late = new Promise((resolve) => kept && setTimeout(resolve, PATIENCE, kept));
  return Promise.race([fresh, late]).catch((error) => {
    if (kept) return kept;
    if (event.request.mode === "navigate") return whatThereIs();
    throw error;
  });
}

async function keep(request, response) {
  const cache = await caches.open(KEPT);
  await cache.put(address(request), response);
}

// A page for an address that was never opened: it lists those that were.
async function whatThereIs() {
  const cache = await caches.open(KEPT);
  const links = [];
  for (const { url } of await cache.keys()) {
    const response = await cache.match(url);
    if (!response.headers.get("Content-Type")?.startsWith("text/html")) continue;
    const title = (await response.text()).match(/<title>([^<]*?)( &#8212;[^<]*)?<\/title>/)?.[1];
    links.push(`<li><a href="${url}">${title ?? url}</a></li>`);
  }
  const html = `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>You are offline</title>
    <meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
    <body style="font: 1.1rem/1.6 system-ui; max-width: 37rem; margin: 3rem auto; padding: 0 1rem">
    <h1>You are offline</h1><p>This page has not been opened before. These are kept:</p>
    <ul>${links.join("")}</ul>`;
  return new Response(html, { status: 503, headers: { "Content-Type": "text/html" } });
}
