// Which sections answer what was typed: BM25 over their words. No word has to be there; a rare one
// counts for more than a common one, and one in a heading for more than one in the text.
const Ranking = (() => {
  const SATURATION = 2; // a word said ten times is not ten times the answer
  const LENGTH = 0.5; // how much more often a long section has to say a word
  const WITH_PAIRS = ["heading", "asked"];
  const WEIGHTS = { title: 2, heading: 5, asked: 2, text: 0.5, other: 0.25 };
  const COMMON = { dropout: 0.2 }; // what the whole book is about says little of a section
  const PURPOSE = "purpose intuition basics"; // what is meant by those who say nothing else
  const AGAIN = 0.9; // a page's next section: three results should not be one page three times
  const MORE = 0.6; // a word that begins like the one that was typed, or is a part of it
  const SLIP = 0.9; // a word that is written like it
  const MEANT = 0.8; // the word itself, beside the group of words that mean the same
  const PAIR = 0.3; // two words that stand together, beside each of them
  const ASIDE = { "reference/api": 0.5, "reference/claims": 0.5, assignments: 0.6, instructors: 0.6 };

  // The groups of words that mean the same, by the first word of each way to say it.
  const byFirst = (groups) => {
    const ways = new Map();
    groups.forEach((group, i) => {
      for (const way of group.map(Words.stems)) {
        if (!ways.has(way[0])) ways.set(way[0], []);
        ways.get(way[0]).push({ way, name: `=${i}` });
      }
    });
    return ways;
  };
  const meanings = (ways, words) =>
    words.flatMap((first, at) =>
      (ways.get(first) ?? []).filter(({ way }) => way.every((word, i) => words[at + i] === word)),
    );

  const read = ({ pages, synonyms }) => {
    const index = { sections: [], places: new Map(), ways: byFirst(synonyms), mean: 0 };
    for (const [address, title, parts] of pages) {
      const aside = Object.keys(ASIDE).find((start) => address.startsWith(start));
      for (const [anchor, heading, text, other, asked] of parts) {
        const said = { title: anchor ? title : "", heading, asked, text, other };
        const counts = new Map();
        let length = 0;
        for (const [field, weight] of Object.entries(WEIGHTS)) {
          const words = Words.stems(said[field]);
          const groups = meanings(index.ways, words).map(({ name }) => name);
          const pairs = WITH_PAIRS.includes(field) ? Words.pairs(words) : [];
          for (const word of [...words, ...groups, ...pairs])
            counts.set(word, (counts.get(word) ?? 0) + weight);
          if (field !== "asked") length += weight * (words.length + groups.length);
        }
        for (const [word, count] of counts) {
          if (!index.places.has(word)) index.places.set(word, []);
          index.places.get(word).push([index.sections.length, count]);
        }
        index.mean += length;
        index.sections.push({ address, title, anchor, heading, text, length, worth: ASIDE[aside] ?? 1 });
      }
    }
    index.mean /= index.sections.length;
    index.words = [...index.places.keys()].filter((known) => !known.includes(" "));
    return index;
  };

  // Another letter, one more, one less, or two swapped.
  const oneSlip = (a, b) => {
    const more = a.length - b.length;
    if (Math.abs(more) > 1) return false;
    let i = 0;
    while (i < a.length && a[i] === b[i]) i++;
    const swapped = a[i] === b[i + 1] && a[i + 1] === b[i] && a.slice(i + 2) === b.slice(i + 2);
    return swapped || a.slice(more < 0 ? i : i + 1) === b.slice(more > 0 ? i : i + 1);
  };

  // What the book most often calls a word that it does not have: more of it, or without a slip.
  const alike = ({ places, words }, word) => {
    if (word.length < 3) return undefined;
    const like = (known) => known.startsWith(word) || (word.length > 4 && oneSlip(word, known));
    const often = (known) => places.get(known).length;
    return words.filter(like).sort((a, b) => often(b) - often(a))[0];
  };

  // multidevice: multi and device.
  const halves = ({ places }, word) => {
    for (let i = word.length - 3; i > 2; i--) {
      const two = [word.slice(0, i), word.slice(i)].map(Words.stem);
      if (two.every((half) => places.has(half))) return two;
    }
    return [];
  };

  // What a word of the reader's is in the book's words, each with its weight.
  const heard = (index, word) => {
    if (index.places.has(word) || index.ways.has(word)) return [[word, COMMON[word] ?? 1]];
    if (/^0\.\d+$/.test(word)) return [[Words.stem("value"), 1]]; // of p, and one the book never takes
    const two = halves(index, word);
    if (two.length) return two.map((half) => [half, MORE * (COMMON[half] ?? 1)]);
    const other = alike(index, word);
    if (other) return [[other, other.startsWith(word) ? MORE : SLIP]];
    return word.length > 2 ? [[word, 1]] : [];
  };

  // The words to look for, and the weight of each.
  const wanted = (index, typed) => {
    const words = Words.stems(typed);
    const said = (words.every((word) => word in COMMON) ? Words.stems(PURPOSE) : words).flatMap(
      (word) => heard(index, word),
    );
    const weights = new Map();
    for (const [word, weight] of said)
      weights.set(word, Math.max(weights.get(word) ?? 0, weight));
    const order = said.map(([word]) => word);
    for (const { name, way } of meanings(index.ways, order)) {
      weights.set(name, 1);
      for (const word of way) weights.set(word, weights.get(word) * MEANT);
    }
    for (const pair of Words.pairs(order)) if (index.places.has(pair)) weights.set(pair, PAIR);
    return weights;
  };

  const search = (index, typed) => {
    const n = index.sections.length;
    const scores = new Float64Array(n);
    let all = 0;
    const weights = wanted(index, typed);
    for (const [word, weight] of weights) {
      const places = index.places.get(word) ?? [];
      const rare = Math.log(1 + (n - places.length + 0.5) / (places.length + 0.5));
      all += weight * rare * (SATURATION + 1);
      for (const [i, count] of places) {
        const { length, worth } = index.sections[i];
        const long = 1 - LENGTH + (LENGTH * length) / index.mean;
        const often = (count * (SATURATION + 1)) / (count + SATURATION * long);
        scores[i] += weight * rare * often * worth;
      }
    }
    const best = (hits) => hits.sort((a, b) => b.score - a.score);
    const hit = (section, i) => ({ section, score: scores[i], share: scores[i] / all });
    const found = best(index.sections.map(hit).filter(({ score }) => score));
    const before = {};
    for (const hit of found) {
      const { address } = hit.section;
      before[address] = (before[address] ?? 0) + 1;
      hit.score *= AGAIN ** (before[address] - 1);
    }
    return { found: best(found), words: new Set(weights.keys()) };
  };

  return { read, search };
})();
