"""The built site, as a browser gets it. `make test` builds it just before."""

import gc
import re
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup
from PIL import Image
from quoting import quoted
from sphinx_external_toc.parsing import parse_toc_yaml

from dropout_site.figures.theme_svg import VARIABLES
from dropout_site.navigation.place_in_walk import WALK, places
from tools.book.downloads import for_elsewhere
from tools.book.execute import stored
from tools.book.notebooks import chapters, code_cells, handouts, read
from tools.book.repository import Repository, site_address
from tools.book.settings import pages
from tools.paths import CITATION, HTML, TOC

PAGES = pages()
STORY = list(parse_toc_yaml(TOC))
PLACES = places(parse_toc_yaml(TOC))
END = ("reference/bibliography", "instructors/index")  # its last page, and what comes after it
WALK_END = ("practice/who-is-right", "paper/co-adaptation")
NOTEBOOKS = chapters()
ROOT = urlsplit(site_address() or "/").path
SHORTEST_ALT = 40  # characters: a sentence, not a file name
NOTATION = "reference/notation"

each_page = pytest.mark.parametrize("page", PAGES)
each_notebook = pytest.mark.parametrize("page", NOTEBOOKS)


@pytest.fixture(scope="module")
def parsed():
    """All HTML files of the site, by path."""
    assert HTML.is_dir(), "there is no site: run `make book` first"
    no_page = {"_static", "slides"}  # slides are of their own kind: tests/browser/test_slides.py
    files = [f for f in HTML.rglob("*.html") if no_page.isdisjoint(f.parts)]
    # Look for no garbage among what is made here, now or later: it stays to the last test.
    gc.disable()
    made = {f.resolve(): BeautifulSoup(f.read_text("utf8"), "html.parser") for f in files}
    gc.freeze()
    gc.enable()
    return made


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


@each_page
def test_no_table_has_an_empty_corner(article):
    """A screen reader says of each row what its first column holds."""
    for table in article.select("table:has(th)"):
        assert table.select_one("tr > *").get_text(strip=True)


def test_no_page_loads_a_script_twice(parsed):
    for soup in parsed.values():
        scripts = [script["src"] for script in soup.select("script[src]")]
        assert len(scripts) == len(set(scripts))


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
            path = url.path
            if path.startswith(ROOT):  # only in the page for a wrong address
                path = path.replace(ROOT, f"{HTML}/", 1)
            target = (file.parent / unquote(path)).resolve() if path else file
            anchor = unquote(url.fragment)  # a bare "#" goes to the top
            known = ids.get(target, {anchor})
            if not target.exists() or (anchor and anchor not in known):
                broken.append(f"{file.name}: {address}")
    assert not broken


def test_no_page_asks_another_server_for_anything(parsed):
    loading = ("script", "link", "img", "iframe", "source", "video", "audio", "object", "embed")
    for file, soup in parsed.items():
        for element, address in addresses(soup):
            if element.name in loading and element.get("rel") != ["canonical"]:
                assert not re.match(r"(https?:)?//", address), f"{file}: {address}"


def test_no_stylesheet_asks_another_server_for_anything():
    for file in HTML.rglob("*.css"):
        found = re.findall(
            r"(?:url\(|@import)\s*['\"]?(?:https?:)?//[^)\"']*", file.read_text("utf8")
        )
        assert not found, f"{file}: {found}"


def test_no_stylesheet_names_a_file_that_is_not_there():
    for file in HTML.rglob("*.css"):
        for address in re.findall(r"url\((?!data:)([^)\"']+)\)", file.read_text("utf8")):
            assert (file.parent / address).is_file(), f"{file}: {address}"


def test_a_page_waits_for_one_stylesheet_and_no_script(parsed):
    for file, soup in parsed.items():
        styles = [link["href"] for link in soup.select("link[rel=stylesheet]")]
        # The playground is on the first screen of its page alone.
        assert len([href for href in styles if "playground/" not in href]) == 1, file
        waits = [s["src"] for s in soup.select("script[src]") if not s.has_attr("defer")]
        assert not waits, file
        assert not soup.select("link[rel=preload]"), file


@each_page
def test_each_formula_is_drawn_and_holds_its_mathml_and_its_tex(article):
    for formula in article.select(".math"):
        assert len(formula.select("mjx-container > mjx-math[aria-hidden=true]")) == 1
        assert len(formula.select("mjx-assistive-mml > math")) == 1
        (tex,) = formula.select(".tex[aria-hidden=true]")
        assert re.fullmatch(r"(\$\$?)[^$]+\1", tex.get_text())


@each_page
def test_faults_of_the_stock_page_are_gone(soup, page):
    assert len(soup.select(".search-button-field")) == 1
    assert len(soup.select(".bd-search input[type=search]")) == 1
    assert "THEBE_JS_URL" not in file_of(page).read_text("utf8")


