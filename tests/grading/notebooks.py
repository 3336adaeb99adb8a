"""Submissions made from the assignment's own source: its cells with some lines replaced."""

import json
import re
import warnings
from functools import cache
from pathlib import Path

import numpy as np

from assignments import test_cell as cell_of_check
from dropout_grading import notebook as reader
from dropout_grading.__main__ import load
from dropout_grading.mark import mark
from dropout_grading.worker import run_cells

ROOT = Path(__file__).parents[2]
FIRST = "inverted-dropout"
FOLDER = ROOT / "assignments" / FIRST
FULL = (3, 4, 1, 3, 3, 2)
# A cell's last line that prints numbers, whatever they are: it catches all and leaves no variable.
SHOWS = re.compile(r"^(look|show)\(.*\)$", re.MULTILINE)


@cache
def assignment(name=FIRST):
    return load(ROOT / "assignments" / name)


def notebook(*cells, **more):
    """Return a notebook's bytes with these code cells."""
    made = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    return json.dumps({"cells": made, "nbformat": 4, "nbformat_minor": 5, **more}).encode()


def submission(replacements=None, *, name=FIRST, before=(), after=()):
    """Return the solution's bytes with replacements, and cells put before or after the others."""
    content = json.loads((ROOT / "assignments" / name / "source.ipynb").read_bytes())
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


@cache
def inlined(name):
    """Return {check: function} of the public checks, as they are put into the notebook."""
    made = {}
    for check in assignment(name).checks:
        if not check.hidden:
            names = {}
            exec(cell_of_check(check, ROOT / "assignments" / name / "checks.py"), names)
            made[check] = names[f"test_{check.function.__name__}"]
    return made


def variables(data):
    """Return the variables of a notebook whose cells have run, all but the lines that show."""
    code = [SHOWS.sub("", cell) for cell in reader.code(reader.cells(data))]
    names = {"__name__": "__main__", "display": print}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the notebook prints them
        run_cells(code, names, lambda _: None)
    return names


def said(names, name, *, given):
    """Return {check: None, or what it raises} of the checks in a notebook with these variables.

    ``given``: with right functions in place of those of other questions, as when marks are given.
    """
    raised = {}
    for check, test in inlined(name).items():
        replaced = {}
        for question, functions in assignment(name).given.items() if given else ():
            if question != check.question:
                replaced |= {k: eval(code, {"np": np}) for k, code in functions.items()}
        own = {k: names.get(k) for k in replaced}
        names.update(replaced)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                raised[check] = test(names)
        except Exception as error:
            raised[check] = error
        names.update(own)
    return raised
