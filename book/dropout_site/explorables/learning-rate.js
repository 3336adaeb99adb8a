// One linear unit trained by SGD under the two kinds, on the same examples with the same masks.
// p drops, q = 1 - p keeps.
"use strict";

const learningRate = (() => {
  const STEPS = 40;
  const RATE = 0.05; // of the standard unit; the inverted one's is `ratio` times that
  const TRUE = [1, 0.5, 0.25, 0.25]; // the weights that made the targets

  // A fixed sequence of numbers in [0, 1), of Park and Miller's generator: a row for each step.
  let state = 1;
  const next = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const rows = () => Array.from({ length: STEPS }, () => TRUE.map(next));
  const inputs = rows().map((row) => row.map((number) => 0.5 + number));
  const drawn = rows();
  const dot = (a, b) => a.reduce((sum, value, unit) => sum + value * b[unit], 0);
  const targets = inputs.map((x) => dot(x, TRUE));

  // A unit's number does not depend on p: as p grows, kept units are dropped one by one.
  const masks = (p) => drawn.map((row) => row.map((number) => number < 1 - p));

  // Half the mean squared error at evaluation.
  function loss(kind, weights, p) {
    const x = kind === "inverted" ? inputs : inputs.map((row) => row.map((value) => value * (1 - p)));
    return x.reduce((sum, row, step) => sum + (dot(row, weights) - targets[step]) ** 2, 0) / (2 * STEPS);
  }

  // The loss before the first step and after each: an example a step, from weights of 0.
  function train(kind, p, rate) {
    let weights = TRUE.map(() => 0);
    const losses = [loss(kind, weights, p)];
    masks(p).forEach((mask, step) => {
      const scale = kind === "inverted" ? 1 - p : 1;
      const x = inputs[step].map((value, unit) => (mask[unit] ? value / scale : 0));
      const error = dot(x, weights) - targets[step];
      weights = weights.map((weight, unit) => weight - rate * error * x[unit]);
      losses.push(loss(kind, weights, p));
    });
    return losses;
  }

  function both(p, ratio) {
    const standard = train("standard", p, RATE), inverted = train("inverted", p, ratio * RATE);
    const apart = Math.max(...standard.map((value, step) => Math.abs(value - inverted[step])));
    return { standard, inverted, apart };
  }

  return { STEPS, RATE, TRUE, inputs, targets, masks, train, both };
})();

explorable("learning-rate", {
  question: "Drag the inverted unit’s learning rate: at which one do the two lines become one?",
  sliders: {
    ratio: { label: "Inverted learning rate", min: 0.01, max: 1.5, step: 0.01, value: 1, said: (ratio) => `= ${ratio.toFixed(2)} × standard` },
    p: { label: "Drop with", min: 0, max: 0.8, step: 0.1, value: 0.5, said: (p) => `p = ${p.toFixed(1)}` },
  },
  heights: [15, 19],
  replaces: true,

  draw({ p, ratio }, [{ left, top, width, height }], em) {
    const ran = learningRate.both(p, ratio);
    const floor = top + height - 1.8 * em;
    const x = scale(0, learningRate.STEPS, left + 1.6 * em, left + width - 6 * em);
    const y = scale(0, 2.4, floor, top + 2 * em);
    let svg = pen.text(left, top + em, "loss at evaluation, of one linear unit", "ex-strong");
    svg += pen.path([[x(0), top + 2 * em], [x(0), floor], [x(learningRate.STEPS), floor]]);
    for (const tick of [0, 1, 2]) svg += pen.text(x(0) - 0.5 * em, y(tick) + 0.35 * em, tick, "", "end");
    for (const tick of [0, 20, 40]) svg += pen.text(x(tick), floor + 1.2 * em, tick, "", "middle");
    svg += pen.text(x(learningRate.STEPS) + em, floor + 1.2 * em, "steps");
    // Too long a step leaves the drawing at the top.
    svg += `<clipPath id="ex-learning-rate"><path d="M0,${top + 1.5 * em}H${width}V${height}H0Z"/></clipPath>`;
    const names = ["standard", "inverted"].map((kind) => {
      const points = ran[kind].map((value, step) => [x(step), y(Math.min(value, 10))]);
      svg += `<g clip-path="url(#ex-learning-rate)">${pen.kind(points, kind, 4)}</g>`;
      return [Math.max(points.at(-1)[1], top + 2 * em), kind, `ex-${kind}`];
    });
    return svg + pen.names(names, x(learningRate.STEPS) + 0.7 * em, floor, em);
  },

  say({ p, ratio }) {
    const { apart } = learningRate.both(p, ratio);
    if (apart > 1e-9) return `The two losses differ by up to ${apart < 100 ? short(apart) : "more than 100"}, with the same examples and the same masks.`;
    return `One line, ${apart ? "up to rounding" : "to the last bit"}: the inverted unit’s learning rate is ${short(ratio)} times the standard one’s, and q is ${short(1 - p)}.`;
  },
});