def test_each_page_describes_itself_in_words_of_its_own(parsed):
    said = {}
    for page in PAGES:
        (tag,) = parsed[file_of(page)].select("meta[name=description]")
        assert 50 <= len(tag["content"]) <= 200, page
        assert not re.search(r"[*`$\[\]<>]", tag["content"]), page
        said[tag["content"]] = page
    assert len(said) == len(PAGES)


def test_the_citation_is_that_of_the_file(parsed):
    shown = [
        code.get_text() for code in parsed[file_of("reference/bibliography")].select(".highlight")
    ]
    cff = yaml.safe_load(CITATION.read_text("utf8"))
    assert len(shown) == 2
    for text in shown:
        assert cff["title"] in text
        assert cff["version"] in text
        assert all(author["name"] in text.replace("\n", " ") for author in cff["authors"])
        repository = Repository.from_environment()
        address = site_address() or (repository and repository.url)
        assert address is None or address in text
        assert re.search(r"\b20\d\d\b", text)


@each_page
def test_a_fold_is_named_as_it_reads(article):
    for fold in article.select("summary"):
        assert "aria-label" not in fold.attrs
        assert not fold.select("p, div")  # HTML allows a summary words alone
        said = [name.get_text() for name in fold.select(".admonition-title")]
        if said:  # a folded cell
            show, hide = said
            assert show == hide == "Checked" or show.startswith("Show ")
            assert show.removeprefix("Show ") == hide.removeprefix("Hide ")
            printed = fold["data-printed"]
            assert show.removeprefix("Show ").removeprefix("the ").lower() == printed.lower()
            assert printed[0].isupper()


@each_page
def test_folded_code_stands_below_what_it_shows_and_once_in_a_row(article):
    folded = "div.cell.tag_hide-input"
    for cell in article.select(f"{folded}:not(details *)"):  # not one in another one's fold
        *shown, fold = cell.find_all(recursive=False)
        assert fold.name == "details"
        assert shown or not cell.select_one(f":scope + {folded}")


@each_page
def test_the_contents_show_the_part_one_is_in_or_else_the_walk(soup, page):
    parts = {part.summary.get_text(): part for part in soup.select("nav.bd-links details.part")}
    assert list(parts) == [part.caption for part in parse_toc_yaml(TOC).root.subtrees]
    mine = {name for name, part in parts.items() if part.select_one(".current")}
    assert len(mine) == (page != "index")
    assert {name for name, part in parts.items() if part.has_attr("open")} == (mine or {"The walk"})


def test_a_citation_in_words_leads_to_its_source(parsed):
    """In the text, and not in the list of sources, which says it in full."""
    words = {}
    for page in NOTEBOOKS:
        for link in parsed[file_of(page)].select("article a.cited"):
            assert link["data-source"].endswith(".")
            assert not link.find_parent(id="sources")
            words[link.get_text()] = link["href"], link["data-source"]
    href, source = words["Srivastava et al. 2014"]
    assert href == "https://jmlr.org/papers/v15/srivastava14a.html"
    assert source == (
        "Srivastava et al. Dropout: A Simple Way to Prevent Neural Networks from Overfitting. "
        "Journal of Machine Learning Research, 2014."
    )


def test_the_story_ends_before_the_teachers_pages(parsed):
    last, first = (parsed[file_of(page)] for page in END)
    assert last.select("a.left-prev")
    assert not last.select("a.right-next, link[rel=next]")
    assert first.select("a.right-next")
    assert not first.select("a.left-prev, link[rel=prev]")


def test_the_walk_ends_with_the_first_page_of_each_part_beside_it(parsed):
    last, first = (parsed[file_of(page)] for page in WALK_END)
    assert PLACES[WALK_END[0]].endswith("step 7 of 7")
    assert not last.select("a.right-next, link[rel=next]")
    assert last.select_one("footer .walk-ends p").get_text().startswith("The walk ends here.")
    ways = last.select("footer .walk-ends a")
    leads_to = [(file_of(WALK_END[0]).parent / way["href"]).resolve() for way in ways]
    contents = {part.caption: list(part.files()) for part in parse_toc_yaml(TOC).root.subtrees}
    beside = [pages[0] for part, pages in contents.items() if part not in (WALK, "Teach")]
    assert leads_to == [file_of(page) for page in beside]
    assert [way.get_text() for way in ways] == [back_title(parsed, page) for page in beside]
    assert first.select("a.left-prev")
    assert not first.select("footer .walk-ends")


@pytest.mark.parametrize(("page", "then"), [p for p in pairwise(STORY) if p not in (END, WALK_END)])
def test_next_and_previous_follow_the_contents(parsed, page, then):
    forth = parsed[file_of(page)].select_one("a.right-next")
    back = parsed[file_of(then)].select_one("a.left-prev")
    assert (file_of(page).parent / forth["href"]).resolve() == file_of(then)
    assert (file_of(then).parent / back["href"]).resolve() == file_of(page)
    assert forth.select_one(".prev-next-title").get_text() == back_title(parsed, then)


