"""Each page of the built site in a real browser. One load serves all its checks: they are slow."""

import os
import re
from contextlib import closing
from functools import cache

import pytest
import weight
from fontTools.ttLib import TTFont
from playwright.sync_api import expect
from questions import (
    AT_REST,
    OF_COLOURS,
    OF_FIGURES,
    OF_SENTENCES,
    ONE_OF_EACH_WORD,
    WITHOUT_SHAPES,
    fits,
    found_by_axe,
    with_axe,
)

from tools.book.settings import pages
from tools.paths import CACHE, HTML

PAGES = pages()
EVERY = [*PAGES, "404", "genindex", "py-modindex", "search"]  # and what Sphinx adds
PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 900}

KEY_PAGES = [
    "index",
    "paper/weight-scaling",
    "reference/questions",
    "reference/misconceptions",
    "assignments/inverted-dropout",
]

# Some time after a change of width or text the theme makes what is too wide a stop of the Tab key:
# ask now and then, not at each picture.
SCROLLED_BY_KEYS = """() => [
    ...document.querySelectorAll("pre, div.math, .pst-scrollable-table-container")
  ].every(e => e.tabIndex === 0
    || e.scrollWidth <= e.clientWidth && e.scrollHeight <= e.clientHeight)"""

# The names of two folds that lie one over the other.
OVERLAPPING = """() => {
  const names = [...document.querySelectorAll("article summary[data-printed] > span")]
    .filter(e => e.checkVisibility())
    .map(e => {
      const words = document.createRange();
      words.selectNodeContents(e);
      return [e.textContent, words.getBoundingClientRect()];
    });
  return names.slice(1).flatMap(([name, b], i) => {
    const [before, a] = names[i];
    const beside = a.right <= b.left || b.right <= a.left;
    const below = a.bottom <= b.top + 2 || b.bottom <= a.top + 2;
    return !beside && !below ? [`${before} × ${name}`] : [];
  });
}"""

# What of the text cannot be seen, though it is neither folded nor for scripts alone.
HIDDEN = """() => [...document.querySelectorAll("article :is(p, pre, table, svg)")]
  .filter(e => e.innerHTML.trim() && !e.closest("details, [hidden]") && !e.checkVisibility())
  .map(e => e.outerHTML.slice(0, 200))"""

# The formulas that take no room; one in a fold has none to take.
NOT_DRAWN = """() => [...document.querySelectorAll("article .math")]
  .filter(e => e.checkVisibility() && !e.querySelector("mjx-math")?.offsetWidth)
  .map(e => e.textContent)"""

# The font and the sign of each box that MathJax has drawn, and the files of its fonts.
DRAWN = """() => [...document.querySelectorAll('mjx-container *')].map(box => {
    const style = getComputedStyle(box, '::before');
    return [style.fontFamily, style.content];
}).filter(([_, sign]) => /^"./.test(sign))"""
FONTS = """() => [...document.styleSheets].flatMap(sheet => [...sheet.cssRules])
  .filter(rule => rule instanceof CSSFontFaceRule)
  .map(rule => [rule.style.getPropertyValue('font-family'), rule.style.src])"""


@pytest.fixture(scope="module")
def tab(browser, browser_context_args):
    """One tab for all pages: scripts and fonts are fetched and compiled once."""
    with_copies = browser_context_args | {"service_workers": "allow"}
    with closing(browser.new_context(**with_copies)) as context:
        yield context.new_page()


@pytest.fixture
def page(tab):
    """The tab, with no page in it, which would follow what is set for the next one."""
    tab.goto("about:blank")
    tab.set_viewport_size(DESKTOP)
    tab.emulate_media(color_scheme="light", forced_colors="none")
    return tab


@pytest.fixture
def errors(page):
    """What goes wrong in the page."""
    found = []
    heard = {
        "console": lambda m: found.append(m.text) if m.type in ("error", "warning") else None,
        "pageerror": lambda e: found.append(str(e)),
        "requestfailed": lambda r: found.append(f"not loaded: {r.url}"),
        "response": lambda r: found.append(f"{r.status}: {r.url}") if not r.ok else None,
    }
    for event, hear in heard.items():
        page.on(event, hear)
    yield found
    for event, hear in heard.items():
        page.remove_listener(event, hear)


@pytest.fixture
def asked(page):
    """The addresses that the page has asked for."""
    found = set()

    def hear(request):
        found.add(request.url)

    page.on("request", hear)
    yield found
    page.remove_listener("request", hear)


