"""The site in Firefox and in WebKit: the same questions in both. All else is asked in Chromium."""

from collections import defaultdict
from contextlib import ExitStack
from functools import cache

import firefox
import pytest
import webkit
from framed import FRAME, PLACE_OF_FRAME
from questions import (
    AT_REST,
    OF_COLOURS,
    OF_FIGURES,
    OF_SENTENCES,
    ON_PAPER,
    ONE_OF_EACH_WORD,
    WIDTHS,
    fits,
    found_by_axe,
    with_axe,
)
from serving import served, until

from tools.book.settings import pages
from tools.environment import engines
from tools.environment.pyodide import COMPLETE_STAMP, RUNTIME_FOLDER, address
from tools.paths import HTML

LACKING = engines.lacking()
SIX = [
    "index",
    "paper/weight-scaling",
    "inversion/why-divide-while-training",
    "reference/questions",
    "reference/api",
    "assignments/inverted-dropout",
]
EVERY = [*pages(), "404", "genindex", "py-modindex", "search"]
# All pages in the second engine, six in the third; these show all kinds of parts that there are.
PAGES = [("Firefox", name) for name in EVERY] + [("WebKit", name) for name in SIX]
CHAPTER = "/pytorch/tokens.html"  # its first live cell needs NumPy and no matplotlib
RUNTIME = "/runtime/"
# What a reader opens by hand.
UNFOLDED = """() => {
  document.querySelectorAll(".answer").forEach((answer) => (answer.hidden = false));
  document.querySelectorAll("details").forEach((fold) => (fold.open = true));
}"""

# Whatever goes wrong in a page, from its first line on.
WATCHED = """<head><script>
window.wrong = [];
addEventListener("error", (e) => wrong.push(
  e.message ?? `not loaded: ${e.target.src ?? e.target.href}`), true);
addEventListener("unhandledrejection", (e) => wrong.push(String(e.reason)));
for (const kind of ["error", "warn"]) {
  const say = console[kind];
  console[kind] = (...words) => { wrong.push(words.join(" ")); say(...words); };
}
</script>"""


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    """A function that starts an engine once: that takes seconds."""
    with ExitStack() as running:

        @cache
        def start(name):
            if name == "WebKit":
                return running.enter_context(webkit.started())
            return running.enter_context(firefox.started(tmp_path_factory.mktemp("firefox")))

        yield start


@pytest.fixture
def engine(request, started):
    """A function that opens a page of a site, by the site's address."""
    if request.param in LACKING:
        pytest.skip(f"no {request.param}: {LACKING[request.param]}")
    page = started(request.param)

    def opened(base_url):
        page.open_frame(base_url)
        return page

    return opened


@pytest.fixture(scope="module")
def frame(tmp_path_factory):
    """What stands beside each site: the frame in which its pages are opened."""
    file = tmp_path_factory.mktemp("frame") / "frame.html"
    file.write_text(FRAME)
    return {PLACE_OF_FRAME: file}


@pytest.fixture(scope="module")
def site(frame):
    """The address of the site, whose pages note what goes wrong, with the runtime beside it."""

    def changed(page):
        return page.replace("<head>", WATCHED, 1).replace(address(), RUNTIME)

    with served(HTML, changed, {**frame, RUNTIME: f"{RUNTIME_FOLDER}/"}) as base_url:
        yield base_url


@pytest.fixture
def page(engine, site):
    page = engine(site)
    page.set_viewport_size({"width": 1280, "height": 900})
    return page


@pytest.fixture(scope="module")
def known_to():
    """What axe has let pass, by the engine."""
    return defaultdict(set)


@pytest.fixture
def known(request, known_to):
    return known_to[request.node.callspec.params["engine"]]


both = pytest.mark.parametrize("engine", ["Firefox", "WebKit"], indirect=True)


def focused(page):
    """What has the keyboard: its words, and whether a ring shows it."""
    return page.evaluate(
        """() => {
          const e = document.activeElement;
          const parts = [e, ...e.querySelectorAll("*"), e.parentElement];
          return [(e.innerText || e.name || "").trim(),
            parts.some((part) => getComputedStyle(part).outlineStyle !== "none")];
        }"""
    )


