"""A notebook that hangs on the machine is found, with the cell, the line and both values."""

import re

import nbformat
import pytest
from small_repository import Clone

from tools.book import elsewhere, execute

pytestmark = pytest.mark.skipif(
    not execute.FORKS_KERNELS, reason="variants are of Linux and the CPU alone"
)

SOURCES = {
    "mask": """
import torch
torch.manual_seed(0)
print("a mask")
print(torch.nn.functional.dropout(torch.ones(64), 0.5).tolist())
""",
    "after": "print(torch.rand(1).item())  # from where the mask has left the generator",
    "same": "print(torch.rand(3, generator=torch.Generator().manual_seed(0)).tolist())",
    "threads": "torch.set_num_threads(1)\nprint(torch.get_num_threads())",
    "processor": "print(torch.backends.cpu.get_cpu_capability())",
    "ours": "torch.manual_seed(0)\nprint(torch.nn.functional.dropout(torch.ones(64), 0.5))",
}


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What the command says of a notebook under three variants: its output by variant, and all."""
    clone = Clone.fresh(tmp_path_factory.mktemp("elsewhere") / "clone")
    path = clone.write_notebook("Which machine?", *SOURCES.values())
    notebook = execute.read(path)
    for cell, name in zip(execute.code_cells(notebook), SOURCES, strict=True):
        cell.id = name
        if name == "ours":
            cell.metadata["tags"] = ["here"]
    nbformat.write(notebook, path)
    ended = clone.run("book.elsewhere", "another-stream", "two-threads", "aten-default")
    parts = re.split(r"^elsewhere: (\S+) \(.*$", ended.stdout, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True)), ended


def found(text):
    """The differences in a variant's output: cell and line, then the two values."""
    lines = [line.strip().removeprefix("page: ") for line in text.splitlines() if " page: " in line]
    return {line.partition(": ")[0]: line.partition(": ")[2] for line in lines}


def test_another_stream_changes_masks_and_what_is_drawn_after_them_and_no_more(said):
    lines = found(said[0]["another-stream"])
    assert set(lines) == {"mask, line 2", "after, line 1"}  # and not the cell tagged `here`
    ours, theirs = lines["mask, line 2"].split(" here, ")
    assert ours.count("0.0") + ours.count("2.0") == 64
    assert theirs.count("0.0") + theirs.count("2.0") == 64
    assert ours.strip("'") not in theirs


def test_two_threads_are_two_whatever_the_notebook_asks_for(said):
    assert found(said[0]["two-threads"]) == {"threads, line 1": "'1' here, '2' there"}


def test_the_variables_of_a_variant_are_those_of_its_kernel(said):
    (line,) = found(said[0]["aten-default"]).items()
    assert line[0] == "processor, line 1"
    assert line[1].endswith("'DEFAULT' there")


def test_a_difference_fails_the_command_and_its_last_line_says_where(said):
    _, ended = said
    assert ended.returncode != 0
    assert "not the same: another-stream, two-threads, aten-default" in ended.stderr
    assert "differences: 1;" in said[0]["two-threads"]


def test_a_notebook_that_has_no_run_elsewhere_is_a_difference(tmp_path, monkeypatch):
    monkeypatch.setattr(elsewhere, "VARIANT_RUNS", tmp_path)
    assert elsewhere.compare("old", ["index"]) == ["index: no run to compare"]


def test_a_name_that_is_neither_a_variant_nor_a_chapter_is_refused(clone):
    ended = clone.run("book.elsewhere", "aten-newest")
    assert ended.returncode != 0
    assert "elsewhere: no such variant or chapter: aten-newest" in ended.stderr


def cell(*outputs, tags=()):
    return nbformat.v4.new_code_cell(id="c", outputs=list(outputs), metadata={"tags": list(tags)})


def figure(svg):
    return nbformat.v4.new_output("display_data", {"image/svg+xml": svg, "text/plain": "<Figure>"})


def difference(one, other):
    notebooks = (nbformat.v4.new_notebook(cells=[cell(output)]) for output in (one, other))
    return list(elsewhere.differences(*notebooks))


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("M 1.5 2.25", "M 1.5 2.75", []),
        ("M 1.5 2.25", "M 1.5 2.76", ["c: the figure differs, by 0.51 points"]),
        ("M 1.5 2.25", "L 1.5 2.25", ["c: the figure differs, by inf points"]),
        ("M 1.5", "M 1.5 L 2.5", ["c: the figure differs, by inf points"]),
        ("<metadata>10:31.5</metadata>M 1.5", "<metadata>\n11:02.7</metadata>M 1.5", []),
    ],
)
def test_a_figure_is_the_same_where_no_part_has_moved_by_more_than_half_a_point(one, other, said):
    assert difference(figure(one), figure(other)) == said


def test_a_print_that_came_in_pieces_is_one_and_stderr_is_none():
    pieces = [nbformat.v4.new_output("stream", name="stdout", text=text) for text in ("a", "b\n")]
    warned = nbformat.v4.new_output("stream", name="stderr", text="no compiler\n")
    whole = nbformat.v4.new_output("stream", name="stdout", text="ab\n")
    assert elsewhere.printed(cell(*pieces, warned)) == elsewhere.printed(cell(whole)) == ["ab"]


def test_a_value_that_a_cell_shows_is_compared_like_a_print():
    one, other = (
        nbformat.v4.new_output("execute_result", {"text/plain": text}) for text in ("a\nb", "a")
    )
    assert difference(one, other) == ["c: 2 lines here, 1 there", "c, line 2: 'b' here, None there"]


def test_of_a_table_its_lines_are_compared():
    one, other = (
        nbformat.v4.new_output("execute_result", {"text/plain": "<Markdown>", "text/markdown": t})
        for t in ("| 0.1 |", "| 0.2 |")
    )
    assert difference(one, other) == ["c, line 1: '| 0.1 |' here, '| 0.2 |' there"]
