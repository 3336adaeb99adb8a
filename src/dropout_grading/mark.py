"""Mark one submission: run it apart, ask it, compare here."""

import numpy as np

from dropout_grading import notebook
from dropout_grading.checks import Wrong
from dropout_grading.sandbox import Limits
from dropout_grading.student import Ended, Student, StudentError
from dropout_grading.wire import Source

SHOWN = 500  # characters of a line in the feedback
ANOTHER = "is not this assignment's notebook: it defines none of"
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
    code = notebook.code(found)
    errors, stops, checks = _run_all(assignment, code, limits or Limits())
    asked, template = assignment.questions, assignment.template
    status, given = "marked", {text for kind, text in template if kind == "markdown"}
    if stops:
        status = f"stopped: {stops[0]}"
    if _is_another(found, template) and not any(check["got"] for check in checks):
        status = f"{ANOTHER} {', '.join(notebook.to_write(template))}"
        if given.isdisjoint(text for _, text in found):  # nor one of its texts
            found = []
    return {
        "status": status,
        "checks": checks,
        "errors": [
            line(f"{notebook.place(n, code[n])}: {text}")
            for n, text in sorted(errors.items())[:ERRORS]
            if 0 <= n < len(code)  # forged, it may be any number
        ],
        "answers": {q: notebook.answer(found, q, asked, template) for q in assignment.manual},
    }


def unmarked(assignment, why):
    """Return the result of a submission that cannot be run."""
    entries = [_entry(check, "was not run") for check in assignment.checks]
    answers = dict.fromkeys(assignment.manual, "")
    return {"status": line(why), "checks": entries, "errors": [], "answers": answers}


def line(text):
    """Return a student's text as one line that can be written to any file."""
    text = " ".join(text.encode("utf8", "replace").decode().split())
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} …"


def _is_another(found, template):
    names = notebook.to_write(template)
    return bool(names) and not notebook.defines(found, names)


def _run_all(assignment, code, limits):
    """Run the checks. A call that has to be stopped fails, and those after it run afresh.

    A cell that has to be stopped is left out, so that one endless loop does not cost everything.

    ``given`` functions are right answers, and a student's function can keep what it sees. So the
    questions that they answer come first, and none is given before its question is done.

    A check that is not met with the ``given`` functions is run with the student's own alone, as in
    the notebook: who there uses a wrong mask as it is meant has made one mistake. The better of the
    two counts. Once that has to be stopped, it is not tried again.
    """
    errors, stops, checks, code, left_out = {}, [], [], list(code), {}
    with_given, alone_too = None, True
    first = list(assignment.given)
    order = sorted(
        assignment.checks,
        key=lambda c: first.index(c.question) if c.question in first else len(first),
    )
    while len(checks) < len(order):
        started = False
        try:
            with Student(code, limits) as student:
                errors, started = student.errors, True
                for check in order[len(checks) :]:
                    done = {entry["question"] for entry in checks} - {check.question}
                    replaced = _give(assignment.given, {"", *done}, student)
                    entry = _run(check, student)
                    if "message" in entry and replaced and alone_too:
                        with_given = entry
                        student.restore()
                        alone = _run(check, student)
                        entry, with_given = (entry if "message" in alone else alone), None
                    checks.append(entry)
        except Ended as error:
            stops.append(line(str(error)))
            if with_given:
                checks.append(with_given)
                with_given, alone_too = None, False
            elif error.cell is not None:
                code[error.cell], left_out[error.cell] = "", f"{stops[-1]}; left out"
            elif started:
                checks.append(_entry(order[len(checks)], f"your code was stopped: {stops[-1]}"))
            if (not started and error.cell is None) or len(stops) > limits.restarts:
                why = f"not run, since your code was stopped: {stops[-1]}"
                checks += [_entry(check, why) for check in order[len(checks) :]]
    in_place = [checks[order.index(check)] for check in assignment.checks]
    return errors | left_out, stops, in_place


def _give(given, questions, student):
    """Put the student's own functions back, then in place of them those of these questions.

    Return whether there are any.
    """
    student.restore()
    functions = {
        k: v for question in given if question in questions for k, v in given[question].items()
    }
    for name, expression in functions.items():
        student.define(name, Source(expression))
    return bool(functions)


def _run(check, student):
    rng = np.random.default_rng()  # other inputs each time: there is no seed to learn by heart
    try:
        with np.errstate(all="ignore"):  # what comes back may hold nan and inf
            check.function(student, rng)
    except Ended:
        raise
    except Wrong as wrong:
        return _entry(check, line(str(wrong)))  # a student may choose the name of a type
    except StudentError as error:
        return _entry(check, line(str(error)))
    except Exception as error:
        # What came back is not of the kind that the check reads. (That the checks themselves do
        # not raise is what the bank is for: the reference solution gets full marks.)
        kind = type(error).__name__
        return _entry(check, f"what your code returned is not of the kind asked for ({kind})")
    return _entry(check, None)


def _entry(check, message):
    entry = {"question": check.question, "name": check.name, "points": check.points}
    entry |= {"hidden": check.hidden, "got": 0 if message else check.points}
    return entry | ({"message": message} if message else {})
