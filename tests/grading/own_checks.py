"""What the checks say in a student's own notebook, where no marker is."""

import re
import warnings
from functools import cache

import numpy as np
from notebooks import assignment, notebook

from dropout_grading.execution.cells import Cells
from dropout_grading.submissions import notebook as reader
from tools.book.assignments import test_cell as cell_of_check
from tools.paths import ASSIGNMENTS

# A cell's last line that prints numbers, whatever they are: it leaves no variable.
SHOWS = re.compile(r"^(look|show|report)\(.*\)$", re.MULTILINE)
# Networks that a notebook trains for its reader: no check looks at them.
TRAINS = {"range(600)": "range(6)", "x, y, 200, seed=1)": "x, y, 2, seed=1)"}


@cache
def inlined(name):
    """Return {check: function} of the public checks, as they are put into the notebook."""
    made = {}
    for check in assignment(name).checks:
        if not check.hidden:
            names = {}
            exec(cell_of_check(check, ASSIGNMENTS / name / "checks.py"), names)
            made[check] = names[f"test_{check.function.__name__}"]
    return made


def quiet(data):
    """Return a notebook's code without what takes most of its time, and no check looks at."""
    code = [SHOWS.sub("", cell) for cell in reader.code(reader.cells(data))]
    for long, short in TRAINS.items():
        code = [cell.replace(long, short) for cell in code]
    return notebook(*code)


def variables(data):
    """Return the variables of a notebook whose cells have run, all but the lines that show."""
    names = {"__name__": "__main__"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the notebook prints them
        Cells(names).run_all(reader.code(reader.cells(quiet(data))), lambda _: None)
    return names


def said(names, name, *, given, checks=None):
    """Return {check: None, or what it raises} of the checks in a notebook with these variables.

    ``given``: with right functions in place of those of other questions, as when marks are given.
    ``checks``: these alone.
    """
    raised = {}
    for check, test in inlined(name).items():
        if checks is not None and check not in checks:
            continue
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
