"""What is asked of a page in every engine, once for all of them: functions in JavaScript."""

from axe_playwright_python.sync_playwright import Axe

# 320 is 1280 at 400 %, as in WCAG 1.4.10; 640 is it at 200 %. Pages open at a phone's 360, and a
# change of width is work.
WIDTHS = [360, 320, 640, 768, 1280]

# The parts that make a page scroll sideways, and a way to the next page that cannot be seen.
STICKS_OUT = """() => {
  const width = document.documentElement.clientWidth, found = [];
  if (document.documentElement.scrollWidth > width)
    for (const e of document.querySelectorAll("body *"))
      if (e.checkVisibility() && e.getBoundingClientRect().right > width + 0.5)
        found.push(e.outerHTML.slice(0, 150));
  for (const e of document.querySelectorAll(".prev-next-footer a")) {
    const { left, right } = e.getBoundingClientRect();
    if (left < -0.5 || right > width + 0.5) found.push(`${e.innerText}: ${left} to ${right}`);
  }
  return found;
}"""

# What a reader may set, after which all text is to be there: WCAG 1.4.12.
SPACED = """body, body * { line-height: 1.5 !important; letter-spacing: .12em !important;
  word-spacing: .16em !important; } p { margin-bottom: 2em !important; }"""
# Text that its box cuts off.
CUT_OFF = """() => [...document.querySelectorAll(
    "article :is(p, li, h1, h2, h3, td, th, summary, button, label)")]
  .filter(e => e.checkVisibility() && e.innerText.trim()
    && /hidden|clip/.test(getComputedStyle(e).overflowX + getComputedStyle(e).overflowY)
    && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1))
  .map(e => e.outerHTML.slice(0, 150))"""

SPACED_OUT = f"""(css) => {{
  const style = document.createElement("style");
  style.append(css);
  document.head.append(style);
  const found = [...({STICKS_OUT})(), ...({CUT_OFF})()];
  style.remove();
  return found;
}}"""

# The theme's colours fade and its sidebars slide: what lies between is nobody's.
AT_REST = "document.getAnimations().forEach(change => change.finish())"

# A page has thousands of coloured words of code. Words whose classes are the same, and those of all
# that is around them, have the same colours: the first is left, the others become plain text.
ONE_OF_EACH_WORD = """() => {
  const seen = new Set();
  const words = document.querySelectorAll("article :is(span, em, code):not(table *)");
  for (const word of [...words].reverse()) {  // the inner ones first
    if (word.firstElementChild || word.getAttributeNames().join() !== "class") continue;
    let kind = "";
    for (let e = word; e; e = e.parentElement) kind += `${e.tagName}.${e.className} `;
    if (seen.has(kind)) word.replaceWith(word.textContent);
    seen.add(kind);
  }
}"""

# What is drawn and never read: the signs of formulas, whose words stand beside them, and the shapes
# of figures. axe would look at each. A formula keeps its size, as what scrolls is asked for.
WITHOUT_SHAPES = """() => {
  for (const formula of document.querySelectorAll("mjx-math[aria-hidden=true]")) {
    const { width, height } = formula.getBoundingClientRect();
    Object.assign(formula.style, {
      display: "inline-block", width: `${width}px`, height: `${height}px`,
    });
  }
  const shapes = ":is(path, use, rect, circle, line, polygon, polyline)";
  const said = /^(id|role|lang|title|tabindex|accesskey|aria-.*|on.*)$/;
  const all = document.querySelectorAll(`mjx-math[aria-hidden=true] *, article svg ${shapes}`);
  for (const e of [...all].reverse())  // the inner ones first
    if (!e.firstChild && (e.localName.startsWith("mjx-") || e.closest("svg"))
        && !e.getAttributeNames().some((name) => said.test(name))) e.remove();
}"""

# axe takes a millisecond for the contrast of a text. So it is asked for one of all that have the
# same colour, size and weight, and the same painted behind them; and for none that it has let pass
# on another page. So it is with links, by all that can tell them from the text around.
_ONE_OF_EACH_COLOUR = r"""
  const LINKS = "a[href], [role=link]";
  const painted = new Map([[null, ""]]), seen = new Set(known);
  const behind = (e) => {
    if (painted.has(e)) return painted.get(e);
    const { backgroundColor, backgroundImage, opacity, filter } = getComputedStyle(e);
    const own = [backgroundColor, backgroundImage, opacity, filter].join();
    const below = behind(e.parentElement);
    painted.set(e, own === "rgba(0, 0, 0, 0),none,1,none" ? below : `${below} ${own}`);
    return painted.get(e);
  };
  const look = (e) => {
    const { color, fontSize, fontWeight, textShadow } = getComputedStyle(e);
    return [color, fontSize, fontWeight, textShadow, behind(e)].join();
  };
  const set_apart = (e) => {
    const { fontFamily, fontStyle, textDecoration, borderTop, borderBottom } = getComputedStyle(e);
    return [look(e), fontFamily, fontStyle, textDecoration, borderTop, borderBottom].join();
  };
  // axe judges no text without a letter or a digit, none in a figure, and none out of sight.
  const judged = (e) => {
    const text = [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join("");
    if (!/[\p{L}\p{N}]/u.test(text) || e.closest("svg, mjx-assistive-mml, .tex")) return false;
    return e.checkVisibility({ visibilityProperty: true })
      && e.getBoundingClientRect().bottom + scrollY > 0;
  };
  // Nor a link in a block that has less text than links.
  const length = (e) => e.textContent.replace(/\s+/g, " ").length;
  const among_text = (block) => {
    const links = [...block.querySelectorAll(LINKS)].map(length).reduce((sum, n) => sum + n, 0);
    return length(block) > 2 * links || block.querySelector("br, hr") !== null;
  };
  const ask = (e, as, kind) => {
    e.removeAttribute(as);
    if (!seen.has(kind)) e.setAttribute(as, kind);
    seen.add(kind);
  };
  for (const e of document.body.querySelectorAll("*")) {
    e.removeAttribute("data-contrast");
    if (judged(e)) ask(e, "data-contrast", look(e));
  }
  for (const link of document.body.querySelectorAll(LINKS)) {
    let around = link.parentElement;
    while (getComputedStyle(around).display === "inline") around = around.parentElement;
    link.removeAttribute("data-link");
    if (!link.checkVisibility({ visibilityProperty: true }) || !among_text(around)) continue;
    const { content: before } = getComputedStyle(link, "::before");
    const { content: after } = getComputedStyle(link, "::after");
    ask(link, "data-link", ["link", set_apart(link), before, after, set_apart(around)].join());
  }
"""

