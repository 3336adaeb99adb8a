"""The student's functions in the student's own notebook, called as ``Student`` calls them apart.

For the checks that a student runs. This file, and what it uses, is put into the notebook.
"""

import copy

import numpy as np

from dropout_grading.student import StudentError
from dropout_grading.wire import RNG, Source


class Here:
    """A value and its parts, as ``Result`` has them."""

    def __init__(self, value):
        self.value = value

    def __getitem__(self, index):
        if not isinstance(self.value, list | tuple | dict):
            raise StudentError(f"should return several values, not a {type(self.value).__name__}")
        try:
            return Here(self.value[index])
        except (IndexError, KeyError):
            raise StudentError(f"should return more than {len(self.value)} values") from None


class Local:
    """The functions in ``names``, a notebook's variables."""

    def __init__(self, names):
        self.names = names

    def call(self, name, *args, **named):
        if not callable(self.names.get(name)):
            raise StudentError(f"there is no function {name}")
        args = [self.resolve(value) for value in args]
        named = {k: self.resolve(value) for k, value in named.items()}
        return Here(self.names[name](*args, **named))

    def put(self, value):
        return Here(copy.deepcopy(value))

    def get(self, result):
        return result.value

    def resolve(self, value):
        if isinstance(value, Here):
            return value.value
        if isinstance(value, RNG):
            return np.random.default_rng(value.seed)
        if isinstance(value, Source):
            return eval(value.code, {"np": np})
        if isinstance(value, np.ndarray):
            return value.copy()  # as a value that came from outside
        return value
