"""The links to the editions: those of files that are there, from any page, and once."""

import pytest

from tools.editions import offered


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Two pages with a place for the book's links, and the editions in this folder."""
    files = {tmp_path / "a.pdf": "PDF", tmp_path / "a.epub": "EPUB"}
    monkeypatch.setattr(offered, "HTML", tmp_path)
    monkeypatch.setattr(offered, "OFFERS", {"book": ("As ", files, ".")})
    (tmp_path / "deep").mkdir()
    for page in ("index.html", "deep/page.html"):
        (tmp_path / page).write_text("<p><!-- book --></p>", "utf8")
    return tmp_path


def test_a_site_without_editions_shows_no_link(site):
    offered.offer()
    assert (site / "index.html").read_text("utf8") == "<p><!-- book --><!-- end --></p>"


def test_the_page_for_a_wrong_address_stays_as_it_is(site):
    (site / "a.pdf").write_bytes(b"x")
    (site / "404.html").write_text("<!-- book -->", "utf8")
    offered.offer()
    assert (site / "404.html").read_text("utf8") == "<!-- book -->"


def test_each_page_links_to_what_is_there_with_its_size(site):
    (site / "a.epub").write_bytes(bytes(2_800_000))  # 2.7 MiB
    offered.offer()
    assert '<a href="a.epub">EPUB</a> (2.8 MB).' in (site / "index.html").read_text("utf8")
    assert '<a href="../a.epub">EPUB</a>' in (site / "deep/page.html").read_text("utf8")


def test_a_page_of_the_site_has_no_size(site, monkeypatch):
    monkeypatch.setattr(offered, "OFFERS", {"book": ("As ", {site / "slides.html": "slides"}, ".")})
    (site / "slides.html").write_bytes(b"x")
    offered.offer()
    assert '<a href="slides.html">slides</a>.' in (site / "index.html").read_text("utf8")


def test_another_edition_is_added_and_one_that_is_gone_taken_away(site):
    for name in ("a.pdf", "a.epub"):
        (site / name).write_bytes(b"x")
        offered.offer()
    text = (site / "index.html").read_text("utf8")
    assert text.count("<a ") == 2
    assert "PDF</a> (0.0 MB) and <a" in text
    (site / "a.pdf").unlink()
    offered.offer()
    assert (site / "index.html").read_text("utf8").count("<a ") == 1
