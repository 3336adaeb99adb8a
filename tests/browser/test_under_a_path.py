"""The site where it may lie: under a path of a host, as on GitHub Pages, or in a folder on disk."""

import pytest
from playwright.sync_api import expect
from serving import served, until

from tools.environment.pyodide import address as runtime_address
from tools.paths import HTML

# With each script that the site has: playground, predictions, explorables, live cells, searches.
PAGES = ["index", "inversion/why-divide-while-training", "reference/questions", "search"]
LIVE = PAGES[1]


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return browser_context_args | {"service_workers": "allow"}


@pytest.fixture
def under_a_path(tmp_path):
    (tmp_path / "name").symlink_to(HTML)
    with served(tmp_path) as host:
        yield f"{host}/name/"


@pytest.fixture
def heard(page):
    """What the page has asked for, as (status, address), and what went wrong."""
    heard = []
    page.on("response", lambda r: heard.append((r.status, r.url)))
    page.on("requestfailed", lambda r: heard.append((r.failure, r.url)))
    page.on("pageerror", lambda error: heard.append(("error", str(error))))
    page.on("console", lambda m: m.type == "error" and heard.append(("console", m.text)))
    return heard


def test_under_a_path_all_that_is_asked_for_is_there(page, under_a_path, heard):
    for name in PAGES:
        page.goto(f"{under_a_path}{name}.html", wait_until="networkidle")
    assert len(heard) > 20
    assert [one for one in heard if one[0] != 200 or not one[1].startswith(under_a_path)] == []


def test_under_a_path_a_live_cell_asks_for_its_own_files(page, under_a_path, heard):
    asked = []
    page.context.route(f"{runtime_address()}**", lambda route: (asked.append(1), route.abort()))
    page.goto(f"{under_a_path}{LIVE}.html", wait_until="networkidle")
    page.evaluate("document.querySelectorAll('.answer').forEach(e => e.hidden = false)")
    page.locator(".live-run:visible").first.click()
    expect(page.locator(".live-run:visible").first).to_have_text("Try again")
    assert asked
    own = [one for one in heard if "/live/" in one[1]]
    assert own
    assert [one for one in own if one[0] != 200 or not one[1].startswith(under_a_path)] == []


def test_under_a_path_the_theme_is_kept_and_pages_are_read_offline(page, under_a_path):
    page.goto(f"{under_a_path}{PAGES[0]}.html", wait_until="networkidle")
    kept = f"{under_a_path}{LIVE}.html"
    click_theme(page)
    theme = page.evaluate("document.documentElement.dataset.mode")
    page.goto(kept, wait_until="networkidle")
    assert page.evaluate("document.documentElement.dataset.mode") == theme
    assert until(page, "url => caches.match(url)", kept)
    scope = page.evaluate("navigator.serviceWorker.ready.then((found) => found.scope)")
    assert scope == under_a_path  # it keeps nothing of the host's other sites


def click_theme(page):
    page.locator(".theme-switch-button:visible").first.click()


def test_in_a_folder_pages_are_read_searched_and_linked(page, heard):
    page.goto((HTML / "index.html").as_uri(), wait_until="networkidle")
    expect(page.locator(".playground")).to_be_visible()
    click_theme(page)
    theme = page.evaluate("document.documentElement.dataset.mode")
    page.keyboard.press("Control+k")
    page.keyboard.type("co-adaptation")
    page.get_by_role("dialog").locator(".found li").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/paper/co-adaptation.html*")
    assert page.evaluate("document.documentElement.dataset.mode") == theme
    page.locator(".right-next").click()
    page.wait_for_url("**/paper/one-network.html")
    assert [one for one in heard if one[0] in ("error", "console")] == []
