// The playground on the page: shows a state, and changes it at the reader's hand. All that is shown
// is a function of five things: p, who scales, the mode, how many masks, and the seed.
"use strict";

(() => {
  const root = document.getElementById("playground");
  const find = (selector) => root.querySelector(selector);
  const slider = find("input[type=range]");
  const buttons = [...root.querySelectorAll(".pg-buttons button")];
  const copy = find(".pg-link button");
  const chart = find(".pg-chart");
  const cells = (selector) => [...root.querySelectorAll(`${selector} td`)];
  const out = cells(".pg-out");
  const means = cells(".pg-means");
  const rows = [...root.querySelectorAll(".pg-table tbody tr")];
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  // Three digits, and none for show: 2, 1.25, 6.67.
  const short = (value) => String(Number(value.toPrecision(3)));
  const plural = (count) => `${address.spaced(count)} mask${count === 1 ? "" : "s"}`;
  const newSeed = () => Math.floor(Math.random() * address.SEEDS);

  const given = { p: Number(slider.defaultValue), seed: newSeed() };
  const { state, notes } = address.read(location.search, Object.keys(dropout.KINDS), given);
  let shown = state.masks; // runs after state.masks, so that one sees the mean settle

  // --- What is shown ---------------------------------------------------------------------------

  function show() {
    const { p, kind, mode, seed } = state;
    const training = mode === "train";
    const ran = dropout.run(seed, p, shown);
    const value = dropout.keptValue(kind, p);
    const evaluation = dropout.evaluationValue(kind, p);
    const exact = dropout.exact(kind, p);
    const seen = dropout.observed(kind, p, ran.kept, dropout.UNITS * shown);

    root.dataset.kind = kind;
    slider.value = p;
    find(".pg-value").textContent = `= ${p.toFixed(2)}`;
    find(".pg-p span").textContent = `keep with q = ${(1 - p).toFixed(2)}`;
    slider.setAttribute("aria-valuetext", `p is ${short(p)}, q is ${short(1 - p)}`);
    find(`[name=pg-kind][value=${kind}]`).checked = true;
    find(`[name=pg-mode][value=${mode}]`).checked = true;

    find(".pg-try").innerHTML = prompt(training, exact.mean === evaluation);
    showOutput(training, ran.mask, value, evaluation);
    showMeans(ran.keptOf, value, exact.mean);
    for (const button of buttons) {
      const works = button.value === "0" || (training && state.masks < address.MOST_MASKS);
      button.setAttribute("aria-disabled", !works);
    }
    showTable(exact, seen);
    find(".pg-verdict").textContent = verdict(exact.mean, evaluation);
    draw(ran.path, exact, evaluation);
    find(".pg-link a").search = address.write(location.search, state);
  }

  // One thing to do at a time: the next one that the state has not seen.
  function prompt(training, agree) {
    if (!training) return "Evaluation draws no mask. All units are there.";
    if (!agree) return "Nothing crashes. How far apart are training and evaluation?";
    if (state.masks === address.MOST_MASKS) return `${plural(state.masks)} are the most.`;
    if (state.masks > 99) return "And if nobody scales? Choose <b>none</b>.";
    if (state.masks > 1 || state.p !== given.p) return "Where do the means go? Draw <b>100 masks</b>.";
    return "Drag <b>p</b>: what becomes of the ones that are kept?";
  }

  function showOutput(training, mask, value, evaluation) {
    const { p, kind } = state;
    const values = training ? dropout.trainValues(mask, kind, p) : out.map(() => evaluation);
    out.forEach((cell, unit) => {
      const dropped = training && !mask[unit];
      cell.textContent = short(values[unit]);
      cell.className = dropped ? "pg-dropped" : values[unit] === 1 ? "" : "pg-scaled";
    });
    find(".pg-out caption").textContent = `Output, ${state.mode}`;
    const kept = mask.filter(Boolean).length;
    find(".pg-out ~ .pg-key").textContent = training ? `${kept} kept, ${mask.length - kept} dropped` : "All are kept";
    const [who, sign, result] = training ? ["A kept 1", "÷", value] : ["Each 1", "×", evaluation];
    find(".pg-one").innerHTML = training && !kept ? "None is kept" : `${who} ` +
      (result === 1 ? "stays <b>1</b>" : `becomes <span>1 ${sign} ${short(1 - p)} =</span> <b>${short(result)}</b>`);
  }

  function showMeans(keptOf, value, exactMean) {
    means.forEach((cell, unit) => {
      const mean = (keptOf[unit] * value) / shown;
      cell.textContent = mean.toFixed(2);
      // Of the cell's height: its middle is the exact mean.
      cell.style.setProperty("--pg-level", exactMean ? Math.min(mean / exactMean / 2, 1) : 0);
    });
    // Of one mask the means are its output: then a word on the kept ones stands there instead.
    const many = shown > 1;
    find(".pg-one").hidden = many;
    find(".pg-means").hidden = !many;
    find(".pg-means ~ .pg-key").textContent = many
      ? `In training, over ${plural(shown)}. Each cell’s marks: the exact mean, ${short(exactMean)}.` : "";
  }

  function showTable(exact, seen) {
    const fill = (row, sofar, expected, fate) => {
      rows[row].cells[1].textContent = sofar;
      rows[row].cells[2].textContent = expected;
      rows[row].cells[3].textContent = fate;
    };
    const random = exact.spread > 0;
    fill(0, seen.mean.toFixed(3), short(exact.mean), random ? "settles" : "");
    fill(1, seen.spread.toFixed(3), short(exact.spread), random ? "stays" : "");
  }

  function verdict(mean, evaluation) {
    if (mean === evaluation) {
      return `Training gives ${short(mean)} on average, evaluation ${short(evaluation)}: they agree.`;
    }
    const factor = mean ? `: ${short(evaluation / mean)} times what the next layer was trained on.`
      : ": the next layer was trained on nothing.";
    return `Training gives ${short(mean)} on average, evaluation ${short(evaluation)}${factor}`;
  }

  // --- The chart: what is expected as areas, what was seen as lines -----------------------------

  function draw(path, exact, evaluation) {
    const em = parseFloat(getComputedStyle(chart).fontSize);
    const width = chart.clientWidth, height = chart.clientHeight;
    if (!width) return; // its fold is closed; the observer calls once it is open
    const roomy = width > 18 * em; // for labels beside the lines, and for a third power of ten
    const left = 2.6 * em, right = width - (roomy ? 5.8 : 0.5) * em;
    const top = 2 * em, bottom = height - 1.7 * em;
    // One scale for all four kinds, so that one sees what scaling does.
    const widest = dropout.exact("inverted", state.p).spread;
    const low = Math.min(-0.2, 1 - 1.25 * widest), high = Math.max(1.6, 1 + 1.25 * widest);
    const x = (masks) => left + ((right - left) * Math.log(masks)) / Math.log(address.MOST_MASKS);
    const y = (value) => top + ((bottom - top) * (high - value)) / (high - low);
    const at = (masks, value) => `${x(masks).toFixed(1)},${y(value).toFixed(1)}`;
    const line = (value) => `M${path.map((point) => at(point.masks, value(point))).join("L")}`;
    const seen = ({ masks, kept }) => dropout.observed(state.kind, state.p, kept, dropout.UNITS * masks);
    const level = (value, name) =>
      `<path class="${name}" d="M${at(1, value)}H${right}"/>`;
    const text = (px, py, words, anchor, name = "") =>
      `<text x="${px.toFixed(1)}" y="${py.toFixed(1)}" text-anchor="${anchor}" class="${name}">${words}</text>`;

    let svg = text(0, em, "Mean of all values", "start", "pg-strong");
    const zero = y(0) + 0.35 * em, mean = y(exact.mean) + 0.35 * em;
    svg += text(left - 0.4 * em, mean, short(exact.mean), "end");
    if (zero - mean > em) svg += text(left - 0.4 * em, zero, 0, "end");
    svg += `<clipPath id="pg-clip"><path d="M0,${top}H${width}V${bottom}H0Z"/></clipPath><g clip-path="url(#pg-clip)">`;
    svg += `<path class="pg-band" d="M${at(1, exact.mean + exact.spread)}H${right}V${y(exact.mean - exact.spread)}H${left}Z"/>`;
    svg += level(0, "pg-zero");
    if (evaluation !== exact.mean) svg += level(evaluation, "pg-eval");
    svg += level(exact.mean, "pg-exact");
    const last = path.at(-1), now = seen(last);
    for (const sign of [1, -1]) {
      svg += `<path class="pg-edge" d="${line((point) => seen(point).mean + sign * seen(point).spread)}"/>`;
    }
    svg += `<path class="pg-line" d="${line((point) => seen(point).mean)}"/>`;
    svg += `<circle class="pg-now" r="4" cx="${x(last.masks)}" cy="${y(now.mean)}"/>`;
    svg += "</g>";
    for (let masks = 1; masks <= address.MOST_MASKS; masks *= roomy ? 100 : address.MOST_MASKS) {
      const anchor = masks === 1 ? "start" : masks < address.MOST_MASKS ? "middle" : "end";
      svg += text(x(masks), height - 0.4 * em, address.spaced(masks), anchor);
    }
    if (roomy) svg += text(right + 0.4 * em, height - 0.4 * em, "masks", "start");

    // The two levels that should be one, each labelled at its line, and the labels apart.
    const labels = [[exact.mean, `mean ${short(exact.mean)}`], [evaluation, `eval ${short(evaluation)}`]];
    labels.sort((a, b) => b[0] - a[0]);
    const apart = Math.max(0, 1.25 * em - (y(labels[1][0]) - y(labels[0][0]))) / 2;
    labels.forEach(([value, words], lower) => {
      const py = y(value) + 0.35 * em + (lower ? apart : -apart);
      svg += roomy ? text(right + 0.4 * em, py, words, "start", "pg-strong")
        : text(right, y(value) + (lower ? 1.1 : -0.4) * em, words, "end", "pg-strong");
    });
    const half = y(exact.mean) - y(exact.mean + exact.spread);
    const above = evaluation <= exact.mean;
    // Off the lines: in the half of the band without eval, or beyond the band if it is narrow.
    const inside = half > 1.8 * em;
    const px = x(last.masks);
    const off = (y(exact.mean) - y(now.mean)) * (above ? 1 : -1); // of the dot, to this side
    const distance = inside ? Math.max(off, 0) + 0.6 * em : Math.max(off, half) + 0.4 * em;
    svg += text(px, y(exact.mean) + (above ? 0.1 * em - distance : 0.7 * em + distance), "so far",
      px > right - 2 * em ? "end" : px < left + 2 * em ? "start" : "middle", "pg-seen");
    // The band's edges, if they are clear of the labels beside them.
    if (roomy) for (const sign of [1, -1]) {
      const py = y(exact.mean + sign * exact.spread);
      const near = Math.min(...labels.map(([value]) => Math.abs(y(value) - py)));
      if (near > 1.25 * em + apart) svg += text(right + 0.4 * em, py + 0.35 * em, `${sign > 0 ? "+" : "−"} spread`, "start");
    }
    chart.setAttribute("viewBox", `0 0 ${width} ${height}`);
    chart.innerHTML = svg;
  }

  // --- What the reader does ---------------------------------------------------------------------

  let saying, saving;

  function change(changes) {
    Object.assign(state, changes);
    copy.textContent = "Copy link"; // what was copied is no longer what is shown
    if (!("masks" in changes)) shown = state.masks;
    show();
    // Both wait for the reader's hand to rest: a screen reader, and browsers that limit how often.
    clearTimeout(saying);
    saying = setTimeout(say, 700);
    clearTimeout(saving);
    saving = setTimeout(() => history.replaceState(history.state, "", find(".pg-link a").search + location.hash), 300);
  }

  function say() {
    if (shown < state.masks) {
      saying = setTimeout(say, 100); // the numbers still run
      return;
    }
    const words = [find(".pg-out caption"), find(shown > 1 ? ".pg-out ~ .pg-key" : ".pg-one")].map((e) => e.textContent);
    words.push(`Mean of ${plural(state.masks)}: ${rows[0].cells[1].textContent}, exact ${rows[0].cells[2].textContent}`);
    if (find("details").open) words.push(`Spread ${rows[1].cells[1].textContent}, exact ${rows[1].cells[2].textContent}`);
    words.push(find(".pg-verdict").textContent);
    find(".pg-said").textContent = words.filter(Boolean).map((part) => part.replace(/\.$/, "")).join(". ");
  }

  function drawMasks(more) {
    const target = Math.min(state.masks + more, address.MOST_MASKS);
    shown = more === 1 || still.matches ? target : state.masks;
    change({ masks: target });
    if (shown < target) follow(shown, target, performance.now());
  }

  // By the clock and not by the frame: a slow machine shows fewer steps, and is done as soon.
  function follow(from, target, start) {
    requestAnimationFrame((now) => {
      if (target !== state.masks || shown === target) return; // the reader went on
      const share = Math.min(Math.max((now - start) / 600, 0), 1);
      shown = Math.round(from + (target - from) * share);
      show();
      follow(from, target, start);
    });
  }

  for (const button of buttons) {
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") === "true") return;
      if (button.value === "0") {
        shown = address.START.masks;
        change({ masks: shown, seed: newSeed() });
      } else {
        drawMasks(Number(button.value));
      }
    });
  }
  // If there is no clipboard, or the browser refuses it, there is the plain link.
  const offer = (copies) => {
    copy.hidden = !copies;
    find(".pg-link a").hidden = copies;
  };
  offer("clipboard" in navigator);
  copy.addEventListener("click", () => {
    navigator.clipboard.writeText(find(".pg-link a").href).then(() => {
      copy.textContent = find(".pg-said").textContent = "Copied";
    }, () => offer(false));
  });
  slider.addEventListener("input", () => change({ p: address.onStep(Number(slider.value)) }));
  root.addEventListener("change", ({ target }) => {
    if (target.name === "pg-kind") change({ kind: target.value });
    if (target.name === "pg-mode") change({ mode: target.value });
  });

  if (notes.length) {
    find(".pg-note").textContent = `In the address, ${notes.join(" ")}`;
    find(".pg-note").hidden = false;
  }
  // For print. To a page with scripts, noscript holds text.
  const noscript = document.createElement("div");
  noscript.innerHTML = root.previousElementSibling.textContent;
  root.before(noscript.querySelector(".pg-still"));
  slider.step = 1 / address.STEPS;
  root.hidden = false;
  show();
  new ResizeObserver(show).observe(chart);
})();
