"""Calls a student's functions in the student's own notebook, for the checks there.

It does so in the same way as ``Student`` does in a sandbox.
"""

import numpy as np

from dropout_grading.execution.calls import CallResult, StudentError
from dropout_grading.execution.values import RNG, Ref, Source, pack, unpack


def as_sent(value: object) -> object:
    """Return a value as another process would get it; it shares no memory with ``value``."""
    packed, arrays = pack(value)
    return unpack(packed, [bytearray(array) for array in arrays])


class NotebookStudent:
    """The functions among a notebook's ``variables``."""

    def __init__(self, variables: dict):
        self.variables, self.values = variables, []

    def call(self, name: str, *args, **named) -> CallResult:
        """Call the student's function. Raises StudentError."""
        if not callable(self.variables.get(name)):
            raise StudentError(f"there is no function {name}")
        args = [self.resolve(value) for value in args]
        named = {k: self.resolve(value) for k, value in named.items()}
        try:
            return self.keep(self.variables[name](*args, **named))
        except Exception as error:  # its traceback shows the student's own lines
            raise StudentError(f"{type(error).__name__}: {error}") from error

    def put(self, value: object) -> CallResult:
        """Keep a value, to see later what was done to it."""
        return self.keep(self.resolve(value))

    def get(self, result: CallResult) -> object:
        """Return the value of a result as it is now."""
        return as_sent(self.resolve(result))

    def keep(self, value: object) -> CallResult:
        """Keep a value under a new number."""
        self.values.append(value)
        return CallResult(Ref(len(self.values) - 1), as_sent(value))

    def resolve(self, value: object) -> object:
        """Return the argument for the student's function.

        It is a copy, unless an earlier call returned it.
        """
        if isinstance(value, CallResult):
            return value.ref.look_up(self.values)
        if isinstance(value, RNG):
            return np.random.default_rng(value.seed)
        if isinstance(value, Source):
            return eval(value.code, {"np": np})
        return as_sent(value)
