"""The values that checks and a student's code exchange: plain ones, never a pickle.

A value becomes JSON and the bytes of its arrays. Anything else stays where it is, and the other
side gets its type's name as an ``Opaque``.
"""

import re
from typing import NamedTuple

import numpy as np

PLAIN_DTYPE = re.compile(r"[<>|][biufc]\d\d?")  # booleans, integers, floats, complex: no objects
MAX_NESTING = 50  # lists within lists


class Opaque(NamedTuple):
    """A value that is not sent: the name of its type."""

    type: str


class Ref(NamedTuple):
    """A value kept in the student's process: its number, and where inside it."""

    number: int
    path: tuple = ()

    def look_up(self, values: list) -> object:
        """Return the value among all that are kept."""
        kept = values[self.number]
        for step in self.path:
            kept = kept[step]
        return kept


class RNG(NamedTuple):
    """A random generator, which the student's process makes from ``seed``."""

    seed: int


class Source(NamedTuple):
    """A function, which the student's process makes from an expression."""

    code: str


TAGGED_TYPES = {cls.__name__: cls for cls in (Opaque, Ref, RNG, Source)}


def pack(value: object) -> tuple[object, list[bytes]]:
    """Return ``value`` as JSON can hold it, and the bytes of its arrays."""
    arrays = []

    def packed(value, depth=0):
        if value is None or isinstance(value, bool | int | str):
            return value
        if type(value) in TAGGED_TYPES.values():
            return {"tag": type(value).__name__, "fields": [packed(v) for v in value]}
        if isinstance(value, float):
            return {"float": float.hex(value)}
        if isinstance(value, np.generic) and value.dtype.kind in "biuf":
            return packed({"b": bool, "f": float}.get(value.dtype.kind, int)(value))
        if isinstance(value, tuple | list) and depth < MAX_NESTING:
            kind = "tuple" if isinstance(value, tuple) else "list"  # a named tuple is a tuple
            return {kind: [packed(v, depth + 1) for v in value]}
        plain_keys = isinstance(value, dict) and all(isinstance(k, str) for k in value)
        if plain_keys and depth < MAX_NESTING:
            return {"dict": [[k, packed(v, depth + 1)] for k, v in value.items()]}
        if isinstance(value, np.ndarray) and PLAIN_DTYPE.fullmatch(value.dtype.str):
            arrays.append(value.tobytes())
            return {"array": len(arrays) - 1, "dtype": value.dtype.str, "shape": list(value.shape)}
        return packed(Opaque(type(value).__name__))

    return packed(value), arrays


def unpack(packed: object, arrays: list[bytearray]) -> object:
    """Return the value that ``pack`` was given; its arrays can be written to."""
    if not isinstance(packed, dict):
        return packed
    if "tag" in packed:
        return TAGGED_TYPES[packed["tag"]](*(unpack(v, arrays) for v in packed["fields"]))
    if "float" in packed:
        return float.fromhex(packed["float"])
    if "array" in packed:
        if not PLAIN_DTYPE.fullmatch(packed["dtype"]):
            raise ValueError("not a dtype that is sent")
        return np.frombuffer(arrays[packed["array"]], packed["dtype"]).reshape(packed["shape"])
    if "dict" in packed:
        return {str(k): unpack(v, arrays) for k, v in packed["dict"]}
    ((kind, items),) = packed.items()
    return {"tuple": tuple, "list": list}[kind](unpack(v, arrays) for v in items)
