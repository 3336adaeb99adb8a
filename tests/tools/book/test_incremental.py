"""After an edit the site is, to the byte, the one that is built from nothing, and made by less."""

import shutil

import pytest
from small_repository import ALT, FIGURE, TOC, Clone

OTHER = "# Another page\n\n{}\n\n## A heading\n\nSee [the book](index.md), $a^2$.\n"
# PNG, a file of its own; the other figure is a drawing, which is in its page.
PICTURE = "import matplotlib.pyplot as plt\n\nfig, ax = plt.subplots()\nax.plot([0, 1]);"
PAGES = "".join(f"  - file: {name}\n" for name in ("other", "third"))


@pytest.fixture(scope="module")
def clone(built, tmp_path_factory):
    """Three more pages than one of which a link leads to another, built once."""
    root = tmp_path_factory.mktemp("incremental") / "clone"
    shutil.copytree(built.root, root)
    clone = Clone(root)
    clone.write("_toc.yml", TOC + PAGES)
    clone.write("book/other.md", OTHER.format("Some prose."))
    clone.write("book/third.md", "# A third page\n\nOn [another](other.md) and $b$.\n")
    clone.write_notebook("Is it prose?", "print(6 * 7)", PICTURE, FIGURE)
    build(clone)
    return clone


def build(clone):
    for tool in ("book.execute", "book.build"):
        ended = clone.run(tool)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    return files(clone.root / "_build/html")


def files(html):
    return {p.relative_to(html).as_posix(): p.read_bytes() for p in html.rglob("*") if p.is_file()}


def from_nothing(clone):
    """Build the same book in a copy that has only its kept runs."""
    root = clone.root.with_name("full")
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(clone.root, root, ignore=shutil.ignore_patterns("_build", ".cache"))
    shutil.copytree(clone.root / ".cache/executed", root / ".cache/executed")
    return build(Clone(root))


def written(clone):
    """The pages that Sphinx has written, each with the time."""
    pages = clone.root / ".cache/pages"
    return {name: (pages / f"{name}.html").stat().st_mtime_ns for name in ("other", "third")}


def prose(clone):
    clone.write("book/other.md", OTHER.format("Other prose, with **strong** words."))


def title(clone):
    clone.write("book/other.md", OTHER.format("Prose.").replace("Another", "A renamed"))


def label(clone):
    clone.write("book/other.md", OTHER.format("(here)=\n## A new heading\n\nAnd $c_1$."))
    clone.write("book/third.md", "# A third page\n\nOn {ref}`here` and $b$.\n")


def figure(clone):
    drawn = [cell.replace("[0, 1]", "[1, 0]") for cell in (PICTURE, FIGURE)]
    clone.write_notebook("Other prose.", "print(6 * 7)", *drawn, alt=f"{ALT} Or falls.")


def deleted(clone):
    clone.write("_toc.yml", TOC + "  - file: other\n")
    clone.write("book/other.md", OTHER.format("Alone."))
    (clone.root / "book/third.md").unlink()


@pytest.mark.parametrize("edit", [prose, title, label, figure, deleted])
def test_the_site_after_an_edit_is_the_one_that_is_built_from_nothing(clone, edit):
    before = files(clone.root / "_build/html")
    edit(clone)
    after, full = build(clone), from_nothing(clone)
    assert after != before
    assert sorted(after) == sorted(full)
    assert [name for name in full if after[name] != full[name]] == []


def test_new_prose_writes_its_page_and_no_other(built, tmp_path):
    clone = Clone(tmp_path / "clone")
    shutil.copytree(built.root, clone.root)
    clone.write("_toc.yml", TOC + PAGES)
    clone.write("book/other.md", OTHER.format("Some prose."))
    clone.write("book/third.md", "# A third page\n")
    build(clone)
    before = written(clone)
    prose(clone)
    build(clone)
    after = written(clone)
    assert after["other"] > before["other"]
    assert after["third"] == before["third"]
    title(clone)
    build(clone)
    assert written(clone)["third"] > after["third"]


def test_a_warning_comes_again_until_it_is_mended(built, tmp_path):
    clone = Clone(tmp_path / "clone")
    shutil.copytree(built.root, clone.root)
    good = (clone.root / "book/index.md").read_text("utf8")
    for _ in range(2):
        clone.write("book/index.md", good + "\nSee [nothing](nowhere.md).\n")
        ended = clone.run("book.build")
        assert ended.returncode != 0
        assert "nowhere.md" in ended.stderr
        assert not (clone.root / "_build/html").exists()
    clone.write("book/index.md", good)
    assert build(clone) == files(built.root / "_build/html")
