"""Live cells, as a reader uses them: Python comes from a host of its own, here from .cache."""

import re
from contextlib import closing, contextmanager

import pytest
from playwright.sync_api import expect
from questions import ALONE, wrong_within
from serving import served

from dropout_site.figures.theme_svg import VARIABLES
from tools.environment.pyodide import COMPLETE_STAMP, RUNTIME_FOLDER, address
from tools.paths import HTML

CHAPTER = "/inversion/why-divide-while-training.html"
FIRST = "lab.draw_sums_of_ten()"  # in the cell that most tests run
WITH_NUMPY = "bernoulli_mask, keyed_rng"  # in one that needs no matplotlib
START = 120_000  # ms until Python has started: to give up, not a bound on its speed


@pytest.fixture(scope="module")
def runtime():
    if not COMPLETE_STAMP.is_file():
        pytest.skip("no Pyodide in .cache: `python -m tools.environment.pyodide` says why")


@contextmanager
def hosted(folder):
    """The site's address, and that of the runtime's host: it serves what lies in this folder."""
    for file in RUNTIME_FOLDER.iterdir():
        (folder / file.name).symlink_to(file)
    with (
        served(folder) as host,
        served(HTML, lambda page: page.replace(address(), f"{host}/")) as site,
    ):
        yield site, host


@pytest.fixture
def files(tmp_path, runtime):
    """The runtime's files, of which a test may change some."""
    folder = tmp_path / "runtime"
    folder.mkdir()
    return folder


@pytest.fixture
def host(files):
    with hosted(files) as addresses:
        yield addresses


def open_chapter(page, site=""):
    """Open the chapter, and all that it hides."""
    page.goto(site + CHAPTER, wait_until="networkidle")
    page.evaluate("document.querySelectorAll('.answer').forEach(e => e.hidden = false)")
    page.evaluate("document.querySelectorAll('.cell.live details').forEach(d => d.open = true)")
    return page


@pytest.fixture
def chapter(page, host):
    """The chapter as it is opened."""
    return open_chapter(page, host[0])


@pytest.fixture(scope="module")
def python_running(browser, runtime, tmp_path_factory):
    """The chapter with Python running: it takes seconds, so some tests share it."""
    with (
        hosted(tmp_path_factory.mktemp("runtime")) as (site, _),
        closing(browser.new_context()) as context,
    ):
        page = open_chapter(context.new_page(), site)
        Cell(page).run().ended()
        yield page


@pytest.fixture
def started(python_running):
    """The same, with every cell as it was written, on a desktop."""
    python_running.set_viewport_size({"width": 1280, "height": 720})
    shown = python_running.locator(".live-reset:visible")  # one fewer after each click
    while shown.count():
        shown.first.click()
    return python_running


def cell_with(page, text):
    """The live cell whose code, as written, holds this text."""
    return page.locator("div.cell.live").filter(has=page.locator("pre", has_text=text)).first


class Cell:
    """What a reader sees of a cell, and what a reader does."""

    def __init__(self, page, text=FIRST):
        self.cell = cell_with(page, text)
        # The last: above its code may stand another cell, in the same fold.
        self.button = self.cell.locator(".live-run").last
        self.status = self.cell.get_by_role("status").last
        self.editor = self.cell.get_by_role("textbox")
        self.output = self.cell.locator(".live-output")

    def run(self, code=None):
        if code is not None:
            self.editor.fill(code)
        self.button.click()
        return self

    def opened(self):
        """Run it as it is, if no test before has done so or has reset it."""
        if self.editor.count() == 0:
            self.run().ended()
        return self

    def ended(self):
        expect(self.button).to_have_text(re.compile("^(Run|Try) again$"), timeout=START)
        return self


def test_nothing_is_asked_for_before_the_click(page, host):
    site, runtime_host = host
    requests = []
    page.context.on("request", lambda request: requests.append(request.url))
    open_chapter(page, site)
    assert not [url for url in requests if url.startswith(runtime_host)]
    of_python = (".zip", ".py", "/live/worker.js")
    assert not [url for url in requests if url.partition("?")[0].endswith(of_python)]
    Cell(page).run()
    expect(Cell(page).status).to_contain_text("Starting Python (fetched once, 9 MB)")
    assert [url for url in requests if "/live/worker.js" in url]