# What axe finds: by the rules that a theme can break, or by all that it has but for those in OFF;
# and what it has let pass. It need not fetch the stylesheets once more: they are of this host.
OF_COLOURS = ["color-contrast", "link-in-text-block"]
OFF = {
    "color-contrast-enhanced": "7:1 is level AAA; the book holds AA",
    "focus-order-semantics": "what scrolls is a stop of Tab; a landmark for each would be noise",
    "hidden-content": "it only lists what is hidden, for people to look at, and finds no fault",
    "label-content-name-mismatch": "the button says its keys beside its name",
    "region": "the theme's title above the contents is in none",
    "td-has-header": "25 units are a table without headers, and so is Sphinx's index",
}
FOUND_BY_AXE = f"""async ([rules, known]) => {{
  {_ONE_OF_EACH_COLOUR}
  if (rules && !document.querySelector("[data-contrast], [data-link]")) return [[], []];
  axe.configure({{ rules: [
    {{ id: "color-contrast", selector: "[data-contrast]" }},
    {{ id: "link-in-text-block", selector: "[data-link]" }},
  ] }});
  axe.addReporter("brief", (rules, options, done) => {{
    const found = rules.flatMap(({{ id, violations }}) => violations.map(({{ node, ...checks }}) =>
      `${{id}}: ${{node.source.slice(0, 200)}}: ${{
        [checks.any, checks.all, checks.none].flat().map((check) => check.message).join("; ")}}`));
    const passed = (id, as) => rules.filter((rule) => rule.id === id).flatMap(
      ({{ passes }}) => passes.map(({{ node }}) => node.element.getAttribute(as)));
    done([found, [...passed("color-contrast", "data-contrast"),
      ...passed("link-in-text-block", "data-link")]]);
  }});
  const all = axe.getRules().map(({{ ruleId }}) => [ruleId, {{ enabled: !(ruleId in {OFF}) }}]);
  const asked = rules ? {{ runOnly: rules }} : {{ rules: Object.fromEntries(all) }};
  return axe.run(document, {{ reporter: "brief", preload: false, ...asked }});
}}"""

# Take away all that is not around the first of what is selected: axe reads the page at each run.
ALONE = """(selector) => {
  for (let e = document.querySelector(selector); e !== document.body; e = e.parentElement)
    for (const other of [...e.parentElement.children])
      if (other !== e && !other.matches("script, style, link")) other.remove();
}"""

# The colours of the words in figures, and of those in sentences.
OF_FIGURES = """() => [...new Set([...document.querySelectorAll("article svg text")]
  .map(e => getComputedStyle(e).fill))]"""
OF_SENTENCES = "getComputedStyle(document.body).color"

# The page as it is printed: the rules for paper are taken for a screen's, and the reverse.
ON_PAPER = """() => {
  const turned = (media) => {
    const words = media.mediaText;
    media.mediaText = words.replace(/print|screen/g, (w) => (w === "print" ? "all" : "not all"));
  };
  const inside = (rules) => {
    for (const rule of rules) {
      if (rule instanceof CSSMediaRule) turned(rule.media);
      if (rule.cssRules) inside(rule.cssRules);
    }
  };
  for (const sheet of document.styleSheets) {
    turned(sheet.media);
    inside(sheet.cssRules);
  }
  dispatchEvent(new Event("beforeprint"));
}"""


def fits(page):
    """What is not as it should be on each screen, the narrowest with spaced text too."""
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found[width] = page.evaluate(f"() => {{ {AT_REST}; return ({STICKS_OUT})(); }}")
        if width == min(WIDTHS):
            found["spaced"] = page.evaluate(SPACED_OUT, SPACED)
    return {where: what for where, what in found.items() if what}


def found_by_axe(page, known, rules=None):
    """What axe finds wrong by these rules, or by all, a line each.

    Args:
        page: The page, with axe in it.
        known: What axe has let pass in this engine: that is not asked again, and what it lets pass
            here comes to it.
        rules: Some of `OF_COLOURS`, or None for all rules but those in `OFF`.
    """
    found, passed = page.evaluate(FOUND_BY_AXE, [rules, list(known)])
    known.update(passed)
    return found


# The whole report would have the way to each element that passes.
WRONG_WITHIN = """(context) => axe.run(context, { resultTypes: ["violations"], preload: false })
  .then(({ violations }) => violations.map((rule) => [rule.id, rule.nodes[0].html]))"""


def wrong_within(page, context):
    """What axe finds wrong in a part of the page, by its own rules: (rule, element) each."""
    with_axe(page)
    return page.evaluate(WRONG_WITHIN, context)


def with_axe(page):
    if not page.evaluate("'axe' in window"):  # half a megabyte: once a page
        page.evaluate(Axe().axe_script)
