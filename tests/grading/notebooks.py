"""Submissions made from the assignment's own source: its cells with some lines replaced."""

import json
from functools import cache

from dropout_grading.mark_folder import load
from dropout_grading.mark_submission import mark
from tools.paths import ASSIGNMENTS

FIRST = "inverted-dropout"
FOLDER = ASSIGNMENTS / FIRST
FULL = (3, 4, 1, 3, 3, 2)
# In assignment 2, where networks are averaged for the reader: no check looks at these averages.
SOONER = {"for run in range(20)": "for run in range(2)"}


@cache
def assignment(name=FIRST):
    return load(ASSIGNMENTS / name)


def notebook(*cells, **more):
    """Return a notebook's bytes with these code cells."""
    made = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    return json.dumps({"cells": made, "nbformat": 4, "nbformat_minor": 5, **more}).encode()


def submission(replacements=None, *, name=FIRST, before=(), after=()):
    """Return the solution's bytes with replacements, and cells put before or after the others."""
    content = json.loads((ASSIGNMENTS / name / "source.ipynb").read_bytes())
    sources = {n: "".join(c["source"]) for n, c in enumerate(content["cells"])}
    code = [n for n, cell in enumerate(content["cells"]) if cell["cell_type"] == "code"]
    for old, new in (replacements or {}).items():
        where = [n for n in code if old in "".join(content["cells"][n]["source"])]
        assert len(where) == 1, f"{old!r} is in {len(where)} cells"
        sources[where[0]] = sources[where[0]].replace(old, new)
    for n in code:
        content["cells"][n]["source"] = sources[n]
    extra = [
        [{"cell_type": "code", "source": c, "metadata": {}} for c in cs] for cs in (before, after)
    ]
    content["cells"] = [*extra[0], *content["cells"], *extra[1]]
    return json.dumps(content).encode()


def unanswered(data):
    """Return a notebook's bytes without what is in Markdown below the last question's heading."""
    content = json.loads(data)
    heads = [n for n, c in enumerate(content["cells"]) if "".join(c["source"]).startswith("## q")]
    kept = [
        cell
        for n, cell in enumerate(content["cells"])
        if n <= heads[-1] or cell["cell_type"] != "markdown"
    ]
    return json.dumps(content | {"cells": kept}).encode()


def score(result):
    """Return the points of each question that checks mark."""
    got = {check["question"]: 0 for check in result["checks"]}
    for check in result["checks"]:
        got[check["question"]] += check["got"]
    return tuple(got.values())


def marked(data, limits=None, name=FIRST):
    return score(mark(assignment(name), data, limits=limits))
