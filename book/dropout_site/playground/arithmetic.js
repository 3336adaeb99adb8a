// Dropout of a field of ones: what comes out, what to expect, what was seen. Nothing here knows the
// page, and nothing is random: a mask is a function of the seed, its number and p.
// p drops, q = 1 - p keeps; a mask is an array of booleans, true = kept.
"use strict";

const dropout = (() => {
  const UNITS = 25;

  // Who scales, and when.
  const KINDS = {
    standard: { train: false, evaluation: true },
    inverted: { train: true, evaluation: false },
    none: { train: false, evaluation: false },
    both: { train: true, evaluation: true },
  };

  // What a kept one becomes while training. At p = 1 nothing is kept, and nothing can be scaled.
  function keptValue(kind, p) {
    const q = 1 - p;
    if (!KINDS[kind].train) return 1;
    return q === 0 ? 0 : 1 / q;
  }

  function trainValues(mask, kind, p) {
    const value = keptValue(kind, p);
    return mask.map((kept) => (kept ? value : 0));
  }

  function evaluationValue(kind, p) {
    return KINDS[kind].evaluation ? 1 - p : 1;
  }

  // Over all masks: the mean of a value while training, and its standard deviation, the spread.
  function exact(kind, p) {
    const q = 1 - p;
    if (q === 0) return { mean: 0, spread: 0 };
    return KINDS[kind].train
      ? { mean: 1, spread: Math.sqrt(p / q) }
      : { mean: q, spread: Math.sqrt(p * q) };
  }

  // The same two of `total` values of which `kept` were kept, divided by `total` itself.
  function observed(kind, p, kept, total) {
    const value = keptValue(kind, p);
    return {
      mean: (kept * value) / total,
      spread: (value * Math.sqrt(kept * (total - kept))) / total,
    };
  }

  // Mix the bits of a 32-bit integer (C. Wellons, "Prospecting for hash functions", 2018).
  function mix(h) {
    h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
    h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
    return h ^ (h >>> 15);
  }

  const combine = (h, number) => mix(h ^ Math.imul(number + 1, 0x9e3779b9));

  // A unit's uniform number in [0, 1) does not depend on p: as p grows, kept units are dropped one by
  // one, and none comes back.
  const isKept = (row, unit, q) => (combine(row, unit) >>> 0) / 2 ** 32 < q;

  // Mask number 1, 2, ... of a seed.
  function maskOf(seed, number, p) {
    const row = combine(mix(seed), number);
    return Array.from({ length: UNITS }, (_, unit) => isKept(row, unit, 1 - p));
  }

  // Masks 1 to `masks`: the last one, how often each unit was kept, and how many values were kept
  // after 1, 2, ... masks, in steps of some 7 %, for a line over a logarithmic axis.
  function run(seed, p, masks) {
    const keptOf = new Array(UNITS).fill(0);
    const path = [];
    let kept = 0;
    for (let number = 1, next = 1; number <= masks; number++) {
      const row = combine(mix(seed), number); // not maskOf, which would make 10 000 arrays
      for (let unit = 0; unit < UNITS; unit++) {
        if (isKept(row, unit, 1 - p)) {
          keptOf[unit]++;
          kept++;
        }
      }
      if (number >= next || number === masks) {
        path.push({ masks: number, kept });
        next = Math.ceil(number * 1.07);
      }
    }
    return { mask: maskOf(seed, masks, p), keptOf, kept, path };
  }

  return { UNITS, KINDS, keptValue, trainValues, evaluationValue, exact, observed, maskOf, run };
})();
