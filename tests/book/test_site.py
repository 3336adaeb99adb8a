"""The built site, as a browser gets it. `make test` builds it just before."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup
from execute import stored
from layout import HTML
from repository import Repository
from sources import code_cells, handouts, notebooks, pages, read

PAGES = pages()
NOTEBOOKS = notebooks()
SHORTEST_ALT = 40  # characters: a sentence, not a file name
NOTATION = "reference/notation"

each_page = pytest.mark.parametrize("page", PAGES)
each_notebook = pytest.mark.parametrize("page", NOTEBOOKS)


@pytest.fixture(scope="module")
def parsed():
    """All HTML files of the site, by path."""
    assert HTML.is_dir(), "there is no site: run `make book` first"
    files = [f for f in HTML.rglob("*.html") if "_static" not in f.parts]
    return {f.resolve(): BeautifulSoup(f.read_text("utf8"), "html.parser") for f in files}


@pytest.fixture
def soup(parsed, page):
    return parsed[file_of(page)]


@pytest.fixture
def article(soup):
    return soup.select_one("article.bd-article")


def file_of(page):
    return (HTML / f"{page}.html").resolve()


def test_every_page_of_the_contents_is_there(parsed):
    assert {file_of(page) for page in PAGES} <= set(parsed)


def addresses(soup):
    """Everything that a page loads or links to, with the element that does."""
    for element in soup.find_all(True):
        for name in ("href", "src", "data", "poster", "action"):
            if element.name != "svg" and isinstance(element.get(name), str):
                yield element, element[name]


def test_internal_links_lead_somewhere(parsed):
    ids = {f: {e["id"] for e in soup.find_all(id=True)} for f, soup in parsed.items()}
    broken = []
    for file, soup in parsed.items():
        for element, address in addresses(soup):
            url = urlsplit(address)
            if url.scheme or url.netloc or element.name == "use":
                continue
            target = (file.parent / unquote(url.path)).resolve() if url.path else file
            anchor = unquote(url.fragment)  # a bare "#" goes to the top
            known = ids.get(target, {anchor})
            if not target.exists() or (anchor and anchor not in known):
                broken.append(f"{file.name}: {address}")
    assert not broken


def test_no_page_asks_another_server_for_anything(parsed):
    loading = ("script", "link", "img", "iframe", "source", "video", "audio", "object", "embed")
    for file, soup in parsed.items():
        for element, address in addresses(soup):
            if element.name in loading:
                assert not re.match(r"(https?:)?//", address), f"{file}: {address}"


def test_no_stylesheet_asks_another_server_for_anything():
    for file in HTML.rglob("*.css"):
        found = re.findall(
            r"(?:url\(|@import)\s*['\"]?(?:https?:)?//[^)\"']*", file.read_text("utf8")
        )
        assert not found, f"{file}: {found}"


def test_the_files_of_mathjax_are_there():
    mathjax = HTML / "_static" / "mathjax"
    assert (mathjax / "tex-chtml.js").is_file()
    assert any((mathjax / "output" / "chtml" / "fonts").rglob("*.woff"))


@each_page
def test_faults_of_the_stock_page_are_gone(soup):
    assert len(soup.select(".search-button-field")) == 1
    assert len(soup.select("input[type=search]")) == 1
    assert "THEBE_JS_URL" not in str(soup)


@each_page
def test_there_is_one_heading_of_the_first_rank(article):
    assert len(article.find_all("h1")) == 1


@each_page
def test_no_error_is_published(article):
    assert "Traceback (most recent call last)" not in article.get_text()
    assert not article.select(".stderr, .system-message, .problematic")


@each_page
def test_links_to_the_notation(article, page):
    if page == NOTATION or page in handouts():  # those say it themselves, since they leave the site
        return
    links = [a["href"].partition("#")[0] for a in article.select("a[href]")]
    targets = {(file_of(page).parent / link).resolve() for link in links if link}
    assert file_of(NOTATION) in targets


@each_notebook
def test_every_figure_of_the_run_is_inline_and_says_what_it_shows(article, page):
    outputs = [out for cell in code_cells(stored(page)) for out in cell.outputs]
    drawn = [out for out in outputs if "image/svg+xml" in out.get("data", {})]
    figures = article.select("svg[role=img]")
    assert len(figures) == len(drawn)
    for label in [f["aria-label"] for f in figures] + [i["alt"] for i in article.select("img")]:
        assert len(label) >= SHORTEST_ALT
        assert not re.search(r"[0-9a-f]{16}|\.(svg|png)$", label)


@each_notebook
def test_ids_in_figures_are_unique_and_resolve(soup):
    ids = [e["id"] for e in soup.find_all(id=True)]
    assert len(set(ids)) == len(ids)
    for figure in soup.select("svg[role=img]"):
        inside = {e["id"] for e in figure.find_all(id=True)}
        assert set(re.findall(r"(?:url\(|href=\")#([^)\"]*)", str(figure))) <= inside


@each_notebook
def test_figures_take_their_colours_from_the_theme(article):
    for figure in article.select("svg[role=img]"):
        assert not re.search("#(767b83|d55e00|0072b2)", str(figure), re.IGNORECASE)


@each_notebook
def test_the_download_does_not_answer_its_own_questions(page):
    notebook = read(HTML / "_sources" / f"{page}.ipynb")
    assert not any(cell.outputs for cell in code_cells(notebook))
    assert all(cell.execution_count is None for cell in code_cells(notebook))
    with_set_up = notebook.cells[0].id == "set-up"
    assert with_set_up == (Repository.from_environment() is not None)
    assert notebook.cells[with_set_up:] == read(NOTEBOOKS[page]).cells


@each_page
def test_buttons_lead_to_the_repository_that_published_the_site(soup, page):
    repository = Repository.from_environment()
    buttons = [a["href"] for a in soup.select(".article-header-buttons a[href]")]
    outside = {href for href in buttons if urlsplit(href).scheme}
    if repository is None:
        assert not outside
        return
    suffix = Path(NOTEBOOKS[page]).suffix if page in NOTEBOOKS else ".md"
    name = repository.url.removeprefix("https://github.com/")
    expected = {repository.url, f"{repository.url}/edit/{repository.branch}/book/{page}{suffix}"}
    if page in NOTEBOOKS:
        expected |= {
            f"https://colab.research.google.com/github/{name}/blob/launch/book/{page}.ipynb",
            f"https://mybinder.org/v2/gh/{name}/launch?urlpath=lab/tree/book/{page}.ipynb",
        }
    assert outside == expected