def back_title(parsed, page):
    heading = parsed[file_of(page)].select_one("article h1")
    return heading.get_text().removesuffix("#").strip()


def test_the_story_is_told_before_the_teachers_pages():
    assert STORY[0] == "index"
    teach = [STORY.index(p) for p in STORY if p.startswith(("instructors", "assignments"))]
    assert min(teach) == len(STORY) - len(teach)


def test_the_page_for_a_wrong_address_leads_on(parsed):
    lost = parsed[(HTML / "404.html").resolve()]
    # From any depth, and "#main-content" stays on the page.
    assert lost.base is None
    assert lost.html["data-content_root"] == ROOT
    assert not [a for _, a in addresses(lost) if not re.match(rf"{ROOT}|#|https?://", a)]
    links = {a["href"] for a in lost.select("article a[href]")}
    assert {f"{ROOT}index.html", f"{ROOT}reference/questions.html"} <= links
    assert lost.select_one("article form")["action"] == f"{ROOT}search.html"


def test_addresses_are_whole_where_the_site_has_one(parsed):
    site = site_address()
    for page in PAGES:
        soup = parsed[file_of(page)]
        image = soup.select_one("meta[property='og:image']")
        if site is None:
            assert image is None
            assert soup.select_one("link[rel=canonical]") is None
            continue
        assert soup.select_one("link[rel=canonical]")["href"] == f"{site}{page}.html"
        card = HTML / image["content"].removeprefix(site)
        with Image.open(card) as picture:
            assert picture.size == (1200, 630)
    sitemap = HTML / "sitemap.xml"
    assert sitemap.is_file() == (site is not None)
    if site is not None:
        listed = re.findall("<loc>(.*)</loc>", sitemap.read_text("utf8"))
        assert sorted(listed) == sorted(f"{site}{page}.html" for page in PAGES)


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
    if re.fullmatch("The walk, step [2-9] of .*", PLACES.get(page, "")):  # the first says it
        return
    links = [a["href"].partition("#")[0] for a in article.select("a[href]")]
    targets = {(file_of(page).parent / link).resolve() for link in links if link}
    assert file_of(NOTATION) in targets


@each_notebook
def test_every_figure_of_the_run_is_inline_and_says_what_it_shows(article, page):
    outputs = [out for cell in code_cells(stored(page)) for out in cell.outputs]
    drawn = [out for out in outputs if "image/svg+xml" in out.get("data", {})]
    figures = article.select("svg[role=img]:not(noscript *)")  # there is the playground's own
    assert len(figures) == len(drawn)
    labels = [f["aria-label"] for f in figures] + [i["alt"] for i in article.select("img")]
    assert len(set(labels)) == len(labels)
    for label in labels:
        assert len(label) >= SHORTEST_ALT
        assert not re.search(r"[0-9a-f]{16}|\.(svg|png)$", label)


@each_page
def test_choices_are_answered_before_the_next_part(article):
    # Else the script finds nothing to hide, and makes no buttons of them.
    for choices in article.select("blockquote.predict ul"):
        follows = choices.find_parent("blockquote").find_next_sibling()
        assert follows, choices.text
        assert not follows.select(":scope > h2"), choices.text


def told(page):
    """The numbers that a page's cells print or write into a figure."""
    for cell in code_cells(stored(page)):
        for output in cell.outputs:
            data = output.get("data", {})
            shown = data.get("text/markdown", "") or data.get("text/plain", "")
            text = output.get("text", "") + shown
            text += " ".join(re.findall(r">([^<]+)<", data.get("image/svg+xml", "")))
            yield from re.findall(r"\d+(?:\.\d+)?(?:e[-+]\d+)?", text)


@each_notebook
def test_each_number_that_the_page_says_stands_in_what_it_shows(page):
    # As it stands there: 4.1 beside a 4.15 would be right, and would make a reader look twice.
    assert set(quoted(read(NOTEBOOKS[page]))) <= set(told(page))


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
        assert not re.search("|".join(VARIABLES), str(figure), re.IGNORECASE)


@each_notebook
def test_the_download_does_not_answer_its_own_questions(page):
    notebook = read(HTML / "_sources" / f"{page}.ipynb")
    assert not any(cell.outputs for cell in code_cells(notebook))
    assert all(cell.execution_count is None for cell in code_cells(notebook))
    with_set_up = notebook.cells[0].id == "set-up"
    assert with_set_up == (Repository.from_environment() is not None)
    assert notebook.cells[with_set_up:] == for_elsewhere(read(NOTEBOOKS[page])).cells


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
