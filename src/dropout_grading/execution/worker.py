"""Runs inside the sandbox: the cells of one submission, then the calls that the marker asks for.

Its arguments are the number of its socket and the most bytes that a file may have. The marker
trusts nothing here, since a student's code can change all of it.
"""

import os
import resource
import socket
import sys

import numpy as np

from dropout_grading.execution import protocol
from dropout_grading.execution.cells import Cells, describe
from dropout_grading.execution.protocol import ProtocolError, receive, send
from dropout_grading.execution.stand_ins import Colab
from dropout_grading.execution.values import RNG, Ref, Source


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
            case {"do": "call", "name": name, "args": args, "named": named}:
                return self.variables[name](*args, **named)
            case {"do": "give", "functions": functions}:
                self.variables.update(self.replaced)
                self.replaced = {name: self.variables.get(name) for name in functions}
                self.variables.update(functions)
        return None


def main(descriptor: int, max_file_bytes: int) -> None:
    """Serve the marker until it closes the socket."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (max_file_bytes, max_file_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.set_inheritable(descriptor, False)  # programs that a student's code starts do not get it
    channel = socket.socket(fileno=descriptor).makefile("rwb")
    variables = {"__name__": "__main__"}
    ran = Cells(variables)
    sys.meta_path.append(Colab(ran.note))  # the last that is asked: what is installed comes first
    sources = receive(channel, max_json_bytes=protocol.MAX_MESSAGE_BYTES)
    ran.run_all(sources, lambda number: send(channel, number))
    done = protocol.CellsDone(
        errors=list(ran.errors.items()),
        notes=list(ran.notes.items()),
        functions=[name for name, value in variables.items() if callable(value)],
    )
    send(channel, done)
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
