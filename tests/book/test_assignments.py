"""What students get of the assignments, and what they must not get, in the built site."""

import json
import re

import pytest

from dropout_grading.mark_folder import load
from tools.book.notebooks import handouts
from tools.paths import ASSIGNMENTS, HTML

SOURCES = {p.parent.name: p.parent for p in sorted(ASSIGNMENTS.glob("*/checks.py"))}
each = pytest.mark.parametrize("name", SOURCES)


def published():
    """Every text of the site, by path."""
    files = [f for f in HTML.rglob("*") if f.suffix in (".html", ".ipynb", ".js", ".txt", ".md")]
    assert len(files) > 20
    return {f.relative_to(HTML).as_posix(): f.read_text("utf8") for f in files}


def solutions(folder):
    """The lines of an assignment's solutions that are theirs: long, and not in the given text."""
    found, given = set(), ""
    for cell in json.loads((folder / "source.ipynb").read_text("utf8"))["cells"]:
        text = "".join(cell["source"])
        block = r"# BEGIN SOLUTION\n(.*?)# END SOLUTION"
        for solution in re.findall(block, text, re.DOTALL):
            found |= {line.strip() for line in solution.splitlines() if len(line.strip()) > 24}
        given += re.sub(block, "", text, flags=re.DOTALL)
    return {line for line in found if line not in given}


def hidden(folder):
    """The names and docstrings of the hidden checks."""
    checks = [check for check in load(folder).checks if check.hidden]
    assert checks
    return {part for check in checks for part in (check.function.__name__, check.name)}


@each
def test_each_assignment_is_published(name):
    assert f"assignments/{name}" in handouts()


def test_the_handouts_hold_no_outputs():
    for path in handouts().values():
        for cell in json.loads(path.read_text("utf8"))["cells"]:
            assert not cell.get("outputs")


@each
def test_the_first_page_counts_the_points_as_the_marker_does(name):
    assignment = load(SOURCES[name])
    seen = sum(check.points for check in assignment.checks if not check.hidden)
    unseen = sum(check.points for check in assignment.checks if check.hidden)
    by_hand = sum(assignment.manual.values())
    first = json.loads(handouts()[f"assignments/{name}"].read_text("utf8"))["cells"]
    text = next("".join(cell["source"]) for cell in first if cell["cell_type"] == "markdown")
    lines = text.partition(f"How the {seen + unseen + by_hand} points are counted**\n\n")[2]
    said = re.match(r"1\. (\d+) points .* (\d+) are for hidden .* (\d+) are for your own", lines)
    assert said, text
    assert [*map(int, said.groups())] == [seen, unseen, by_hand]


@each
def test_neither_solutions_nor_hidden_checks_reach_the_site(name):
    folder = SOURCES[name]
    of_assignments = "".join(t for f, t in published().items() if "assignments/" in f)
    everything = "".join(published().values())
    assert "BEGIN SOLUTION" not in everything
    assert "hidden=True" not in everything
    for secret in hidden(folder):
        assert secret not in everything
    lines = solutions(folder)
    assert lines
    for line in lines:
        assert line not in of_assignments
        assert json.dumps(line)[1:-1] not in of_assignments