def test_a_reader_runs_edits_and_runs_again(started):
    cell = Cell(started).opened()
    cell.run("import numpy as np\nprint('hello')\nnp.ones(3) / 0.8").ended()
    expect(cell.output).to_have_text("hello\narray([1.25, 1.25, 1.25])\n")
    cell.run("1 / 0").ended()
    expect(cell.output).to_contain_text("ZeroDivisionError: division by zero")
    assert "runner" not in cell.output.inner_text()
    expect(cell.status).to_have_text("Stopped by an error.")
    cell.cell.get_by_role("button", name="Reset").click()
    expect(cell.editor).to_have_count(0)
    expect(cell.cell.locator("pre", has_text=FIRST)).to_be_visible()


def test_the_cells_above_run_first_and_figures_follow_the_theme(started):
    cell = Cell(started)
    stored = cell.cell.locator(".cell_output svg").get_attribute("aria-label")
    cell.run().ended()
    figure = cell.output.locator("svg[role=img]")
    expect(figure).to_have_attribute("aria-label", stored)
    drawn = figure.inner_html()
    assert "var(--inverted)" in drawn
    assert not re.search("|".join(VARIABLES), drawn, re.IGNORECASE)
    mine = "from dropout_scaling import plots\nfig, ax = plots.subplots(2)\nax.set_title('my own')"
    cell.run(mine).ended()
    own = re.compile("^Figure drawn by your code. .*my own")
    expect(figure).to_have_attribute("aria-label", own)
    # An error above stops the cells below, and says so.
    first = Cell(started, WITH_NUMPY).opened()
    first.editor.fill("broken = 1 / 0")
    cell.run().ended()
    expect(cell.status).to_contain_text("A cell above stopped")
    expect(cell.output).to_contain_text("ZeroDivisionError")


def test_a_runtime_out_of_reach_is_said_and_tried_again(page, host):
    site, runtime_host = host
    page.context.route(f"{runtime_host}/**", lambda route: route.abort())
    cell = Cell(open_chapter(page, site)).run().ended()
    expect(cell.status).to_have_text(
        f"Python could not be fetched from {name_of(runtime_host)}: you are offline, or that "
        "address is blocked. When it can be reached, try again; or run the page as a notebook: "
        "How do I run this?"
    )
    link = cell.status.get_by_role("link", name="How do I run this?")
    assert page.request.get(link.evaluate("a => a.href")).ok
    expect(cell.button).to_have_text("Try again")
    page.context.unroute_all()
    with page.context.expect_event("request", lambda r: r.url.endswith("asm.wasm")):
        cell.run()  # the event is waited for before it can come
        expect(cell.status).to_contain_text("Starting Python")


def name_of(address):
    return address.removeprefix("http://")


@pytest.fixture
def numpy_wheel():
    (file,) = RUNTIME_FOLDER.glob("numpy*.whl")
    return file.name