@pytest.fixture(scope="module")
def known():
    """What axe has let pass on the pages before."""
    return set()


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    """A folder for what the pages ask for, one for the workers of a run."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "weights"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.mark.parametrize("name", EVERY)
def test_opens_without_an_error_fits_each_screen_and_is_accessible(
    page, errors, asked, base_url, weights, known, name
):
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="dark")
    page.goto(f"/{name}.html")
    page.evaluate("document.fonts.ready")
    weight.asked_ahead(page, asked)  # the next page
    at_first = set(asked)
    used = at_first - weight.fonts_not_used(page)
    assert weight.too_heavy(name, used, base_url, weights) == []

    assert page.evaluate(OVERLAPPING) == []
    assert page.locator("mjx-merror").count() == 0
    assert not_in_the_fonts(page) == set()
    assert fits(page) == {}
    if name in KEY_PAGES:
        take_pictures(page, name)

    # Only a desktop, the last to fit, shows the sidebars, which are much the same on all pages.
    # While the theme makes its stops of the Tab key, ask what does not need them.
    page.evaluate(ONE_OF_EACH_WORD)
    page.evaluate(WITHOUT_SHAPES)
    theme = "light" if name in KEY_PAGES else "dark"
    assert wrong_in(theme, page, known, OF_COLOURS) == []
    page.wait_for_function(SCROLLED_BY_KEYS, polling=50)
    if name in KEY_PAGES:
        assert wrong_in("dark", page, known) == []
    page.set_viewport_size(PHONE)
    # What is stored, and what is worn.
    both = [("dark", "light"), ("light", "dark")] if page.evaluate(OF_FIGURES) else []
    for theme, other in both:
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        page.emulate_media(color_scheme=other, forced_colors="active")
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        assert page.evaluate(OF_FIGURES) in ([], [page.evaluate(OF_SENTENCES)])
    page.emulate_media(forced_colors="none")
    page.wait_for_function(SCROLLED_BY_KEYS, polling=50)
    assert wrong_in("light", page, known) == []

    page.wait_for_load_state("networkidle")  # by now it has long been so
    # Only fonts come later: those of what is out of sight at first.
    assert [address for address in asked - at_first if not address.endswith(weight.FONTS)] == []
    assert not errors


def take_pictures(page, name):
    """To look at, compared with nothing: CI keeps the pictures for people."""
    for width, theme in (PHONE["width"], "dark"), (DESKTOP["width"], "light"):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        page.locator(f"html[data-theme={theme}]").wait_for()
        file = CACHE / "screenshots" / f"{re.sub('/', '-', name)}-{width}-{theme}.png"
        # The theme slides its sidebars: a picture taken in between shows the page cut off.
        page.screenshot(path=file, full_page=True, animations="disabled")
        assert file.stat().st_size


def not_in_the_fonts(page):
    """The signs of formulas that are not in the font that was sent, with their font.

    The fonts are cut: book/dropout_site/formulas says what stays.
    """
    folder = HTML / "_static/fonts"
    files, missing = {}, set()
    for family, source in page.evaluate(FONTS):
        file = re.search(r"MathJax_[\w-]+\.woff", source)
        if file:
            files[family.strip('"')] = file[0]
    drawn = page.evaluate(DRAWN)
    assert files or not drawn
    for families, sign in drawn:
        names = [family.strip('" ') for family in families.split(",")]
        known = set().union(*(covered(folder / files[n]) for n in names if n in files))
        missing |= {(families, c) for c in sign.strip('"') if ord(c) not in known}
    return missing


@cache
def covered(font):
    return set(TTFont(font).getBestCmap())


def wrong_in(theme, page, known, rules=None):
    """What axe finds wrong in a theme by these rules, or by all, a line each."""
    page.emulate_media(color_scheme=theme)
    page.locator(f"html[data-theme={theme}]").wait_for()
    page.evaluate(AT_REST)
    with_axe(page)
    return found_by_axe(page, known, rules)


@pytest.mark.parametrize("wrong", ["article p", "pre .mf"])
def test_axe_finds_what_is_wrong(page, wrong):
    page.goto("/index.html")
    page.add_style_tag(content=f"{wrong} {{ color: #999 !important }}")
    page.evaluate(ONE_OF_EACH_WORD)
    assert any("color-contrast" in line for line in wrong_in("light", page, set(), OF_COLOURS))


def test_one_word_of_each_colour_is_left(page):
    colours = """() => [...new Set([...document.querySelectorAll("article pre, article pre *")]
      .filter(e => [...e.childNodes].some(c => c.nodeType === 3 && c.data.trim()))
      .map(e => getComputedStyle(e).color))].sort()"""
    page.goto("/pytorch/inside.html")
    before = page.evaluate(colours), page.locator("article").text_content()
    words = page.locator("article pre span").count()
    page.evaluate(ONE_OF_EACH_WORD)
    assert (page.evaluate(colours), page.locator("article").text_content()) == before
    assert page.locator("article pre span").count() < words / 4


def test_a_sign_that_is_not_in_a_font_is_found(page):
    page.goto("/paper/weight-scaling.html", wait_until="networkidle")
    page.add_style_tag(content='mjx-mi mjx-c::before { content: "Ж" !important }')
    assert {sign for _, sign in not_in_the_fonts(page)} == {"Ж"}


def test_a_wide_formula_is_scrolled_by_keys(page):
    page.set_viewport_size(PHONE)
    page.goto("/paper/penalty.html")
    page.wait_for_function(SCROLLED_BY_KEYS, polling=50)
    wide = "all => all.filter(e => e.scrollWidth > e.clientWidth).map(e => e.tabIndex)"
    stops = page.locator("article div.math").evaluate_all(wide)
    assert stops
    assert set(stops) == {0}


@pytest.fixture(scope="module")
def page_without_scripts(browser, browser_context_args):
    with closing(browser.new_context(**browser_context_args, java_script_enabled=False)) as context:
        yield context.new_page()


@pytest.mark.parametrize("name", PAGES)
def test_reads_without_scripts(page_without_scripts, name):
    page = page_without_scripts
    page.goto("about:blank")  # the page before would follow what is set for this one
    page.set_viewport_size(PHONE)
    page.goto(f"/{name}.html")
    assert page.locator("article h1").is_visible()
    assert page.evaluate(HIDDEN) == []
    assert page.evaluate(NOT_DRAWN) == []
    # The next page by the footer, on a phone; on a wide screen the contents stand at the left.
    assert page.locator(".prev-next-footer a").first.is_visible()
    page.set_viewport_size(DESKTOP)
    contents = page.locator(".bd-sidebar-primary .bd-docs-nav [open] a")  # a fold needs no script
    assert contents.count()
    expect(contents.filter(visible=True)).to_have_count(contents.count())  # they slide in
