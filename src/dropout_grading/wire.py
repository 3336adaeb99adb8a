"""Values between the marker and a submission's process: JSON and plain arrays, never a pickle.

A frame is a length of 8 bytes, then that many bytes. A message is a frame of JSON and one frame for
each array in it: its bytes, while the JSON holds its dtype and shape. What is not plain stays where
it is: the other side gets ``Opaque``, its name. All that arrives may have been forged.
"""

import json
import re
import struct
from typing import NamedTuple

import numpy as np

DTYPE = re.compile(r"[<>|][biufc]\d\d?")  # booleans, integers, floats, complex: no objects
DEEPEST = 50  # lists within lists
MOST = 1000  # arrays in a message


class Opaque(NamedTuple):
    """A value that is not sent: the name of its type."""

    type: str


class Ref(NamedTuple):
    """A value kept in the submission's process: its number, and where inside it."""

    number: int
    path: tuple = ()


class RNG(NamedTuple):
    """A generator to be made in the submission's process from ``seed``."""

    seed: int


class Source(NamedTuple):
    """A function to be made in the submission's process from an expression."""

    code: str


class Broken(Exception):
    """The other side sent what is not a message, or ended."""


MARKS = {cls.__name__: cls for cls in (Opaque, Ref, RNG, Source)}


def pack(value, arrays, depth=0):
    """Return ``value`` as JSON can hold it; its arrays are appended to ``arrays``."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if type(value) in MARKS.values():
        return {"mark": type(value).__name__, "fields": [pack(v, arrays) for v in value]}
    if isinstance(value, float):
        return {"float": float.hex(value)}
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        return pack({"b": bool, "f": float}.get(value.dtype.kind, int)(value), arrays)
    if isinstance(value, tuple | list) and depth < DEEPEST:
        kind = "tuple" if isinstance(value, tuple) else "list"  # a named tuple is a tuple
        return {kind: [pack(v, arrays, depth + 1) for v in value]}
    if isinstance(value, dict) and depth < DEEPEST and all(isinstance(k, str) for k in value):
        return {"dict": [[k, pack(v, arrays, depth + 1)] for k, v in value.items()]}
    if isinstance(value, np.ndarray) and DTYPE.fullmatch(value.dtype.str):
        arrays.append(value.tobytes())
        return {"array": len(arrays) - 1, "dtype": value.dtype.str, "shape": list(value.shape)}
    return pack(Opaque(type(value).__name__), arrays)


def unpack(value, arrays):
    """Return what ``pack`` was given."""
    if not isinstance(value, dict):
        return value
    if "mark" in value:
        return MARKS[value["mark"]](*(unpack(v, arrays) for v in value["fields"]))
    if "float" in value:
        return float.fromhex(value["float"])
    if "array" in value:
        if not DTYPE.fullmatch(value["dtype"]):
            raise ValueError("not a dtype that is sent")
        return np.frombuffer(arrays[value["array"]], value["dtype"]).reshape(value["shape"])
    if "dict" in value:
        return {str(k): unpack(v, arrays) for k, v in value["dict"]}
    ((kind, items),) = value.items()
    return {"tuple": tuple, "list": list}[kind](unpack(v, arrays) for v in items)


def send(file, value):
    """Write a message, or nothing if ``value`` cannot be one (ValueError, MemoryError)."""
    arrays = []
    text = json.dumps(pack(value, arrays)).encode()
    if len(arrays) > MOST:
        raise ValueError(f"a message must hold at most {MOST} arrays, got {len(arrays)}")
    file.write(struct.pack("<q", 1 + len(arrays)))
    for frame in (text, *arrays):
        file.write(struct.pack("<q", len(frame)))
        file.write(frame)
    file.flush()


def receive(file, limit=1 << 26, text=1 << 23):
    """Read a message of at most ``limit`` bytes, ``text`` of them JSON. Raises Broken."""
    count = _number(file)
    if not 0 < count <= MOST + 1:
        raise Broken("it sent what is not a message")
    frames = []
    for n in range(count):
        size, most = _number(file), min(limit, text) if n == 0 else limit
        if not 0 <= size <= most:
            raise Broken(f"it sent a value larger than {most} bytes")
        limit -= size
        frames.append(_read(file, size))
    try:
        # A bytearray: arrays on it can be written to, as a student's own can.
        return unpack(json.loads(frames[0]), [bytearray(frame) for frame in frames[1:]])
    except Exception as error:  # strange bytes can raise anything
        raise Broken("it sent what is not a message") from error


def _number(file):
    return struct.unpack("<q", _read(file, 8))[0]


def _read(file, size):
    try:
        data = file.read(size)
    except OSError as error:  # closed by the other side before all was read
        raise Broken("the process ended") from error
    if data is None or len(data) < size:
        raise Broken("the process ended")
    return data
