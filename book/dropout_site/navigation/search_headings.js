// Sphinx finds a page only if it holds all the words that were typed, or a heading that repeats
// them in order. A question is typed in other words than the book's: so here each heading counts
// for those that it has, a rare word for more than a common one. Sphinx puts this file beside the
// search (html_search_scorer in _config.yml).
{
  const LEAST = 0.4; // of the weight of the words typed
  const MOST = 60; // points for a heading that has them all, more than Sphinx gives to any page
  const stemmer = new Stemmer();
  const stems = (text) =>
    new Set(
      splitQuery(text.toLowerCase())
        .filter((word) => !stopwords.includes(word))
        .map((word) => stemmer.stemWord(word)),
    );

  const headings = () => {
    const { alltitles, docnames, filenames, titles } = Search._index;
    return Object.entries(alltitles).flatMap(([heading, places]) => {
      const words = stems(heading);
      return places.map(([page, id]) => {
        const title = titles[page] === heading ? heading : `${titles[page]} > ${heading}`;
        return { words, hit: [docnames[page], title, id ? `#${id}` : "", null, 0, filenames[page]] };
      });
    });
  };

  const searchHeadings = (typed) => {
    const all = headings();
    const weight = (word) =>
      Math.log((all.length + 1) / (all.filter(({ words }) => words.has(word)).length + 1));
    const sum = (words) => [...words].reduce((total, word) => total + weight(word), 0);
    return all
      .map(({ words, hit }) => {
        const common = sum([...typed].filter((word) => words.has(word)));
        // The second part decides between headings that have the same words: the shorter one wins.
        const share = 0.9 * (common / sum(typed)) + 0.1 * (common / sum(words));
        return hit.with(4, MOST * share);
      })
      .filter((hit) => hit[4] >= MOST * LEAST);
  };

  const searchPages = Search.performTermsSearch;
  Search.performTermsSearch = (typed, excluded) => [
    ...searchPages(typed, excluded),
    ...searchHeadings(typed),
  ];

  // What a result shows is from the page's text: not its buttons, its contents or the folds' labels,
  // and not the heading, which is the result's name.
  const NO_TEXT = ".headerlink, script, style, summary, mjx-container";
  const CONTEXT = 120; // characters before the word that was found
  const LENGTH = 240;
  const long = (words) => [...words].filter((word) => word.length > 1);
  const escaped = (words) => long(words).map(_escapeRegExp).join("|");
  const before = "(?<![\\p{L}\\p{N}_])";
  const after = "(?![\\p{L}\\p{N}_])";

  Search.htmlToText = (html, anchor) => {
    const article = new DOMParser().parseFromString(html, "text/html").querySelector("article");
    const part = (anchor && article?.querySelector(anchor)) || article;
    if (!part) return "";
    part.querySelectorAll(NO_TEXT).forEach((element) => element.remove());
    part.querySelector("h1, h2, h3, h4")?.remove();
    part.querySelectorAll(".math").forEach((formula) => {
      formula.textContent = formula.textContent.replace(/\\[()[\]]/g, "");
    });
    return part.textContent.replace(/\s+/g, " ").trim();
  };

  // Sphinx marks every letter of a word such as "F", and "in" within "training".
  let marked = [];
  const parse = Search._parseQuery;
  Search._parseQuery = (query) => {
    const [typed, terms, excluded, highlighted, objects] = parse(query);
    marked = long(highlighted);
    localStorage.setItem("sphinx_highlight_terms", marked.join(" ")); // for the page that is opened
    return [typed, terms, excluded, new Set(), objects];
  };

  Search.makeSearchSummary = (html, stems, anchor) => {
    const text = Search.htmlToText(html, anchor);
    if (!text) return null;
    const words = escaped([...marked, ...stems]);
    const found = words ? text.search(new RegExp(before + `(?:${words})`, "iu")) : -1;
    const start = found > CONTEXT ? text.indexOf(" ", found - CONTEXT) + 1 : 0;
    const end = start + LENGTH < text.length ? text.lastIndexOf(" ", start + LENGTH) : text.length;
    const shown = (start ? "… " : "") + text.slice(start, end) + (end < text.length ? " …" : "");
    const summary = document.createElement("p");
    summary.className = "context";
    const whole = marked.length && new RegExp(`${before}(${escaped(marked)})${after}`, "iu");
    (whole ? shown.split(whole) : [shown]).forEach((piece, i) => {
      if (i % 2 === 0) return summary.append(piece);
      const mark = summary.appendChild(document.createElement("span"));
      mark.className = "highlighted";
      mark.append(piece);
    });
    return summary;
  };
}
