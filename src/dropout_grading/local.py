"""The student's functions in the student's own notebook, called as ``Student`` calls them apart.

For the checks that a student runs. This file, and what it uses, is put into the notebook.
"""

import copy

import numpy as np

from dropout_grading.student import Result, StudentError
from dropout_grading.wire import RNG, Ref, Source, pack, unpack


def sent(value):
    """Return a value as it comes out at the other end of the wire, sharing nothing with it."""
    arrays = []
    packed = pack(value, arrays)
    return unpack(packed, [bytearray(array) for array in arrays])


class Local:
    """The functions in ``names``, a notebook's variables."""

    def __init__(self, names):
        self.names, self.values = names, []

    def call(self, name, *args, **named):
        """Call the student's function; return a ``Result``. Raises StudentError."""
        if not callable(self.names.get(name)):
            raise StudentError(f"there is no function {name}")
        args = [self.resolve(value) for value in args]
        named = {k: self.resolve(value) for k, value in named.items()}
        try:
            return self.keep(self.names[name](*args, **named))
        except Exception as error:  # with its traceback, which shows the student's own lines
            raise StudentError(f"{type(error).__name__}: {error}") from error

    def put(self, value):
        """Keep a value, to see later what was done to it."""
        return self.keep(copy.deepcopy(value))

    def get(self, result):
        """Return the value of a ``Result`` as it is now."""
        return sent(self.resolve(result))

    def keep(self, value):
        self.values.append(value)
        return Result(Ref(len(self.values) - 1), sent(value))

    def resolve(self, value):
        """Return what the student's function gets: fresh, but for what it returned before."""
        if isinstance(value, Result):
            kept = self.values[value.ref.number]
            for step in value.ref.path:
                kept = kept[step]
            return kept
        if isinstance(value, RNG):
            return np.random.default_rng(value.seed)
        if isinstance(value, Source):
            return eval(value.code, {"np": np})
        return sent(value)
