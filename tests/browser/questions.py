"""What is asked of a page in every engine, once for all of them: functions in JavaScript."""

WIDTHS = [320, 360, 640, 768, 1280]  # 320 is 1280 at 400 %, as in WCAG 1.4.10; 640 is it at 200 %

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
SET = """css => document.head.appendChild(document.createElement("style")).append(css)"""
UNSET = "() => document.head.lastElementChild.remove()"

# Text that its box cuts off.
CUT_OFF = """() => [...document.querySelectorAll(
    "article :is(p, li, h1, h2, h3, td, th, summary, button, label)")]
  .filter(e => e.checkVisibility() && e.innerText.trim()
    && /hidden|clip/.test(getComputedStyle(e).overflowX + getComputedStyle(e).overflowY)
    && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1))
  .map(e => e.outerHTML.slice(0, 150))"""

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

# axe takes a millisecond for the contrast of a text. So it is asked for one of all that have the
# same colour, size and weight, and the same painted behind them.
_ONE_OF_EACH_COLOUR = """
  const numbers = new Map(), painted = new Map([[null, -1]]), seen = new Set();
  const number = (kind) => numbers.get(kind) ?? numbers.set(kind, numbers.size).get(kind);
  const behind = (e) => {
    if (painted.has(e)) return painted.get(e);
    const { backgroundColor, backgroundImage, opacity, filter } = getComputedStyle(e);
    const own = [backgroundColor, backgroundImage, opacity, filter].join();
    const below = behind(e.parentElement);
    painted.set(e, own === "rgba(0, 0, 0, 0),none,1,none" ? below : number(`${below} ${own}`));
    return painted.get(e);
  };
  for (const e of document.body.querySelectorAll("*")) {
    e.removeAttribute("data-contrast");
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
    if (!e.checkVisibility({ visibilityProperty: true })) continue;
    const { color, fontSize, fontWeight, textShadow } = getComputedStyle(e);
    const kind = [color, fontSize, fontWeight, textShadow, behind(e)].join();
    if (!seen.has(kind)) e.setAttribute("data-contrast", "");
    seen.add(kind);
  }
"""

# What axe finds: by the rules that a theme can break, or by all that it has but for those in OFF.
# It need not fetch the stylesheets once more: they are of this host.
OF_COLOURS = ["color-contrast", "link-in-text-block"]
OFF = {
    "color-contrast-enhanced": "7:1 is level AAA; the book holds AA",
    "focus-order-semantics": "what scrolls is a stop of Tab; a landmark for each would be noise",
    "label-content-name-mismatch": "the button says its keys beside its name",
    "region": "the theme's title above the contents is in none",
    "td-has-header": "25 units are a table without headers, and so is Sphinx's index",
}
FOUND_BY_AXE = f"""async (rules) => {{
  {_ONE_OF_EACH_COLOUR}
  axe.configure({{ rules: [{{ id: "color-contrast", selector: "[data-contrast]" }}] }});
  const all = axe.getRules().map(({{ ruleId }}) => [ruleId, {{ enabled: !(ruleId in {OFF}) }}]);
  const asked = rules ? {{ runOnly: rules }} : {{ rules: Object.fromEntries(all) }};
  const options = {{ resultTypes: ["violations"], preload: false, ...asked }};
  const found = (await axe.run(document, options)).violations;
  return found.flatMap((rule) => rule.nodes.map((node) =>
    `${{rule.id}}: ${{node.html.slice(0, 200)}}: ${{node.failureSummary}}`));
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
    """What is not as it should be on each screen, the last of them with spaced text."""
    found = {}
    for width in reversed(WIDTHS):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(AT_REST)
        found[width] = page.evaluate(STICKS_OUT)
    page.evaluate(SET, SPACED)
    found["spaced"] = [*page.evaluate(STICKS_OUT), *page.evaluate(CUT_OFF)]
    page.evaluate(UNSET)
    return {where: what for where, what in found.items() if what}
