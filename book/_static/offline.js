// Lets worker.js keep the pages that are opened. It sees no request of the very first page, so what
// that one is made of is kept from here.
if ("serviceWorker" in navigator && location.protocol.startsWith("http")) {
  addEventListener("load", async () => {
    const first = !navigator.serviceWorker.controller;
    const worker = new URL(`${document.documentElement.dataset.content_root}worker.js`, location);
    // A browser may refuse, in a private window for one: then the pages read as they always did.
    await navigator.serviceWorker.register(worker).catch(() => {});
    if (!first || !(await navigator.serviceWorker.getRegistration())) return;
    const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
    const own = loaded.filter((url) => url.startsWith(location.origin));
    // The worker keeps what it is asked for. One by one: a file that has gone does not take the
    // others with it.
    if (!navigator.serviceWorker.controller) {
      await new Promise((resolve) => {
        navigator.serviceWorker.addEventListener("controllerchange", resolve, { once: true });
      });
    }
    await Promise.allSettled([location.href, ...own].map((file) => fetch(file)));
  });
}
