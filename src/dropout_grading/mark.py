"""Mark one submission: run it apart, ask it, compare here."""

import numpy as np

from dropout_grading import notebook
from dropout_grading.checks import Wrong
from dropout_grading.sandbox import Limits
from dropout_grading.student import Ended, Student, StudentError
from dropout_grading.wire import Source

SHOWN = 300  # characters of an error in the feedback
ERRORS = 20  # cells that raised


def mark(assignment, data, *, limits=None):
    """Return the result for a notebook's bytes: a dict of plain values.

    ``status``: "marked", or what kept it from being marked whole; ``checks``: one entry a check,
    with ``question``, ``name``, ``points``, ``got``, ``hidden`` and, where it failed, ``message``;
    ``errors``: cells that raised; ``answers``: {question: text} to be marked by a person.
    """
    try:
        found = notebook.cells(data)
    except notebook.NotANotebook as error:
        return unmarked(assignment, str(error))
    errors, stops, checks = _run_all(assignment, notebook.code(found), limits or Limits())
    asked = assignment.questions
    return {
        "status": f"stopped: {stops[0]}" if stops else "marked",
        "checks": checks,
        "errors": [f"cell {n + 1}: {line(text)}" for n, text in sorted(errors.items())[:ERRORS]],
        "answers": {
            q: notebook.answer(found, q, asked, assignment.template) for q in assignment.manual
        },
    }


def unmarked(assignment, why):
    """Return the result of a submission that cannot be run."""
    entries = [_entry(check, "was not run") for check in assignment.checks]
    return {"status": line(why), "checks": entries, "errors": [], "answers": {}}


def line(text):
    """Return a student's text as one line that can be written to any file."""
    text = " ".join(text.encode("utf8", "replace").decode().split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} …"


def _run_all(assignment, code, limits):
    """Run the checks. A call that has to be stopped fails, and those after it run afresh.

    A cell that has to be stopped is left out, so that one endless loop does not cost everything.
    """
    errors, stops, checks, code, left_out = {}, [], [], list(code), {}
    while len(checks) < len(assignment.checks):
        started = False
        try:
            with Student(code, limits) as student:
                errors, started = student.errors, True
                question = None
                for check in assignment.checks[len(checks) :]:
                    if check.question != question:
                        question = check.question
                        _give(assignment.given, question, student)
                    checks.append(_run(check, student))
        except Ended as error:
            stops.append(line(str(error)))
            if error.cell is not None:
                code[error.cell], left_out[error.cell] = "", f"{stops[-1]}; left out"
            elif started:
                checks.append(_entry(assignment.checks[len(checks)], f"was stopped: {stops[-1]}"))
            if (not started and error.cell is None) or len(stops) > limits.restarts:
                why = f"not run, since the program was stopped: {stops[-1]}"
                checks += [_entry(check, why) for check in assignment.checks[len(checks) :]]
    return errors | left_out, stops, checks


def _give(given, question, student):
    """Put the student's own functions back, then in place of them those of other questions."""
    student.restore()
    for other, functions in given.items():
        if other != question:
            for name, expression in functions.items():
                student.define(name, Source(expression))


def _run(check, student):
    rng = np.random.default_rng()  # other inputs each time: there is no seed to learn by heart
    try:
        with np.errstate(all="ignore"):  # what comes back may hold nan and inf
            check.function(student, rng)
    except Ended:
        raise
    except Wrong as wrong:
        return _entry(check, str(wrong))
    except StudentError as error:
        return _entry(check, f"your code: {line(str(error))}")
    except Exception as error:
        # What came back is not of the kind that the check reads. (That the checks themselves do
        # not raise is what the bank is for: the reference solution gets full marks.)
        return _entry(check, f"your code returned another kind of value ({type(error).__name__})")
    return _entry(check, None)


def _entry(check, message):
    entry = {"question": check.question, "name": check.name, "points": check.points}
    entry |= {"hidden": check.hidden, "got": 0 if message else check.points}
    return entry | ({"message": message} if message else {})
