"""One submission as the checks see it: its functions, called in another process or in this one."""

from dropout_grading.sandbox import Limits, Sandbox
from dropout_grading.wire import Broken, Opaque, Ref, receive, send


class StudentError(Exception):
    """The student's own code raised, in the student's process; the text says what and where."""


class Ended(Exception):
    """The student's process is gone; the text says why.

    ``cell``: the number of the cell that ran, None where the cells were done.
    """

    cell = None


class Result:
    """What a call returned: ``value``, plain, and a handle to give back to another call.

    ``result[0]``: the first of several returned values, in the same way.
    """

    def __init__(self, ref, value):
        self.ref, self.value = ref, value

    def __getitem__(self, index):
        if self.value is None:
            raise StudentError("your code should return several values, and returned nothing")
        if not isinstance(self.value, list | tuple | dict):
            kind = self.value.type if isinstance(self.value, Opaque) else type(self.value).__name__
            raise StudentError(f"your code should return several values, and returned one: {kind}")
        try:
            return Result(Ref(self.ref.number, (*self.ref.path, index)), self.value[index])
        except (IndexError, KeyError) as error:
            text = f"your code should return more than {len(self.value)} values"
            raise StudentError(text) from error


class Student:
    """A submission's notebook, run cell by cell in a sandbox; then its functions can be called.

    ``cells``: the sources of the code cells. ``errors``: {number of a cell: what it raised}.
    Raises Ended where the process does not survive its own cells.
    """

    def __init__(self, cells, limits=None):
        self.sandbox = Sandbox(["-m", "dropout_grading.worker"], limits or Limits())
        cell = None
        try:
            self._send(list(cells))
            while isinstance(first := self._receive(), int) and 0 <= first < len(cells):
                cell = first
            self.sandbox.rest()
            try:
                self.errors = {int(n): str(text) for n, text in first["errors"]}
                self.functions = {str(name) for name in first["functions"]}
            except Exception as error:  # forged
                raise Ended("it sent what is not a message") from error
        except BaseException as error:
            self.sandbox.close()
            if isinstance(error, Ended):
                error.cell = cell
            raise

    def call(self, name, *args, **named):
        """Call the student's function; return a ``Result``. Raises StudentError, Ended."""
        if name not in self.functions:
            raise StudentError(f"there is no function {name}")
        return self._ask({"do": "call", "name": name, "args": args, "named": named})

    def put(self, value):
        """Keep a value in the student's process, to see later what was done to it."""
        return self._ask({"do": "put", "value": value})

    def define(self, name, value):
        """Put a function in the place of the student's."""
        self._arrange({"do": "define", "name": name, "value": value})

    def restore(self):
        """Put back what ``define`` replaced."""
        self._arrange({"do": "restore"})

    def _arrange(self, request):
        try:
            self._ask(request)
        except StudentError as error:  # no honest process refuses this
            raise Ended("it sent what is not a message") from error

    def get(self, result):
        """Return the value of a ``Result`` as it is now."""
        return self._ask({"do": "get", "ref": result.ref}).value

    def _ask(self, request):
        self._send(_with_refs(request))
        answer = self._receive()
        self.sandbox.rest()
        if not isinstance(answer, tuple) or len(answer) != (3 if answer[:1] == (True,) else 2):
            raise Ended("it sent what is not a message")
        if len(answer) == 2:
            raise StudentError(f"your code raised {answer[1]}")
        return Result(Ref(answer[1]), answer[2])

    def _send(self, value):
        self.sandbox.give_time()
        try:
            send(self.sandbox.channel, value)
        except OSError as error:
            raise Ended(self._why()) from error

    def _receive(self):
        try:
            return receive(self.sandbox.channel)
        except Broken as error:
            raise Ended(self._why(str(error))) from error

    def _why(self, otherwise="the process ended"):
        return self.sandbox.ended_by or otherwise

    def close(self):
        """End the student's process."""
        self.sandbox.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _with_refs(value):
    if isinstance(value, Result):
        return value.ref
    if type(value) in (list, tuple):
        return type(value)(map(_with_refs, value))
    if isinstance(value, dict):
        return {k: _with_refs(v) for k, v in value.items()}
    return value
