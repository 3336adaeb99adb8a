"""The EPUB of three chapters, unpacked. What is in no standard is epubcheck's, in a workflow."""

import xml.etree.ElementTree as ET
import zipfile
from pathlib import PurePosixPath

import pytest

from tools.editions import epub

THREE = ["index", "paper/weight-scaling", "reference/notation"]
HTML, SVG, OPF = (
    f"{{{name}}}"
    for name in (
        "http://www.w3.org/1999/xhtml",
        "http://www.w3.org/2000/svg",
        "http://www.idpf.org/2007/opf",
    )
)
MATH = "{http://www.w3.org/1998/Math/MathML}math"
LINK = "{http://www.w3.org/1999/xlink}href"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    target = tmp_path_factory.mktemp("epub") / "three.epub"
    epub.make(target, THREE)
    with zipfile.ZipFile(target) as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(archive):
    """Each page as XML, by its name: one that is not well formed ends the test here."""
    names = [name for name in archive.namelist() if name.endswith(".xhtml")]
    return {PurePosixPath(name).name: ET.fromstring(archive.read(name)) for name in names}


def package(archive):
    return ET.fromstring(archive.read("book/content.opf"))


def test_the_first_file_says_what_this_is(archive):
    first = archive.infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    assert archive.read("mimetype") == b"application/epub+zip"


def test_the_list_of_files_is_that_of_the_archive(archive):
    listed = {item.get("href") for item in package(archive).iter(f"{OPF}item")}
    there = {name.removeprefix("book/") for name in archive.namelist() if name.startswith("book/")}
    assert there == listed | {"content.opf"}


def test_each_page_is_read_in_the_order_of_the_contents(archive):
    order = [item.get("idref") for item in package(archive).iter(f"{OPF}itemref")]
    chapters = ["index", "paper-weight-scaling", "reference-notation"]
    assert order == ["title", "nav", *chapters, "answers"]


def test_every_link_leads_to_a_file_and_a_place_in_it(pages):
    ids = {name: [e.get("id") for e in page.iter() if e.get("id")] for name, page in pages.items()}
    assert all(len(found) == len(set(found)) for found in ids.values())
    links = [a.get("href") for page in pages.values() for a in page.iter(f"{HTML}a")]
    inside = [link for link in links if not link.startswith("https://")]
    assert len(inside) > 2 * len(THREE)
    for link in inside:
        file, _, place = link.partition("#")
        assert file in pages, link
        assert not place or place in ids[file], link


def test_each_formula_is_mathml_with_its_tex(pages):
    formulas = [f for page in pages.values() for f in page.iter(MATH)]
    assert r"\mathbb{E}[m_i]" in [formula.get("alttext") for formula in formulas]
    assert not any("mjx" in str(e.tag) for page in pages.values() for e in page.iter())


def test_each_figure_has_its_alt_text_and_what_it_draws_with(pages):
    figures = [f for page in pages.values() for f in page.iter(f"{SVG}svg")]
    assert len(figures) == 5
    for figure in figures:
        assert len(figure.get("aria-label")) > 40
        assert figure.get("viewBox")
        drawn = {e.get("id") for e in figure.iter()}
        used = [e.get(LINK) or e.get("href") for e in figure.iter(f"{SVG}use")]
        assert {place.removeprefix("#") for place in used} <= drawn
        assert "var(" not in ET.tostring(figure, "unicode")


def test_nothing_needs_a_script_or_another_file(pages):
    for page in pages.values():
        tags = {e.tag.removeprefix(HTML) for e in page.iter()}
        assert not tags & {"script", "button", "form", "input", "details", "img", "iframe"}


def test_a_right_choice_is_said_at_the_end_alone(pages):
    words = {name: " ".join(" ".join(page.itertext()).split()) for name, page in pages.items()}
    assert "Prediction 2 C. below 0" in words["answers.xhtml"]
    assert "Each of the three layers passes its factor on" in words["answers.xhtml"]
    assert "Each of the three layers passes" not in words["paper-weight-scaling.xhtml"]
