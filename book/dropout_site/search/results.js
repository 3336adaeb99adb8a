// The sections found, under the field in which a reader types. They are plain links in a list: so
// Tab, Enter and a screen reader work as everywhere, and arrows go up and down.
const Results = (() => {
  const SOON = 8; // in the window over a page
  const MANY = 30; // on the page of results
  const LEAST = 0.25; // of what was typed: below that nothing here answers it
  const NEAREST = 3; // shown even so
  const EXCERPT = 180; // characters
  const WAYS_ON = [
    ["reference/questions.html", "what people have asked, with short answers"],
    ["practice/checklist.html", "from a symptom to its cause"],
    ["genindex.html", "all names in the package"],
  ];
  let index;

  const element = (tag, properties, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  // A text in pieces, the words that were looked for marked.
  const marked = (text, words) =>
    text.split(/([\p{L}\p{N}]+)/u).map((piece, i) => {
      const isFound = i % 2 && words.has(Words.stem(piece.toLowerCase()));
      return isFound ? element("mark", {}, piece) : piece;
    });

  // The sentences from the one that has most of the words.
  const excerpt = ({ text }, words) => {
    const sentences = text.match(/[^.?!]*(?:[.?!](?!\s)[^.?!]*)*[.?!]*\s*/g);
    const found = (sentence) =>
      new Set(Words.split(sentence).map(Words.stem).filter((word) => words.has(word))).size;
    const counts = sentences.map(found);
    const best = counts.indexOf(Math.max(...counts));
    const from = sentences.slice(best).join("");
    if (from.length <= EXCERPT) return from;
    return `${from.slice(0, from.lastIndexOf(" ", EXCERPT))} …`;
  };

  const item = ({ section }, words, root) => {
    const href = `${root}${section.address}${section.anchor && `#${section.anchor}`}`;
    const link = element("a", { href }, ...marked(section.heading, words));
    const page = section.anchor ? [element("p", { className: "found-page" }, section.title)] : [];
    const text = section.text ? [element("p", {}, ...marked(excerpt(section, words), words))] : [];
    return element("li", {}, link, ...page, ...text);
  };

  const waysOn = (root) => {
    const link = ([to, name]) => element("a", { href: `${root}${to}` }, name);
    return element("ul", {}, ...WAYS_ON.map((way) => element("li", {}, link(way))));
  };

  const show = (place, typed, root, isPage) => {
    const [said, shown] = place.children;
    const { found, words } = Ranking.search(index, typed);
    const isAnswered = found[0]?.share >= LEAST;
    const hits = found.slice(0, isAnswered ? (isPage ? MANY : SOON) : NEAREST);
    const list = element("ol", {}, ...hits.map((hit) => item(hit, words, root)));
    if (!typed.trim()) {
      said.textContent = "";
      shown.replaceChildren();
    } else if (isAnswered) {
      said.textContent = `${hits.length} sections${isPage ? "" : ", best first; Enter shows more"}`;
      shown.replaceChildren(list);
    } else {
      said.textContent = "Nothing here answers that. These lead on:";
      shown.replaceChildren(waysOn(root));
      if (hits.length) shown.append(element("p", {}, "The nearest there is:"), list);
    }
  };

  // The arrows go through the field and the links below it.
  const move = (event, field, place) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const stops = [field, ...place.querySelectorAll("a")];
    const at = stops.indexOf(document.activeElement);
    const next = stops[Math.min(Math.max(at + step, 0), stops.length - 1)];
    event.preventDefault();
    next.focus();
  };

  const under = (form, root) => {
    if (form.nextElementSibling?.classList.contains("found")) return;
    const field = form.querySelector("input");
    const said = element("p", { className: "found-said", role: "status" });
    const place = element("div", { className: "found" }, said, element("div"));
    form.after(place);
    const isPage = !form.closest("dialog");
    const update = () => show(place, field.value, root, isPage);
    field.addEventListener("input", () => {
      update();
      if (isPage) history.replaceState(null, "", `?q=${encodeURIComponent(field.value)}`);
    });
    for (const part of [field, place])
      part.addEventListener("keydown", (event) => move(event, field, place));
    if (isPage) field.value ||= new URLSearchParams(location.search).get("q") ?? "";
    update();
  };

  const read = (data) => {
    index = Ranking.read(data);
  };
  const find = (typed) => Ranking.search(index, typed).found;
  return { LEAST, find, read, under };
})();
