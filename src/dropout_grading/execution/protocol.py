"""Messages between the marker and the worker, over one socket.

A message is some frames: one of JSON, then one for the bytes of each array in it. In front stands
the number of frames, and in front of each frame its length, both as integers of 8 bytes.

The student's code can write to the socket, so all that arrives may be forged.

1. The marker sends the cells, a list of strings.
2. The worker sends the number of each cell before it runs, then a ``CellsDone``.
3. The marker sends a ``Request``, the worker an ``Answer``, again and again.
"""

import json
import struct
from typing import Any, Literal, NotRequired, TypedDict

from dropout_grading.execution.values import Ref, Source, pack, unpack

MAX_ARRAYS = 1000  # in a message
MAX_MESSAGE_BYTES = 2**26
MAX_JSON_BYTES = 2**23
NOT_A_MESSAGE = "it sent something that is not a message"


class CellsDone(TypedDict):
    """What the worker sends after the last cell."""

    errors: list[tuple[int, str]]  # the number of a cell, and what it raised
    notes: list[tuple[int, list[str]]]  # the number of a cell, and what did nothing in it
    functions: list[str]  # the names that can be called


class Request(TypedDict):
    """What the marker asks for: ``do``, and the fields that it needs."""

    do: Literal["call", "put", "get", "give"]
    name: NotRequired[str]  # call
    args: NotRequired[tuple]  # call
    named: NotRequired[dict[str, Any]]  # call
    value: NotRequired[Any]  # put
    ref: NotRequired[Ref]  # get
    functions: NotRequired[dict[str, Source]]  # give


# The number under which the worker keeps the value, and the value; or False and an error.
Answer = tuple[Literal[True], int, Any] | tuple[Literal[False], str]


class ProtocolError(Exception):
    """The other side sent something that is not a message, or ended."""


def send(file, value: object) -> None:
    """Write a message.

    Raises ValueError or MemoryError if ``value`` cannot be one; then nothing is written.
    """
    packed, arrays = pack(value)
    text = json.dumps(packed).encode()
    if len(arrays) > MAX_ARRAYS:
        raise ValueError(f"a message must hold at most {MAX_ARRAYS} arrays, got {len(arrays)}")
    file.write(struct.pack("<q", 1 + len(arrays)))
    for frame in (text, *arrays):
        file.write(struct.pack("<q", len(frame)))
        file.write(frame)
    file.flush()


def receive(file, max_bytes=MAX_MESSAGE_BYTES, max_json_bytes=MAX_JSON_BYTES) -> Any:
    """Read a message of at most ``max_bytes``, JSON and arrays together. Raises ProtocolError."""
    count = _read_number(file)
    if not 0 < count <= MAX_ARRAYS + 1:
        raise ProtocolError(NOT_A_MESSAGE)
    frames, bytes_left = [], max_bytes
    for n in range(count):
        most = min(bytes_left, max_json_bytes) if n == 0 else bytes_left
        size = _read_number(file)
        if not 0 <= size <= most:
            raise ProtocolError(f"it sent a value larger than {most} bytes")
        bytes_left -= size
        frames.append(_read(file, size))
    try:
        # A bytearray, so that its arrays can be written to like a student's own.
        return unpack(json.loads(frames[0]), [bytearray(frame) for frame in frames[1:]])
    except Exception as error:  # strange bytes can raise anything
        raise ProtocolError(NOT_A_MESSAGE) from error


def _read_number(file):
    return struct.unpack("<q", _read(file, 8))[0]


def _read(file, size):
    try:
        data = file.read(size)
    except OSError as error:  # the other side closed it before all was read
        raise ProtocolError("the process ended") from error
    if data is None or len(data) < size:
        raise ProtocolError("the process ended")
    return data
