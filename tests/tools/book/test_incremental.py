"""After an edit the site is, to the byte, the one that is built from nothing, and made by less."""

import shutil

import pytest
from small_repository import ALT, CELLS, TOC, Builder, Clone

from dropout_site.cut_font import FOLDER as FONTS
from dropout_site.incremental.kept_templates import FOLDER as TEMPLATES

OTHER = "# Another page\n\n{}\n\n## A heading\n\nSee [the book](index.md), $a^2$.\n"
PAGES = "".join(f"  - file: {name}\n" for name in ("other", "third"))
ALL = {"index", "page", "other", "third"}


@pytest.fixture(scope="module")
def clone(built, builder, tmp_path_factory):
    """Three more pages than one of which a link leads to another, built once."""
    root = tmp_path_factory.mktemp("incremental") / "clone"
    shutil.copytree(built.root, root)
    clone = Clone(root)
    clone.write("_toc.yml", TOC + PAGES)
    clone.write("book/other.md", OTHER.format("Some prose."))
    clone.write("book/third.md", "# A third page\n\nOn [another](other.md) and $b$.\n")
    build(clone, builder)
    return clone


@pytest.fixture(scope="module")
def another():
    with Builder() as another:
        yield another


def build(clone, builder):
    ended = clone.build(builder, "make")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return files(clone.root / "_build/html")


def files(html):
    return {p.relative_to(html).as_posix(): p.read_bytes() for p in html.rglob("*") if p.is_file()}


def from_nothing(clone, builder):
    """Build the same book in a copy that has only its kept runs, and what no edit changes.

    That is its tools, and of its own making fonts and templates: they take longer than all else.
    """
    root = clone.root.with_name("full")
    root.mkdir(exist_ok=True)
    stays = ("tools", "requirements.txt", ".cache", FONTS, TEMPLATES)
    for part in (*root.glob("*"), *root.glob(".cache/*")):
        if part.name not in stays:
            shutil.rmtree(part) if part.is_dir() else part.unlink()
    for part in clone.root.iterdir():
        if part.name not in ("_build", ".cache") and not (root / part.name).exists():
            copy = shutil.copytree if part.is_dir() else shutil.copyfile
            copy(part, root / part.name)
    shutil.copytree(clone.root / ".cache/executed", root / ".cache/executed")
    return build(Clone(root), builder)


def written(clone):
    """The pages that Sphinx has written, each with the time."""
    pages = [clone.root / f".cache/pages/{name}.html" for name in ALL]
    return {page.stem: page.stat().st_mtime_ns for page in pages if page.exists()}


def prose(clone):
    clone.write("book/other.md", OTHER.format("Other prose, with **strong** words."))


def title(clone):
    clone.write("book/other.md", OTHER.format("Prose.").replace("Another", "A renamed"))


def label(clone):
    clone.write("book/other.md", OTHER.format("(here)=\n## A new heading\n\nAnd $c_1$."))
    clone.write("book/third.md", "# A third page\n\nOn {ref}`here` and $b$.\n")


def figure(clone):
    cells = [cell.replace("[0, 1]", "[1, 0]") for cell in CELLS]
    clone.write_notebook("Other prose.", *cells, alt=f"{ALT} Or falls.")


def deleted(clone):
    clone.write("_toc.yml", TOC + "  - file: other\n")
    clone.write("book/other.md", OTHER.format("Alone."))
    (clone.root / "book/third.md").unlink()


@pytest.mark.parametrize(
    ("edit", "anew"),
    [
        (prose, {"index", "other"}),  # Sphinx writes what lists the page, too
        (title, ALL),
        (label, ALL),
        (figure, ALL),
        (deleted, ALL - {"third"}),
    ],
)
def test_the_site_after_an_edit_is_the_one_that_is_built_from_nothing(
    clone, builder, another, edit, anew
):
    before, then = files(clone.root / "_build/html"), written(clone)
    edit(clone)
    after, now = build(clone, builder), written(clone)
    assert after != before
    assert {name for name in now if now[name] > then[name]} == anew
    full = from_nothing(clone, another)
    assert sorted(after) == sorted(full)
    assert [name for name in full if after[name] != full[name]] == []


def test_a_warning_comes_again_until_it_is_mended(built, builder, tmp_path):
    clone = Clone(tmp_path / "clone")
    shutil.copytree(built.root, clone.root)
    good = (clone.root / "book/index.md").read_text("utf8")
    for _ in range(2):
        clone.write("book/index.md", good + "\nSee [nothing](nowhere.md).\n")
        ended = clone.build(builder)
        assert ended.returncode != 0
        assert "nowhere.md" in ended.stderr
        assert not (clone.root / "_build/html").exists()
    clone.write("book/index.md", good)
    assert build(clone, builder) == files(built.root / "_build/html")
