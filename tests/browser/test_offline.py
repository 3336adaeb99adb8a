"""The pages that one has read can be read again without a network."""

import shutil

import pytest
from serving import served, until

from tools.paths import HTML

FIRST, SECOND, THIRD = "index", "paper/weight-scaling", "reference/questions"


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return browser_context_args | {"service_workers": "allow"}


@pytest.fixture
def site(tmp_path):
    """A copy that may be published anew."""
    return shutil.copytree(HTML, tmp_path / "site")


def visit(page, address, name):
    page.goto(f"{address}/{name}.html")
    assert until(page, "url => caches.match(url)", f"{address}/{name}.html")
    return title(page)


def title(page):
    """The page's heading; the theme has a second one, hidden, for print."""
    return page.get_by_role("heading", level=1).inner_text().removesuffix("#").strip()


def test_what_was_read_stays_and_the_rest_says_so(page, site):
    with served(site) as address:
        titles = {name: visit(page, address, name) for name in (FIRST, SECOND)}
    for name, read in titles.items():
        page.goto(f"{address}/{name}.html")
        assert title(page) == read
        # With its styles: the column keeps its measure.
        assert page.locator("article p").first.evaluate("e => e.offsetWidth") < 700
    page.locator("nav.page-toc a[href^='#']").first.click()
    page.wait_for_url("**/*#*")

    page.goto(f"{address}/{THIRD}.html")
    assert title(page) == "You are offline"
    page.get_by_role("link", name=titles[SECOND]).click()
    assert title(page) == titles[SECOND]


def test_a_folder_s_address_and_that_of_its_index_are_one_page(page, site):
    with served(site) as address:
        read = visit(page, address, FIRST)
    for other in "/", "/?from=elsewhere", f"/{FIRST}.html?from=elsewhere#top":
        page.goto(address + other)
        assert title(page) == read


def test_what_is_published_anew_is_shown_at_once_and_kept(page, site):
    with served(site) as address:
        old = visit(page, address, FIRST)
        file = site / f"{FIRST}.html"
        file.write_text(file.read_text("utf8").replace(old, "A new edition"), "utf8")
        page.reload()
        assert title(page).startswith("A new edition")
        is_new = (
            "url => caches.match(url).then(r => r.text()).then(t => t.includes('A new edition'))"
        )
        assert until(page, is_new, f"{address}/{FIRST}.html")
    page.reload()
    assert title(page).startswith("A new edition")
