"""Runs inside the sandbox: the cells of one submission, then the calls that the marker asks for.

It reads and answers messages on one socket, which its arguments name. Nothing here is trusted by
the marker: student code can change all of it.
"""

import ast
import os
import resource
import socket
import sys
import traceback

import numpy as np

from dropout_grading.notebook import place
from dropout_grading.wire import RNG, Broken, Ref, Source, receive, send

LONGEST = 2000  # characters of an error
RUN = ("%%time", "%%timeit", "%%capture", "%%prun")  # magics whose cell is Python all the same


def run_cells(cells, names, tell):
    """Run each cell as a notebook would; return the errors, {number of the cell: text}.

    A cell that fails does not stop those after it. ``tell`` gets the number of each before it runs.
    """
    errors = {}
    for number, source in enumerate(cells):
        tell(number)
        here = f"<{place(number, source)}>"  # what a traceback has for the name of a file
        try:
            exec(compile(_parsed(source, here), here, "exec"), names)
        except BaseException as error:  # SystemExit and KeyboardInterrupt too
            errors[number] = describe(error, here)
    return errors


def _parsed(source, here):
    """Parse a cell. Where it is no Python, without IPython's own lines (%pip, !ls, f?)."""
    try:
        return ast.parse(source, here)
    except SyntaxError:
        lines = source.split("\n")
    if lines[0].startswith("%%") and lines[0].split()[0] not in RUN:
        return ast.parse("")
    kept = ("" if _is_magic(line.strip()) else line for line in lines)
    return ast.parse("\n".join(kept), here)


def _is_magic(line):
    return line.startswith(("%", "!", "?")) or line.endswith("?")


def describe(error, here=None):
    """Return an error in a line, with the line it came from, and the cell where not ``here``."""
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
        file, number = cells[-1]
        where = f" (line {number})" if file == here else f" (line {number} of {file[1:-1]})"
    return f"{type(error).__name__}: {text}"[:LONGEST].removesuffix(": ") + where


class Calls:
    """The values that calls have returned, and what is asked of them."""

    def __init__(self, names):
        self.names, self.values, self.replaced = names, [], {}

    def resolve(self, value):
        if isinstance(value, Ref):
            kept = self.values[value.number]
            for step in value.path:
                kept = kept[step]
            return kept
        if isinstance(value, RNG):
            return np.random.default_rng(value.seed)
        if isinstance(value, Source):
            return eval(value.code, {"np": np})
        if isinstance(value, list | tuple):
            return type(value)(map(self.resolve, value))
        if isinstance(value, dict):
            return {k: self.resolve(v) for k, v in value.items()}
        return value

    def answer(self, request):
        """Return (True, number, value), or (False, error)."""
        try:
            if request["do"] == "get":
                value = self.resolve(request["ref"])
            elif request["do"] == "put":
                value = self.resolve(request["value"])
            elif request["do"] == "define":
                name, value = request["name"], self.resolve(request["value"])
                self.replaced.setdefault(name, self.names.get(name))
                self.names[name] = value
            elif request["do"] == "restore":
                value = self.names.update(self.replaced)
                self.replaced.clear()
            else:
                function = self.names[request["name"]]
                value = function(*self.resolve(request["args"]), **self.resolve(request["named"]))
        except BaseException as error:
            return False, describe(error)
        self.values.append(value)
        return True, len(self.values) - 1, value


def main(descriptor, file_bytes):
    """Serve the marker until it closes the socket."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.set_inheritable(descriptor, False)  # programs that student code starts do not get it
    channel = socket.socket(fileno=descriptor).makefile("rwb")
    names = {"__name__": "__main__", "display": print}
    errors = run_cells(receive(channel, text=1 << 26), names, lambda n: send(channel, n))
    have = [name for name, value in names.items() if callable(value)]
    send(channel, {"errors": [[n, e] for n, e in errors.items()], "functions": have})
    calls = Calls(names)
    while True:
        try:
            request = receive(channel)
        except Broken:  # the marker has what it wants
            return
        try:
            send(channel, calls.answer(request))
        except Exception as error:  # an integer with a million digits, say
            send(channel, (False, describe(error)))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
