"""The site is built again when it must, never from stale outputs, and a warning is a failure."""

import shutil

from PIL import Image
from small_repository import CELLS, FIGURE, Clone

from tools.book import build
from tools.book.repository import Repository

KNOWN = {"REPOSITORY_BRANCH": "main", "COMMIT": "0123abc"}


def test_the_page_has_the_run_s_output_and_its_figure_inline(built):
    page = built.page()
    assert ">42\n" in page
    assert 'role="img"' in page
    assert "var(--standard)" in page


def test_an_unchanged_book_is_not_built_again(built, tmp_path, builder):
    copy = Clone(shutil.copytree(built.root, tmp_path / "copy"))
    ended = copy.build(builder)
    assert "site: up to date" in ended.stdout


def test_new_prose_is_built_with_the_kept_outputs(executed, builder):
    executed.write_notebook("Here is new prose.", *CELLS)
    assert "1 up to date, 0 to run" in executed.run("book.execute").stdout
    assert executed.build(builder).returncode == 0
    assert "Here is new prose." in executed.page()
    assert ">42\n" in executed.page()


def texts(clone):
    html = clone.root / "_build" / "html"
    files = [file for end in ("html", "js") for file in html.rglob(f"*.{end}")]
    return {file.relative_to(html): file.read_text("utf8") for file in files}


def test_where_a_page_has_changed_it_alone_is_read_and_the_site_is_the_same(
    built, executed, builder
):
    executed.write("book/index.md", "# Another title\n\nOther prose.\n")
    assert executed.build(builder).returncode == 0
    page, index = (executed.root / f".cache/doctrees/{name}.doctree" for name in ("page", "index"))
    read = page.stat().st_mtime_ns, index.stat().st_mtime_ns
    executed.write("book/index.md", (built.root / "book/index.md").read_text("utf8"))
    assert executed.build(builder).returncode == 0
    assert page.stat().st_mtime_ns == read[0]
    assert index.stat().st_mtime_ns > read[1]
    assert texts(executed) == texts(built)


def test_new_code_is_not_published_with_old_outputs(executed, builder):
    executed.write_notebook("Prose.", "print(6 * 8)")
    ended = executed.build(builder)
    assert ended.returncode != 0
    assert "page has changed since it was run" in ended.stderr


def test_a_change_in_the_package_makes_the_site_stale(executed, builder):
    executed.write("src/module.py", "CONSTANT = 2\n")
    assert executed.build(builder).returncode != 0


def test_warnings_are_failures_and_leave_no_site(executed, builder):
    executed.write("book/index.md", "# The book\n\nSee [no page](nowhere.md).\n\n### Too deep\n")
    executed.write_notebook("Prose.", "print(6 * 7)", FIGURE, alt=None)
    assert executed.run("book.execute").returncode == 0
    for _ in "once", "and again, with the pages that were read":
        ended = executed.build(builder)
        assert ended.returncode != 0
        assert "Non-consecutive header level" in ended.stderr
        assert "nowhere.md" in ended.stderr
        assert "image without alt text" in ended.stderr
        assert not (executed.root / "_build" / "html").exists()


def test_another_commit_makes_another_site():
    # The site's downloads install the package from the commit.
    one, other = (Repository("https://github.com/a/b", "main", commit) for commit in "12")
    assert build.fingerprint(one) != build.fingerprint(other)


def test_a_changed_tool_makes_another_site(clone, monkeypatch):
    folders = {"ROOT": "", "SOURCE": "src", "TOOLS": "tools", "STAGED": "site"}
    for name, path in {**folders, "REQUIREMENTS": "requirements.txt"}.items():
        monkeypatch.setattr(build, name, clone.root / path)
    before = build.fingerprint(None)
    clone.write("tools/book/launch_notebooks.py", "")
    assert build.fingerprint(None) != before


def test_a_bad_config_is_a_failure(clone, builder):
    config = clone.root / "_config.yml"
    config.write_text(config.read_text().replace("title: ", "title: 3 # "))
    ended = clone.build(builder)
    assert ended.returncode != 0
    assert "_config.yml: - 3 is not of type 'string' [key path: 'title']" in ended.stderr


def test_a_contents_that_does_not_fit_the_pages_is_a_failure(clone, builder):
    clone.write("_toc.yml", "format: jb-book\nroot: index\nchapters:\n  - file: gone\n")
    ended = clone.build(builder)
    assert ended.returncode != 0
    assert "no such page: book/gone" in ended.stderr
    assert "not in the table of contents: book/page.ipynb" in ended.stderr


def test_a_malformed_contents_is_a_failure(clone, builder):
    clone.write("_toc.yml", "format: jb-book\nchapters: 3\n")
    ended = clone.build(builder)
    assert ended.returncode != 0
    assert ended.stderr.startswith("_toc.yml: ")


def test_whole_addresses_and_buttons_appear_where_theirs_are_known_and_go_again(
    built, executed, builder
):
    executed.write("book/descriptions.yml", "page: A sentence.\n")
    ended = executed.build(builder, SITE_URL="https://example.org/book")
    assert ended.returncode == 0, ended.stderr
    html, page = executed.root / "_build" / "html", executed.page()
    address = "https://example.org/book"
    assert f'<link rel="canonical" href="{address}/page.html"' in page
    assert f'content="{address}/_static/cards/page.png"' in page
    with Image.open(html / "_static" / "cards" / "page.png") as card:
        assert card.size == (1200, 630)
    assert f"<loc>{address}/page.html</loc>" in (html / "sitemap.xml").read_text("utf8")
    assert "github.com" not in page
    # With the repository's alone the site is another one, and no page names its own address.
    known = {"REPOSITORY_URL": "https://github.com/someone/somewhere", **KNOWN}
    ended = executed.build(builder, **known)
    assert ended.returncode == 0, ended.stderr
    assert "site: built" in ended.stdout
    page = executed.page()
    assert "colab.research.google.com/github/someone/somewhere/blob/launch/book/page.ipynb" in page
    assert "github.com/someone/somewhere/edit/main/book/page.ipynb" in page
    assert address not in page
    assert not (html / "sitemap.xml").exists()
    # Without both there is neither.
    assert "github.com" not in built.page()
    assert address not in built.page()
    assert not (built.root / "_build/html/sitemap.xml").exists()
