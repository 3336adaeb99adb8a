"""What an assignment's checks.py is made of: questions, and checks of the student's functions."""

from collections.abc import Callable
from typing import NamedTuple

NOT_WRITTEN_YET = "it is not written yet, or a return is missing"  # in a check's message


class WrongAnswerError(Exception):
    """A check is not met; the text tells the student what is wrong and what to think about."""


class Check(NamedTuple):
    """One check of a question."""

    name: str
    question: str
    points: float
    hidden: bool
    function: Callable  # (student, rng): raises WrongAnswerError or StudentError if it is not met
    about: str = ""  # of a hidden check: what a student may know of it, when it is not met


class Assignment:
    """The questions of an assignment, with their checks.

    A student's mistake in one function should cost once. So the checks of the other questions may
    run with a right function in its place. The checks in the notebook run without such functions,
    and a student may count on what they said. A check counts as met if it passes with the right
    functions or without them.

    ``name``: that of the notebook too. ``manual``: {question: points}, for a person to mark.
    ``given``: {question: {function: expression}}, the right functions. Those under "" answer no
    question, and take the place of the student's in every check.
    """

    def __init__(self, name: str, *, manual=None, given=None):
        self.name, self.manual, self.given = name, dict(manual or {}), dict(given or {})
        self.checks: list[Check] = []
        self.template: list[tuple[str, str]] = []  # kind and source of each cell handed out

    def check(self, question: str, points: float, *, hidden: bool = False, about: str = ""):
        """Return a decorator that adds a check; its docstring is its name in the feedback.

        ``about``: what the feedback says of a hidden check in its place.
        """

        def add(function):
            name = (function.__doc__ or function.__name__).strip().splitlines()[0]
            self.checks.append(Check(name, question, points, hidden, function, about))
            return function

        return add

    @property
    def questions(self) -> dict[str, float]:
        """{question: points}, in the order in which the questions were added."""
        totals = {}
        for check in self.checks:
            totals[check.question] = totals.get(check.question, 0) + check.points
        return {**totals, **self.manual}
