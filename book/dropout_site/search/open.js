// Loads the search when a reader turns to it, and not before: most never do.
{
  const FILES = ["words.js", "ranking.js", "results.js", "here.js", "sections.js"];
  const root = new URL(document.documentElement.dataset.content_root, location);
  const address = (name) => new URL(`search/${name}`, root).href;

  const script = (name) =>
    new Promise((resolve, reject) => {
      const element = Object.assign(document.createElement("script"), { src: address(name) });
      element.async = false; // they run in this order
      element.onload = resolve;
      element.onerror = reject;
      document.head.append(element);
    });

  const load = () => {
    const style = { rel: "stylesheet", href: address("results.css") };
    document.head.append(Object.assign(document.createElement("link"), style));
    return Promise.all(FILES.map(script));
  };

  let loaded;
  const open = async (form) => {
    try {
      await (loaded ??= load());
    } catch {
      loaded = undefined; // the next focus tries again
      form.querySelector("input").placeholder = "Not here without a network";
      return;
    }
    (form.dataset.page ? Here : Results).under(form, root);
  };

  const turnedTo = (element) => {
    const form = element?.closest?.("form.bd-search, form[data-page]");
    if (form) open(form);
  };
  addEventListener("focusin", (event) => turnedTo(event.target));
  document.querySelector("main form.bd-search input")?.focus(); // on the page of results
}