def test_a_runtime_that_was_tampered_with_is_refused(chapter, host, files, numpy_wheel):
    cell = Cell(chapter)
    parts = ["pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "pyodide-lock.json", numpy_wheel]
    browser = chapter.context.new_cdp_session(chapter)
    for name in parts:  # each is tried again after the one before
        browser.send("Network.clearBrowserCache")  # a whole one that it has would do
        whole = (RUNTIME_FOLDER / name).read_bytes()
        (files / name).unlink()
        (files / name).write_bytes(whole + b"\n")
        cell.run().ended()
        expect(cell.status).to_have_text(
            f"{name_of(host[1])} sent a {name} that is not the one this page was tested with, "
            "so it was not run."
        )
        expect(cell.output).to_be_hidden()
        (files / name).write_bytes(whole)


def test_the_keyboard_is_enough(started):
    cell = Cell(started)
    cell.button.focus()
    started.keyboard.press("Enter")
    cell.ended()
    expect(cell.button).to_be_focused()
    started.keyboard.press("Shift+Tab")
    expect(cell.editor).to_be_focused()
    started.keyboard.press("Control+A")
    started.keyboard.type("6 * 7")
    started.keyboard.press("Control+Enter")
    expect(cell.output).to_have_text("42\n", timeout=START)
    expect(cell.editor).to_be_focused()
    started.keyboard.press("Tab")  # it leaves the editor
    expect(cell.button).to_be_focused()
    expect(cell.editor).to_have_value("6 * 7")


def test_enter_keeps_the_indentation_and_can_be_undone(started):
    editor = Cell(started).opened().editor
    editor.fill("def f():\n    x = 1")
    editor.press("Control+End")
    editor.press("Enter")
    started.keyboard.type("return x")
    expect(editor).to_have_value("def f():\n    x = 1\n    return x")
    assert editor.evaluate("e => e.rows") == 3
    editor.press("Home")
    editor.press("Enter")
    expect(editor).to_have_value("def f():\n    x = 1\n\n    return x")
    editor.press("Control+z")
    expect(editor).to_have_value("def f():\n    x = 1\n    return x")


def test_on_a_phone_nothing_scrolls_sideways(started):
    started.set_viewport_size({"width": 360, "height": 740})
    cell = Cell(started).opened()
    cell.run(f"print('{'wide ' * 60}')\n'{'x' * 400}'").ended()
    assert started.evaluate("document.documentElement.scrollWidth") <= 360
    # The theme clips what is too wide, so the page's own width is not enough.
    parts = cell.cell.locator(".live-bar, .live-editor, .live-output pre")
    assert max(parts.evaluate_all("all => all.map(e => e.getBoundingClientRect().right)")) <= 360
    text = cell.output.locator("pre")
    assert text.evaluate("e => e.scrollWidth <= e.clientWidth")


def test_an_endless_loop_is_stopped_and_a_flood_is_cut(started):
    """After what needs the Python with matplotlib: this ends it.

    The first cell needs NumPy alone: matplotlib takes longer to start than Python.
    """
    cell = Cell(started, WITH_NUMPY).opened()
    cell.run("while True:\n    print('drowning')")
    expect(cell.output).to_contain_text("cut here", timeout=START)
    expect(cell.button).to_have_text("Stop")
    sign = "e => getComputedStyle(e, '::before').content"
    assert "■" in cell.button.evaluate(sign)
    assert len(cell.output.inner_text()) < 101_000
    other = Cell(started, "def backward")
    other.run()
    expect(other.status).to_contain_text("Another cell is running")
    cell.button.click()
    expect(cell.status).to_contain_text("Stopped. The next run starts Python afresh")
    assert "▸" in cell.button.evaluate(sign)
    cell.run("6 * 7").ended()
    expect(cell.output).to_have_text("42\n")


def test_an_open_cell_has_no_fault_that_axe_can_find(python_running):
    """The last that uses this page: axe reads all there is, so nothing is left but the cell."""
    cell = Cell(python_running, WITH_NUMPY).opened()
    cell.run("print('seen')\n1 / 0").ended()
    python_running.evaluate(ALONE, ".cell.live:has(.live-error)")
    for theme in ("light", "dark"):
        python_running.evaluate(
            "theme => { document.documentElement.dataset.theme = theme; }", theme
        )
        assert wrong_within(python_running, ".cell.live") == [], theme


def test_a_page_opened_as_a_file_says_what_to_do(page):
    page.goto((HTML / CHAPTER.strip("/")).as_uri())
    cell = Cell(page, "def backward").run()
    expect(cell.status).to_contain_text("`make serve` serves the book")


def test_without_scripts_there_is_no_useless_button(browser, base_url):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(base_url + CHAPTER)
    assert page.locator("div.cell.live").count() > 0
    assert page.locator(".live-run").count() == 0
    context.close()


def test_other_pages_load_nothing_of_it(page):
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto("/pytorch/inside.html", wait_until="networkidle")
    assert not [url for url in requests if "/live/" in url]
