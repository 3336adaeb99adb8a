// A text as words to compare: without those that every question has, and without their endings.
const Words = (() => {
  const SMALL = new Set(
    `a an and are as at be by can could did didn do does doesn don for from get got had has have how
     i if in is isn it its m me my of on or s should so t than that the their them then there these
     this to was we what whats when where which while who why will with would you your`.split(/\s+/),
  );

  const stem = (word) => {
    if (word.length < 4 || /\d/.test(word)) return word;
    const cut = word
      .replace(/ies$/, "y")
      .replace(/([^aeiouls])\1(?:ed|ings?|ers?)$/, "$1") // dropped, dropping: drop
      .replace(/(?:ations?|ings?|ers?|ally|al|ly|ed|es|s|e)$/, "");
    return cut.length < 3 ? word : cut.replace(/i$/, "y");
  };
  const split = (text) => text.toLowerCase().match(/\p{N}+\.\p{N}+|[\p{L}\p{N}]+/gu) ?? [];
  const stems = (text) =>
    split(text)
      .filter((word) => !SMALL.has(word))
      .map(stem);

  return { split, stem, stems };
})();
