"""What a reader takes elsewhere, of each chapter: solutions folded, figures described."""

import html

import nbformat
import pytest

from tools.book.downloads import for_elsewhere
from tools.book.notebooks import chapters, code_cells, read

each_chapter = pytest.mark.parametrize("name", chapters())


@pytest.fixture
def pair(name):
    path = chapters()[name]
    return read(path), for_elsewhere(read(path))


def solutions(notebook):
    prompt = "Show the solution"
    cells = code_cells(notebook)
    return [c for c in cells if c.metadata.get("mystnb", {}).get("code_prompt_show") == prompt]


@each_chapter
def test_a_solution_is_folded_in_jupyter_and_in_colab(pair):
    for cell in solutions(pair[1]):
        assert cell.metadata.jupyter.source_hidden
        assert cell.metadata.cellView == "form"
        assert cell.source.startswith("# @title Solution\n")


@each_chapter
def test_each_alt_text_stands_below_the_cell_that_draws(pair):
    cells = pair[1].cells
    for cell, below in zip(cells, [*cells[1:], None], strict=True):
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt")
        assert (below is not None and below.id.endswith("-alt")) == bool(alt)
        if alt:
            assert html.unescape(below.source).splitlines()[3] == alt
            assert below.source.startswith("<details>\n")


@each_chapter
def test_nothing_else_changes(pair):
    old, new = pair
    nbformat.validate(new)
    assert len({cell.id for cell in new.cells}) == len(new.cells)
    kept = [cell for cell in new.cells if not cell.id.endswith("-alt")]
    title = "# @title Solution\n"
    assert [c.source.removeprefix(title) for c in kept] == [c.source for c in old.cells]


def test_there_are_solutions_and_figures():
    notebooks = [for_elsewhere(read(path)) for path in chapters().values()]
    assert sum(len(solutions(notebook)) for notebook in notebooks) == 15
    described = [c for n in notebooks for c in n.cells if c.id.endswith("-alt")]
    assert len(described) > 30


def test_a_description_shows_its_signs():
    alt = "Where a < b & c, <b>none</b> is kept."
    cell = nbformat.v4.new_code_cell("draw()", metadata={"mystnb": {"image": {"alt": alt}}})
    below = for_elsewhere(nbformat.v4.new_notebook(cells=[cell])).cells[1]
    assert "Where a &lt; b &amp; c, &lt;b&gt;none&lt;/b&gt; is kept." in below.source
