"""A page on paper: the text, its figures and all its code, on white, and nothing to click."""

import pytest

PAGE = "/paper/weight-scaling.html"
GONE = [
    "#pst-primary-sidebar",
    "#pst-secondary-sidebar",
    ".prev-next-footer",
    "#jb-print-docs-body",
]
GONE += [".bd-header-article", "#pst-back-to-top", ".copybtn", ".headerlink"]


@pytest.fixture
def printed(page):
    """The page in dark mode, as it stands while it is printed."""
    page.emulate_media(color_scheme="dark")
    page.goto(PAGE, wait_until="networkidle")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    return page


def test_only_what_is_read_is_printed(printed):
    assert [s for s in GONE if printed.locator(f"{s}:visible").count()] == []
    assert printed.locator("article h1").is_visible()
    assert printed.locator("article svg.inline-svg").first.is_visible()


def test_what_is_folded_is_opened_and_folded_again(printed):
    folded = printed.locator("article details")
    assert folded.count() > 0
    assert printed.locator("article details:not([open])").count() == 0
    fading = "all => all.filter(e => getComputedStyle(e).animationName !== 'none').length"
    assert printed.locator("article details *").evaluate_all(fading) == 0
    printed.evaluate("dispatchEvent(new Event('afterprint'))")
    assert printed.locator("article details[open]").count() == 0
    assert printed.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_fold_is_no_button_on_paper(printed):
    folds = printed.locator("article summary[data-printed]")
    assert folds.count() > 0
    shown = "all => all.map(e => getComputedStyle(e, '::before').content)"
    names = folds.evaluate_all("all => all.map(e => JSON.stringify(e.dataset.printed))")
    assert folds.evaluate_all(shown) == names
    assert "".join(folds.all_inner_texts()).strip() == ""


def test_the_dark_theme_is_printed_light(printed):
    colours = "e => [getComputedStyle(e).color, getComputedStyle(document.body).backgroundColor]"
    text, ground = printed.locator("article p").first.evaluate(colours)
    dark, light = (sum(map(int, c.strip("rgba()").split(",")[:3])) / 3 for c in (text, ground))
    assert (dark < 100, light > 250) == (True, True)


def test_no_code_is_cut_off(printed):
    printed.set_viewport_size({"width": 700, "height": 1000})  # A4 between its margins
    wide = "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).length"
    assert printed.locator("article pre").evaluate_all(wide) == 0


def test_a_browser_that_prints_sends_the_event(page):
    page.goto(PAGE)
    page.evaluate("addEventListener('beforeprint', () => { window.printed = true; })")
    page.pdf()
    assert page.evaluate("window.printed")
