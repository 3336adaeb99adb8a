// The state of the playground in the address of the page, there and back. Nothing here knows the
// page. What an address asks for and cannot have is replaced by the nearest that it can, and noted.
"use strict";

const address = (() => {
  const START = { kind: "inverted", mode: "train", masks: 1 }; // one, to look at
  const STEPS = 20; // of p, from 0 to 1
  const MOST_MASKS = 10000;
  const SEEDS = 1000000;
  const MODES = ["train", "eval"];

  // 10 000, as the page has it throughout.
  const spaced = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const onStep = (p) => Math.round(p * STEPS) / STEPS;

  // `given`: p and the seed, for an address that names none.
  function read(query, kinds, given) {
    const asked = new URLSearchParams(query);
    const notes = [];

    function number(name, rule, nearest, otherwise) {
      const text = asked.get(name);
      if (text === null) return otherwise;
      const value = text.trim() === "" ? NaN : Number(text);
      const used = Number.isNaN(value) ? otherwise : nearest(value);
      if (used !== value) notes.push(`${name} must be ${rule}, got “${text}”: here it is ${spaced(used)}.`);
      return used;
    }

    function word(name, words, otherwise) {
      const text = asked.get(name);
      if (text === null || words.includes(text)) return text ?? otherwise;
      notes.push(`${name} must be ${words.join(", ")}, got “${text}”: here it is ${otherwise}.`);
      return otherwise;
    }

    const within = (low, high) => (value) => Math.min(Math.max(Math.round(value), low), high);
    const state = {
      p: number("p", "0, 0.05, … 1", (p) => Math.min(Math.max(onStep(p), 0), 1), given.p),
      kind: word("kind", kinds, START.kind),
      mode: word("mode", MODES, START.mode),
      masks: number("masks", `a whole number from 1 to ${spaced(MOST_MASKS)}`, within(1, MOST_MASKS), START.masks),
      seed: number("seed", `a whole number below ${spaced(SEEDS)}`, within(0, SEEDS - 1), given.seed),
    };
    return { state, notes };
  }

  // What else the query holds stays in it.
  function write(query, state) {
    const params = new URLSearchParams(query);
    for (const name of ["p", "kind", "mode", "masks", "seed"]) params.set(name, state[name]);
    return `?${params}`;
  }

  return { START, STEPS, MOST_MASKS, SEEDS, spaced, onStep, read, write };
})();
