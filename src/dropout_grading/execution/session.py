"""A student's process that is started again after it had to be stopped."""

import time

from dropout_grading.execution.sandbox import Limits
from dropout_grading.execution.student import ProcessEndedError, Student
from dropout_grading.execution.values import Source


class NotStartedError(Exception):
    """The process is not started again; the text says why it was stopped."""


class Session:
    """The process of one submission, until the ``limits`` allow no further start.

    A cell that has to be stopped is left out, so that one endless loop does not cost everything.
    """

    def __init__(self, cells: list[str], limits: Limits):
        self.errors: dict[int, str] = {}  # {number of a cell: why it did not run to its end}
        self.notes: dict[int, str] = {}  # {number of a cell: what in it did nothing}
        self.stops: list[str] = []  # why the process was stopped, each time
        self._cells, self._limits = list(cells), limits.begun()
        self._student, self._left_out, self._given_up = None, {}, False

    def ask(self, question, given: dict[str, str]):
        """Return question(student), with the functions ``given`` in place of the student's.

        ``given``: {function: expression}. Raises ProcessEndedError if the process is stopped
        meanwhile, and NotStartedError if there is none.
        """
        student = self._running()
        try:
            student.give({name: Source(expression) for name, expression in given.items()})
            return question(student)
        except ProcessEndedError as error:
            self._stop(error)
            raise

    def _running(self) -> Student:
        while self._student is None and not self._given_up:
            try:
                self._student = Student(self._cells, self._limits)
                self.errors = self._student.errors | self._left_out
                self.notes = self._student.notes
            except ProcessEndedError as error:
                self._stop(error)
                if error.cell is None:  # there is no cell to leave out
                    self._given_up = True
                else:
                    self._cells[error.cell] = ""
                    self._left_out[error.cell] = f"{error}; left out"
        if self._student is None:
            self.errors |= self._left_out
            raise NotStartedError(self.stops[-1])
        return self._student

    def _stop(self, error: ProcessEndedError) -> None:
        self.close()
        self.stops.append(str(error))
        over = time.monotonic() >= self._limits.ends
        self._given_up = over or len(self.stops) > self._limits.restarts

    def close(self) -> None:
        """End the process, if it runs."""
        if self._student:
            self._student.close()
        self._student = None
