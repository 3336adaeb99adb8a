// A 1 through linear layers of weight 1, with dropout before each: mean and variance over the masks.
// p drops, q = 1 - p keeps.
"use strict";

const depth = (() => {
  // After 0, 1, ... layers. A layer multiplies the mean by q and the second moment by q, or, with the
  // 1/q of inverted dropout, by 1 and by 1/q.
  function moments(kind, p, layers) {
    const q = 1 - p, inverted = kind === "inverted";
    return Array.from({ length: layers + 1 }, (_, layer) => {
      const mean = inverted ? 1 : q ** layer;
      const second = inverted ? q ** -layer : q ** layer;
      return { mean, variance: second - mean ** 2 };
    });
  }

  return { moments };
})();

explorable("depth", {
  question: "A 1 runs through linear layers of weight 1, with dropout before each: which kind keeps its mean, and what becomes of its variance?",
  sliders: {
    p: { label: "Drop with", min: 0.05, max: 0.5, step: 0.05, value: 0.2, said: (p) => `p = ${p.toFixed(2)}` },
    layers: { label: "Depth:", min: 1, max: 12, step: 1, value: 10, said: (layers) => `${layers} layer${layers === 1 ? "" : "s"}` },
  },
  panels: 2,
  heights: [27, 13],

  draw({ p, layers }, boxes, em) {
    const log = (value) => Math.log10(value);
    const panel = [
      { title: "mean over masks", of: ({ mean }) => mean, from: 0, to: 1.1, ticks: { 0: 0, 1: 1 } },
      { title: "variance over masks", of: ({ variance }) => log(variance), from: -4, to: 4, first: 1,
        ticks: { "-3": "1/1000", 0: "1", 3: "1000" } },
    ];
    return boxes.map(({ left, top, width, height }, index) => {
      const { title, of, from, to, ticks, first = 0 } = panel[index];
      const x = scale(0, 12, left + (index ? 4.6 : 1.4) * em, left + width - 5.8 * em);
      const y = scale(from, to, top + height - 2.8 * em, top + 2 * em);
      const floor = top + height - 2.4 * em;
      let svg = pen.text(left, top + em, title, "ex-strong");
      for (const [value, words] of Object.entries(ticks)) {
        svg += pen.text(x(0) - 0.6 * em, y(Number(value)) + 0.35 * em, words, "", "end");
        svg += pen.path([[x(0) - 0.4 * em, y(Number(value))], [x(0), y(Number(value))]]);
      }
      svg += pen.path([[x(0), top + 2 * em], [x(0), floor], [x(12), floor]]);
      for (const tick of [0, 4, 8, 12]) svg += pen.text(x(tick), floor + 1.2 * em, tick, "", "middle");
      svg += pen.text(x(12) + em, floor + 1.2 * em, "layers");
      const names = ["standard", "inverted"].map((kind) => {
        const points = depth.moments(kind, p, layers).map((moment, layer) => [x(layer), y(of(moment))]).slice(first);
        svg += pen.kind(points, kind);
        return [points.at(-1)[1], kind, `ex-${kind}`];
      });
      return svg + pen.names(names, x(layers) + 0.7 * em, floor, em);
    }).join("");
  },

  say({ p, layers }) {
    const [standard, inverted] = ["standard", "inverted"].map((kind) => depth.moments(kind, p, layers).at(-1));
    const after = ({ mean, variance }) => `mean ${short(mean)}, variance ${short(variance)}`;
    const ratio = Math.sqrt(inverted.variance);
    return `While training, after ${layers} layer${layers === 1 ? "" : "s"}: inverted ${after(inverted)}; ` +
      `standard ${after(standard)}. In both, the standard deviation is ${short(ratio)} times the mean.`;
  },
});
