// A text as words to compare: without those that every question has, and without their endings.
const Words = (() => {
  const TWO_WORDS = /\bdrop[\s-]out\b/gi;
  const WORD = /\p{N}+\.\p{N}+|[\p{L}\p{N}]+/gu;
  const SMALL = new Set(
    `a about add added adding also an and any anyone are as at be been being between bug by
     can cannot could did didn do does doesn doing don for fix fixed from get got had has
     have help how i if in into is isn issue it its just let m me my need of on or please
     possible problem question questions regarding s seem seems should so some support t than
     that the their them then there these this to try trying us use used using want was we
     were what whats whether which while who why will with work working works would
     you your`.split(/\s+/),
  );

  const stem = (word) => {
    if (word.length < 4 || /\d/.test(word)) return word;
    const cut = word
      .replace(/ies$/, "y")
      .replace(/([^aeiouls])\1(?:ed|ings?|ers?)$/, "$1") // dropped, dropping: drop
      .replace(/(?:ations?|ness|ings?|ers?|ally|al|ly|ed|es|s|e)$/, "");
    return cut.length < 3 ? word : cut.replace(/i$/, "y");
  };
  const split = (text) => text.toLowerCase().match(WORD) ?? [];
  // LayerNorm is layernorm, and layer and norm; 1.0 is 1.
  const names = (word) => {
    const parts = word.match(/\p{Lu}?\p{Ll}{2,}/gu) ?? [];
    return parts.length > 1 ? [word, ...parts] : [word.replace(/\.0+$/, "")];
  };
  const stems = (text) =>
    (text.replace(TWO_WORDS, "dropout").match(WORD) ?? [])
      .flatMap(names)
      .map((name) => name.toLowerCase())
      .filter((name) => !SMALL.has(name))
      .map(stem);
  // Two words that stand together, in either order: "input dropout" is not "dropout" and "input".
  const pairs = (words) =>
    words.slice(1).map((word, i) => [words[i], word].sort().join(" "));

  return { split, stem, stems, pairs };
})();
