"""Marks one submission: its code runs in a sandbox, and its answers are compared here."""

from collections.abc import Iterator
from contextlib import closing
from functools import partial

import numpy as np

from dropout_grading.checks import Assignment, Check, WrongAnswerError
from dropout_grading.execution.calls import StudentError
from dropout_grading.execution.sandbox import Limits
from dropout_grading.execution.session import NotStartedError, Session
from dropout_grading.execution.student import ProcessEndedError, Student
from dropout_grading.results import MARKED, STOPPED, CheckResult, SubmissionResult
from dropout_grading.submissions import notebook

MAX_LINE_CHARACTERS = 500  # in the feedback
MAX_CELL_LINES = 20  # in the feedback
UNSTEADY = "it is met in one run of your code, and not in another"
ANOTHER_NOTEBOOK = "is not this assignment's notebook: it defines none of"


def mark(assignment: Assignment, data: bytes, *, limits: Limits | None = None) -> SubmissionResult:
    try:
        cells = notebook.cells(data)
    except notebook.NotANotebookError as error:
        return unmarked(assignment, str(error))
    code, template = notebook.code(cells), assignment.template
    limits = (limits or Limits()).begun()
    with closing(Session(code, limits)) as session:
        checks = _run_checks(assignment, session)
    with closing(Session(code, limits)) as another_session:
        checks = _told_apart(assignment, checks, another_session)
    status = f"{STOPPED}: {line(session.stops[0])}" if session.stops else MARKED
    names = notebook.to_write(template)
    another = names and not notebook.defines(cells, names)
    if another and not any(check["got"] for check in checks):
        status = f"{ANOTHER_NOTEBOOK} {', '.join(names)}"
        texts = {text for kind, text in template if kind == "markdown"}
        if texts.isdisjoint(text for _, text in cells):  # then its words answer nothing here
            cells = []
    questions = assignment.questions
    return {
        "status": status,
        "checks": checks,
        "errors": _by_cell(session.errors, code),
        "failed_cells": len(session.errors.keys() & range(len(code))),
        "notes": _by_cell(session.notes, code),
        "answers": {q: notebook.answer(cells, q, questions, template) for q in assignment.manual},
    }


def _by_cell(texts: dict[int, str], code: list[str]) -> list[str]:
    """Return a line for each text, with the place of its cell; a forged number may be any."""
    numbers = sorted(texts.keys() & range(len(code)))[:MAX_CELL_LINES]
    return [line(f"{notebook.place(n, code[n])}: {texts[n]}") for n in numbers]


def unmarked(assignment: Assignment, why: str) -> SubmissionResult:
    """Return the result of a submission that cannot be run."""
    checks = [_check_result(check, "was not run") for check in assignment.checks]
    answers = dict.fromkeys(assignment.manual, "")
    nothing_ran = {"errors": [], "failed_cells": 0, "notes": []}
    return {"status": line(why), "checks": checks, "answers": answers} | nothing_ran


def line(text: str) -> str:
    """Return a student's text as one line that any file can hold."""
    text = " ".join(text.encode("utf8", "replace").decode().split())
    return text if len(text) <= MAX_LINE_CHARACTERS else f"{text[:MAX_LINE_CHARACTERS]} …"


def _run_checks(assignment: Assignment, session: Session) -> list[CheckResult]:
    """Run the checks, each with the given functions of other questions.

    A given function is a right answer, and the student's code can keep it. So its own question
    comes first, and the function is given only when that question is done.

    A check that fails with given functions runs again with the student's own alone, as in the
    notebook. If it is met there, it is met. Once such a second run has to be stopped, there is no
    other: the checks that are left need the restarts.
    """
    messages, run_again = {}, True
    for check, given in _in_order(assignment):
        failure = partial(_failure, check)
        try:
            message = session.ask(failure, given)
        except ProcessEndedError as error:
            message = f"your code was stopped: {line(str(error))}"
        except NotStartedError as error:
            message = f"not run, since your code was stopped: {line(str(error))}"
        else:
            if message and given and run_again:
                try:
                    message = session.ask(failure, {}) and message
                except ProcessEndedError:
                    run_again = False
        messages[check] = message
    return [_check_result(check, messages[check]) for check in assignment.checks]


def _in_order(assignment: Assignment) -> Iterator[tuple[Check, dict[str, str]]]:
    """Yield the checks in the order in which they run, and the functions given to each."""
    rank = {question: n for n, question in enumerate(assignment.given)}
    done = {""}
    for check in sorted(assignment.checks, key=lambda check: rank.get(check.question, len(rank))):
        given = {}
        for question, functions in assignment.given.items():
            if question in done and question != check.question:
                given |= functions
        yield check, given
        done.add(check.question)


def _told_apart(assignment, checks: list[CheckResult], session: Session) -> list[CheckResult]:
    """Return the results with messages of a process that no hidden check has asked.

    Else a student's code could keep what a hidden check asks, and show it in the message of a check
    that the student sees.
    """
    results = dict(zip(assignment.checks, checks, strict=True))
    asked = False
    for check, given in _in_order(assignment):
        asked = asked or check.hidden
        if asked and not check.hidden and "message" in results[check]:
            try:
                message = session.ask(partial(_failure, check), given)
            except (ProcessEndedError, NotStartedError) as error:
                message = f"your code was stopped: {line(str(error))}"
            results[check] = results[check] | {"message": message or UNSTEADY}
    return [results[check] for check in assignment.checks]


def _failure(check: Check, student: Student) -> str | None:
    """Run a check; return why it is not met, or None. Raises ProcessEndedError."""
    rng = np.random.default_rng()  # new inputs each time: there is no seed to learn by heart
    try:
        with np.errstate(all="ignore"):  # what comes back may hold nan and inf
            check.function(student, rng)
    except ProcessEndedError:
        raise
    except (WrongAnswerError, StudentError) as error:
        return line(str(error))  # a student may choose the name of a type
    except Exception as error:
        # The check cannot read what came back. Its own mistakes are found by the bank's tests.
        return f"what your code returned is not of the kind asked for ({type(error).__name__})"
    return None


def _check_result(check: Check, message: str | None) -> CheckResult:
    name, question, points, hidden, _, about = check
    got = 0 if message else points
    result = CheckResult(
        question=question, name=name, points=points, got=got, hidden=hidden, about=about
    )
    return result | {"message": message} if message else result