@pytest.mark.parametrize(("engine", "name"), PAGES, indirect=["engine"])
def test_each_page_fits_each_screen_in_each_light(page, known, name):
    page.goto(f"/{name}.html")
    found = fits(page)
    if name in SIX:
        page.set_viewport_size({"width": min(WIDTHS), "height": 900})
        page.evaluate(ONE_OF_EACH_WORD)
        with_axe(page)
        for theme in "light", "dark":
            page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
            page.evaluate(AT_REST)
            if pale := found_by_axe(page, known, OF_COLOURS):
                found[theme] = pale
    assert found == {}
    assert page.evaluate("wrong") == []


@pytest.mark.parametrize("engine", ["Firefox"], indirect=True)
def test_figures_keep_to_the_colours_that_are_forced(page):
    with firefox.set_to(page, "browser.display.document_color_use", 2):
        for name in SIX:
            page.goto(f"/{name}.html")
            assert page.evaluate("matchMedia('(forced-colors: active)').matches")
            for theme in "light", "dark":
                page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
                assert page.evaluate(OF_FIGURES) in ([], [page.evaluate(OF_SENTENCES)])


@both
def test_the_playground_by_keys_and_by_hand(page):
    page.goto("/index.html")
    page.evaluate("document.querySelector('#pg-p').focus()")
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.querySelector('#playground .pg-value').innerText") == "= 0.20"
    for _ in range(4):  # three buttons, then who scales
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.value") == "standard"
    assert focused(page) == ["pg-kind", True]
    page.keyboard.press("Tab")
    assert focused(page) == ["pg-mode", True]
    page.click("#playground button[value='100']")
    means = "document.querySelector('.pg-means + .pg-key').innerText.includes('over 101 masks')"
    assert until(page, f"() => {means}")
    assert until(page, "() => location.search.includes('kind=standard')")
    assert page.evaluate("wrong") == []


@both
def test_the_theme_is_changed_and_stays(page):
    page.goto("/paper/weight-scaling.html")
    colours = """() => [document.documentElement.dataset.theme,
      getComputedStyle(document.body).backgroundColor]"""
    seen = []
    for _ in range(3):
        page.click(".theme-switch-button")
        page.evaluate(AT_REST)
        seen.append(page.evaluate(colours))
    assert len(set(map(tuple, seen))) == 2
    while page.evaluate("document.documentElement.dataset.mode") != "dark":
        page.click(".theme-switch-button")
    dark = page.evaluate(colours)
    assert dark[0] == "dark"
    page.reload()
    assert page.evaluate(colours) == dark
    page.evaluate("localStorage.clear()")


