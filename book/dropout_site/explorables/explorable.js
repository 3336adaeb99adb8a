// What all explorables share: a question, sliders, a drawing as wide as its place, and the sentences
// that say what is drawn. Nothing here knows dropout.
"use strict";

// Three digits, and none for show: 2, 1.25, 6.67; of a large number its whole.
const short = (value) => String(value < 1000 ? Number(value.toPrecision(3)) : Math.round(value));

// From the numbers `from` to `to` onto the pixels `start` to `end`.
const scale = (from, to, start, end) => (value) => start + ((end - start) * (value - from)) / (to - from);

const pen = {
  text: (x, y, words, name = "", anchor = "start") =>
    `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" class="${name}">${words}</text>`,
  path: (points, name = "") =>
    `<path class="${name}" d="M${points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join("L")}"/>`,
  disc: (x, y, radius, name) => `<circle class="${name}" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${radius.toFixed(1)}"/>`,

  // The two kinds as in the figures: standard dashed, with hollow squares; inverted with discs.
  kind(points, name, every = 1) {
    const marked = points.filter((_, index) => index % every === 0);
    const mark = ([x, y]) => name === "standard"
      ? `<rect x="${(x - 4.5).toFixed(1)}" y="${(y - 4.5).toFixed(1)}" width="9" height="9"/>` : pen.disc(x, y, 2.5, "");
    return `<g class="ex-line ex-${name}">${pen.path(points)}${marked.map(mark).join("")}</g>`;
  },

  // The names of two lines, each at the end of its own, [y, words, class]: apart where the lines
  // meet, and above the axis at `floor`.
  names(labels, x, floor, em) {
    const [upper, lower] = [...labels].sort((a, b) => a[0] - b[0]);
    const apart = Math.max(0, 1.25 * em - (lower[0] - upper[0])) / 2;
    const below = Math.min(lower[0] + apart, floor - 0.35 * em);
    const above = Math.min(upper[0] - apart, below - 1.25 * em);
    return [[above, upper], [below, lower]].map(([y, [, words, name]]) => pen.text(x, y + 0.35 * em, words, name)).join("");
  },
};

// `sliders`: {name: {label, min, max, step, value, said(value)}}. `heights`: of the drawing in em, with
// its panels one above the other, and side by side. `draw(values, boxes, em)` returns SVG, `say(values)`
// a text. `replaces`: the figure of the cell above shows the same, and stays for print alone.
function explorable(name, { question, sliders, panels = 1, heights, replaces = false, draw, say }) {
  const id = `explorable-${name}`;
  const root = document.getElementById(id);
  if (!root) return;

  const input = ([key, { label, min, max, step, value }]) =>
    `<p class="ex-slider"><label for="${id}-${key}">${label}</label> <b></b>
    <input type="range" id="${id}-${key}" min="${min}" max="${max}" step="${step}" value="${value}" autocomplete="off"></p>`;
  root.innerHTML = `<p class="ex-question" id="${id}-question">${question}</p>
    ${Object.entries(sliders).map(input).join("")}
    <svg aria-hidden="true" style="--stacked: ${heights[0]}; --beside: ${heights[1]}"></svg>
    <p class="ex-says"></p><output class="ex-said visually-hidden"></output>`;
  root.setAttribute("aria-labelledby", `${id}-question`);
  root.classList.toggle("ex-replaces", replaces);
  const svg = root.querySelector("svg");
  const inputs = [...root.querySelectorAll("input")];
  const keys = Object.keys(sliders);
  let saying;

  function show() {
    const values = Object.fromEntries(keys.map((key, index) => [key, Number(inputs[index].value)]));
    keys.forEach((key, index) => {
      const said = sliders[key].said(values[key]);
      inputs[index].setAttribute("aria-valuetext", said);
      inputs[index].previousElementSibling.textContent = said;
    });
    const words = say(values);
    root.querySelector(".ex-says").textContent = words;
    const style = getComputedStyle(svg), em = parseFloat(style.fontSize);
    const { clientWidth: width, clientHeight: height } = svg;
    if (width) { // not in an answer that is still hidden
      const columns = style.getPropertyValue("--columns") > 1 ? panels : 1, rows = panels / columns;
      const gap = 2.5 * em, across = (width - gap * (columns - 1)) / columns;
      const boxes = Array.from({ length: panels }, (_, index) => ({
        left: (index % columns) * (across + gap),
        top: (Math.floor(index / columns) * height) / rows,
        width: across,
        height: height / rows,
      }));
      svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      svg.innerHTML = draw(values, boxes, em);
    }
    return words;
  }

  root.addEventListener("input", () => {
    const words = show();
    // Said once the reader's hand rests, not at each step.
    clearTimeout(saying);
    saying = setTimeout(() => (root.querySelector(".ex-said").textContent = words), 700);
  });
  root.hidden = false;
  show();
  new ResizeObserver(show).observe(svg);
}
