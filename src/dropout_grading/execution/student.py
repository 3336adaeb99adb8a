"""One submission as the checks see it: its functions, called in a sandbox."""

from collections.abc import Iterable

from dropout_grading.execution.calls import CallResult, StudentError
from dropout_grading.execution.protocol import NOT_A_MESSAGE, ProtocolError, Request, receive, send
from dropout_grading.execution.sandbox import Limits, Sandbox
from dropout_grading.execution.values import Ref, Source


class ProcessEndedError(Exception):
    """The student's process is gone; the text says why."""

    cell: int | None = None  # the number of the one that was running


class Student:
    """A submission's notebook: its cells run in a sandbox, then its functions can be called.

    ``cells``: the sources of the code cells. ``errors``: {number of a cell: what it raised}.
    ``notes``: {number of a cell: what did nothing in it, such as magics}.
    Raises ProcessEndedError if the process does not survive its own cells.
    """

    def __init__(self, cells: Iterable[str], limits: Limits | None = None):
        cells = list(cells)
        self.sandbox = Sandbox(["-m", "dropout_grading.execution.worker"], limits or Limits())
        running = None
        try:
            self._send(cells)
            while isinstance(received := self._receive(), int) and 0 <= received < len(cells):
                running = received
            self.sandbox.stop_clock()
            self.errors, self.notes, self.functions = _cells_done(received)
        except BaseException as error:
            self.sandbox.close()
            if isinstance(error, ProcessEndedError):
                error.cell = running
            raise

    def call(self, name: str, *args, **named) -> CallResult:
        """Call the student's function. Raises StudentError, ProcessEndedError."""
        if name not in self.functions:
            raise StudentError(f"there is no function {name}")
        return self._ask({"do": "call", "name": name, "args": args, "named": named})

    def put(self, value: object) -> CallResult:
        """Keep a value in the student's process, to see later what was done to it."""
        return self._ask({"do": "put", "value": value})

    def get(self, result: CallResult) -> object:
        """Return the value of a result as it is now."""
        return self._ask({"do": "get", "ref": result.ref}).value

    def give(self, functions: dict[str, Source]) -> None:
        """Put functions in place of the student's, for those that were given before."""
        try:
            self._ask({"do": "give", "functions": functions})
        except StudentError as error:  # no honest process refuses this
            raise ProcessEndedError(NOT_A_MESSAGE) from error

    def _ask(self, request: Request) -> CallResult:
        self._send(_with_refs(request))
        answer = self._receive()
        self.sandbox.stop_clock()
        if isinstance(answer, tuple):
            match answer:
                case (True, number, value):
                    return CallResult(Ref(number), value)
                case (False, error):
                    raise StudentError(f"your code raised {error}")
        raise ProcessEndedError(NOT_A_MESSAGE)

    def _send(self, value: object) -> None:
        self.sandbox.restart_clock()
        try:
            send(self.sandbox.channel, value)
        except OSError as error:
            raise ProcessEndedError(self.sandbox.ended_by or "the process ended") from error

    def _receive(self) -> object:
        try:
            return receive(self.sandbox.channel)
        except ProtocolError as error:
            raise ProcessEndedError(self.sandbox.ended_by or str(error)) from error

    def close(self) -> None:
        self.sandbox.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _cells_done(received: object) -> tuple[dict[int, str], dict[int, str], set[str]]:
    """Return errors, notes and functions in a ``CellsDone``, which may be forged."""
    try:
        errors = {int(number): str(text) for number, text in received["errors"]}
        notes = {int(n): ", ".join(map(str, texts)) for n, texts in received["notes"]}
        return errors, notes, {str(name) for name in received["functions"]}
    except Exception as error:
        raise ProcessEndedError(NOT_A_MESSAGE) from error


def _with_refs(value: object) -> object:
    """Return what to send: each ``CallResult`` in it becomes its reference."""
    if isinstance(value, CallResult):
        return value.ref
    if type(value) in (list, tuple):
        return type(value)(map(_with_refs, value))
    if isinstance(value, dict):
        return {k: _with_refs(v) for k, v in value.items()}
    return value