@both
def test_the_search_by_keys(page):
    page.goto("/paper/why-drop.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("co-adaptation")
    first = "document.querySelector('dialog .found li > a')"
    assert until(page, f"() => {first} !== null")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(f"document.activeElement === {first}")
    page.keyboard.press("Enter")
    page.wait_for_url("**/paper/co-adaptation.html")
    assert page.evaluate("wrong") == []


@both
def test_a_citation_and_the_contents_by_keys(page):
    page.goto("/paper/weight-scaling.html")
    page.keyboard.press("Tab")  # from now on the keyboard, so that focus shows
    page.evaluate("document.querySelector('article a.cited').focus()")
    # Firefox names the attribute that it shows, and not what that says.
    shown = """() => getComputedStyle(document.activeElement, "::after").content === "none"
      ? "" : document.activeElement.dataset.source"""
    assert "Dropout: A Simple Way" in page.evaluate(shown)
    page.keyboard.press("Escape")
    assert page.evaluate(shown) == ""

    part = "document.querySelector('.bd-sidebar-primary details.part:not([open])')"
    page.evaluate(f"(window.part = {part}).querySelector('summary').focus()")
    seen = "() => [...part.querySelectorAll('a')].every(link => link.checkVisibility())"
    assert not page.evaluate(seen)
    page.keyboard.press("Enter")
    assert until(page, seen)


@both
def test_code_is_copied_and_the_focus_stays(page):
    page.goto("/reference/api.html")
    button = "div.highlight:has(.gp) button.copybtn"
    page.evaluate(f"document.querySelector('{button}').focus()")
    page.keyboard.press("Enter")
    assert until(page, f"() => document.querySelector('{button}').matches('.success')")
    assert page.evaluate(f"document.activeElement === document.querySelector('{button}')")
    # What was copied is pasted.
    page.evaluate("document.body.appendChild(document.createElement('textarea')).focus()")
    page.keyboard.press("Control+v")
    assert until(page, "() => document.activeElement.value.length > 0")
    pasted = page.evaluate("document.activeElement.value")
    code = page.evaluate(f"document.querySelector('{button}').parentElement.innerText")
    assert pasted.strip()
    assert pasted.splitlines()[0] in code
    assert ">>>" not in pasted


@both
def test_a_live_cell_runs(page):
    if not COMPLETE_STAMP.is_file():
        pytest.skip("no Pyodide in .cache: `python -m tools.environment.pyodide` says why")
    page.goto(CHAPTER)
    page.evaluate(UNFOLDED)
    page.click(".live-run")
    shown = "document.querySelector('.cell.live .live-run')"
    for _ in range(12):  # ten seconds each: to give up, not a bound on its speed
        if until(page, f"() => /again/.test({shown}.innerText)"):
            break
    assert page.evaluate(f"{shown}.innerText.trim()").endswith("Run again")
    assert page.evaluate("wrong") == []


@both
def test_without_the_runtime_a_live_cell_says_so(engine, frame):
    # Nobody listens at that port.
    with served(
        HTML, lambda text: text.replace(address(), "http://127.0.0.1:1/"), frame
    ) as base_url:
        page = engine(base_url)
        page.goto(CHAPTER)
        page.evaluate(UNFOLDED)
        page.click(".live-run")
        said = "document.querySelector('.cell.live [role=status]').innerText"
        assert until(page, f"() => {said}.includes('could not be fetched')")


@both
def test_what_was_read_stays_without_a_network(engine, frame):
    heading = "document.querySelector('article h1').innerText"
    hit = "document.querySelector('dialog .found li > a')"
    with ExitStack() as network:
        base_url = network.enter_context(served(HTML, beside=frame))
        page = engine(base_url)
        read = {}
        for name in "index.html", "paper/weight-scaling.html":
            page.goto(f"/{name}")
            kept = "url => caches.match(url).then(Boolean)"
            assert until(page, kept, f"{base_url}/{name}")
            read[f"/{name}"] = page.evaluate(heading)
        page.keyboard.press("Control+k")
        page.keyboard.type("co-adaptation")
        assert until(page, f"() => {hit} !== null")
        kept = "() => caches.match(performance.getEntriesByType('resource').at(-1).name)"
        assert until(page, kept)
        network.pop_all().close()

        read["/"] = read["/index.html"]
        for address_read, title in read.items():
            page.goto(address_read)
            assert page.evaluate(heading) == title
        page.keyboard.press("Control+k")
        page.keyboard.type("co-adaptation")
        assert until(page, f"() => {hit} !== null")
        page.goto("/reference/questions.html")
        assert page.evaluate("document.querySelector('h1').innerText") == "You are offline"


@both
def test_on_paper_all_stands_open_on_white(page):
    page.goto("/paper/weight-scaling.html")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.evaluate(ON_PAPER)
    assert page.evaluate("document.querySelectorAll('article details:not([open])').length") == 0
    seen = "selector => [...document.querySelectorAll(selector)].some(e => e.checkVisibility())"
    gone = ["#pst-primary-sidebar", ".prev-next-footer", ".bd-header-article", ".copybtn"]
    assert [selector for selector in gone if page.evaluate(seen, selector)] == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") in (
        "rgb(255, 255, 255)",
        "rgba(0, 0, 0, 0)",
    )
    assert page.evaluate("wrong") == []
