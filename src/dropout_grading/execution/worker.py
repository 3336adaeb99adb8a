"""Runs inside the sandbox: the cells of one submission, then the calls that the marker asks for.

Its arguments are the number of its socket and the most bytes that a file may have. The marker
trusts nothing here, since a student's code can change all of it.
"""

import ast
import os
import resource
import socket
import sys
import traceback

import numpy as np

from dropout_grading.execution import protocol
from dropout_grading.execution.protocol import ProtocolError, receive, send
from dropout_grading.execution.values import RNG, Ref, Source
from dropout_grading.submissions.notebook import place

MAX_ERROR_CHARACTERS = 2000
PYTHON_CELL_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")  # the rest of the cell is Python


def run_cells(cells: list[str], variables: dict, before_cell) -> dict[int, str]:
    """Run each cell as a notebook would, in these variables; return {number of a cell: its error}.

    After an error the next cell runs all the same. ``before_cell`` gets the number of each cell.
    """
    errors = {}
    for number, source in enumerate(cells):
        before_cell(number)
        file_name = f"<{place(number, source)}>"  # what a traceback shows
        try:
            exec(compile(_parsed(source, file_name), file_name, "exec"), variables)
        except BaseException as error:  # SystemExit and KeyboardInterrupt too
            errors[number] = describe(error, file_name)
    return errors


def _parsed(source: str, file_name: str) -> ast.Module:
    """Parse a cell. If it is not Python, leave out IPython's own lines (%pip, !ls, f?)."""
    try:
        return ast.parse(source, file_name)
    except SyntaxError:
        lines = source.split("\n")
    if lines[0].startswith("%%") and lines[0].split()[0] not in PYTHON_CELL_MAGICS:
        return ast.parse("")
    kept = ("" if _is_magic(line.strip()) else line for line in lines)
    return ast.parse("\n".join(kept), file_name)


def _is_magic(line: str) -> bool:
    return line.startswith(("%", "!", "?")) or line.endswith("?")


def describe(error: BaseException, running: str | None = None) -> str:
    """Return an error in one line, with its place: the line, and the cell if not ``running``."""
    frames = [(f.filename, f.lineno) for f in traceback.extract_tb(error.__traceback__)]
    try:
        text = str(error)
        if isinstance(error, SyntaxError):
            text = error.msg
            frames.append((error.filename, error.lineno))
    except Exception:
        text = ""
    cells = [pair for pair in frames if str(pair[0]).startswith("<code cell")]
    where = ""
    if cells:
        cell, number = cells[-1]
        where = f" (line {number})" if cell == running else f" (line {number} of {cell[1:-1]})"
    text = f"{type(error).__name__}: {text}"[:MAX_ERROR_CHARACTERS]
    return text.removesuffix(": ") + where


class Calls:
    """Answers the marker's requests; keeps each value that a call returned."""

    def __init__(self, variables: dict):
        self.variables, self.values, self.replaced = variables, [], {}

    def resolve(self, value: object) -> object:
        """Return what was sent, with each reference, generator and function in its place."""
        if isinstance(value, Ref):
            return value.look_up(self.values)
        if isinstance(value, RNG):
            return np.random.default_rng(value.seed)
        if isinstance(value, Source):
            return eval(value.code, {"np": np})
        if isinstance(value, list | tuple):
            return type(value)(map(self.resolve, value))
        if isinstance(value, dict):
            return {k: self.resolve(v) for k, v in value.items()}
        return value

    def answer(self, request: protocol.Request) -> protocol.Answer:
        """Do what is asked, and keep the resulting value."""
        try:
            value = self._value(request)
        except BaseException as error:
            return False, describe(error)
        self.values.append(value)
        return True, len(self.values) - 1, value

    def _value(self, request: protocol.Request) -> object:
        match self.resolve(request):
            case {"do": "get", "ref": value} | {"do": "put", "value": value}:
                return value
            case {"do": "define", "name": name, "value": value}:
                self.replaced.setdefault(name, self.variables.get(name))
                self.variables[name] = value
                return value
            case {"do": "call", "name": name, "args": args, "named": named}:
                return self.variables[name](*args, **named)
        self.variables.update(self.replaced)  # "restore"
        self.replaced.clear()
        return None


def main(descriptor: int, max_file_bytes: int) -> None:
    """Serve the marker until it closes the socket."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (max_file_bytes, max_file_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.set_inheritable(descriptor, False)  # programs that a student's code starts do not get it
    channel = socket.socket(fileno=descriptor).makefile("rwb")
    variables = {"__name__": "__main__", "display": print}
    cells = receive(channel, max_json_bytes=protocol.MAX_MESSAGE_BYTES)
    errors = run_cells(cells, variables, lambda number: send(channel, number))
    functions = [name for name, value in variables.items() if callable(value)]
    send(channel, protocol.CellsDone(errors=list(errors.items()), functions=functions))
    calls = Calls(variables)
    while True:
        try:
            request = receive(channel)
        except ProtocolError:  # the marker needs no more
            return
        try:
            send(channel, calls.answer(request))
        except Exception as error:  # an integer with a million digits, say
            send(channel, (False, describe(error)))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
