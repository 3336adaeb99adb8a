"""What an assignment asks: questions, and checks that call the student's functions."""

from typing import NamedTuple


class Wrong(Exception):
    """A check that is not met; the text tells the student what is wrong and what to think of."""


class Check(NamedTuple):
    """One check: ``function(student, rng)`` raises Wrong, or StudentError, where it is not met."""

    name: str
    question: str
    points: float
    hidden: bool
    function: object


class Assignment:
    """The questions of an assignment with their checks.

    ``name``: also that of its notebook. ``manual``: {question: points} marked by a person.
    ``given``: {question: {function: expression}}, right functions that take the place of the
    student's in the checks of the *other* questions, so that one fault costs once. (A function of
    no question goes under "".) The checks in the notebook itself do without them, and what is met
    there is met: a check counts as met if it is with them or without.
    """

    def __init__(self, name, *, manual=None, given=None):
        self.name, self.manual, self.given = name, dict(manual or {}), dict(given or {})
        self.checks = []

    def check(self, question, points, *, hidden=False):
        """Return a decorator that adds a check; its docstring is its name in the feedback."""

        def add(function):
            name = (function.__doc__ or function.__name__).strip().splitlines()[0]
            self.checks.append(Check(name, question, points, hidden, function))
            return function

        return add

    @property
    def questions(self):
        """{question: points}, in the order in which they were added."""
        totals = {}
        for check in self.checks:
            totals[check.question] = totals.get(check.question, 0) + check.points
        return {**totals, **self.manual}
