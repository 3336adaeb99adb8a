"""The result of a call of a student's function: a ``CallResult``, or a ``StudentError``."""

from dropout_grading.execution.values import Opaque, Ref


class StudentError(Exception):
    """The student's own code raised an error; the text says which, and where."""


class CallResult:
    """What a call returned: its plain ``value``, and ``ref`` to pass it to another call.

    If a call returned several values, ``result[0]`` is the first, again a ``CallResult``.
    """

    def __init__(self, ref: Ref, value: object):
        self.ref, self.value = ref, value

    def __getitem__(self, index: int | str):
        if self.value is None:
            raise StudentError("your code should return several values, and returned nothing")
        if not isinstance(self.value, list | tuple | dict):
            kind = self.value.type if isinstance(self.value, Opaque) else type(self.value).__name__
            raise StudentError(f"your code should return several values, and returned one: {kind}")
        try:
            return CallResult(Ref(self.ref.number, (*self.ref.path, index)), self.value[index])
        except (IndexError, KeyError) as error:
            text = f"your code should return more than {len(self.value)} values"
            raise StudentError(text) from error
