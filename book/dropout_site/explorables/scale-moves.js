// Ten ones and their sum under the two kinds: what each kind multiplies, and when.
// p drops, q = 1 - p keeps.
"use strict";

const scaleMoves = (() => {
  const UNITS = 10;

  // What a kept one becomes while training, what each one becomes at evaluation; the sums while
  // training with 0, 1, ... units kept, and their probabilities.
  function of(kind, p) {
    const q = 1 - p;
    const kept = kind === "inverted" ? 1 / q : 1;
    const evaluation = kind === "inverted" ? 1 : q;
    const counts = Array.from({ length: UNITS + 1 }, (_, count) => count);
    let ways = 1;
    const probabilities = counts.map((count) => {
      if (count) ways = (ways * (UNITS - count + 1)) / count;
      return ways * q ** count * p ** (UNITS - count);
    });
    return { kept, evaluation, sums: counts.map((count) => count * kept), probabilities };
  }

  const mean = ({ sums, probabilities }) => sums.reduce((total, sum, count) => total + sum * probabilities[count], 0);

  return { UNITS, of, mean };
})();

explorable("scale-moves", {
  question: "Drag <b>p</b>: which evaluation does not move?",
  sliders: {
    p: { label: "Drop with", min: 0.1, max: 0.5, step: 0.05, value: 0.2, said: (p) => `p = ${p.toFixed(2)}` },
  },
  panels: 2,
  heights: [38, 18.5],
  replaces: true,

  draw({ p }, boxes, em) {
    const q = short(1 - p);
    return ["standard", "inverted"].map((kind, index) => {
      const { left, top, width } = boxes[index];
      const { kept, evaluation, sums, probabilities } = scaleMoves.of(kind, p);
      const average = scaleMoves.mean({ sums, probabilities });
      const row = (number) => top + (number + 1) * 1.6 * em;
      const disc = (value, number) => pen.disc(left + 3.4 * em, row(number) - 0.35 * em, 0.4 * em * Math.sqrt(value), `ex-${kind}`);
      const words = (number, text, scaled) => pen.text(left + 4.4 * em, row(number), text, scaled ? "ex-strong" : "");

      let svg = pen.text(left, row(0) - 0.4 * em, kind, `ex-${kind}`);
      svg += pen.text(left, row(1), "train") + disc(kept, 1);
      svg += words(1, kept === 1 ? "kept: stays 1" : `kept: 1 ÷ ${q} = ${short(kept)}`, kept !== 1);
      svg += pen.disc(left + 17.4 * em, row(1) - 0.35 * em, 0.4 * em, "ex-dropped") + pen.text(left + 18.3 * em, row(1), "0");
      svg += pen.text(left, row(2), "eval") + disc(evaluation, 2);
      svg += words(2, evaluation === 1 ? "each: stays 1" : `each: 1 × ${q} = ${short(evaluation)}`, evaluation !== 1);

      // The sums: from 0 to 20, which is the largest at p = 0.5. No probability is above 0.4.
      const x = scale(0, 20, left + 0.8 * em, left + width - 0.8 * em);
      const floor = top + 16 * em, y = scale(0, 0.4, floor, top + 7.4 * em);
      svg += pen.path([[x(0), floor], [x(20), floor]]);
      for (const tick of [0, 5, 10, 15, 20]) svg += pen.text(x(tick), floor + 1.15 * em, tick, "", "middle");
      svg += pen.text(left, floor + 2.3 * em, "sums in training (height: probability)");
      svg += pen.path([[x(average), floor], [x(average), top + 6 * em]], "ex-mark");
      svg += pen.text(x(average) + 0.4 * em, top + 6.6 * em,
        `mean ${short(average)} = eval ${short(scaleMoves.UNITS * evaluation)}`, "ex-strong");
      svg += `<g class="ex-line ex-${kind}">`;
      sums.forEach((sum, count) => {
        const height = y(probabilities[count]);
        svg += `<path style="stroke-dasharray: none" d="M${x(sum)},${floor}V${height}"/>`;
        if (floor - height > 1) svg += kind === "standard"
          ? `<rect x="${x(sum) - 3}" y="${height - 3}" width="6" height="6"/>` : pen.disc(x(sum), height, 3, "");
      });
      return svg + "</g>";
    }).join("");
  },

  say({ p }) {
    const [standard, inverted] = ["standard", "inverted"].map((kind) => scaleMoves.of(kind, p));
    return `Standard: a kept 1 stays 1, the mean sum is ${short(scaleMoves.mean(standard))}, ` +
      `and evaluation multiplies by ${short(standard.evaluation)}. Inverted: a kept 1 becomes ${short(inverted.kept)}, ` +
      `the mean sum is ${short(scaleMoves.mean(inverted))}, and evaluation multiplies by nothing.`;
  },
});
