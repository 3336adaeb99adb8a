"""The marker's own worker in a copy of a process that has imported NumPy already.

To start Python and to import NumPy takes ten times what a submission takes, and PyTorch a hundred
times. So what a submission says to the marker, and what the marker makes of it, is asked in copies
of one process. The worker, the messages, the guard and its limits are the marker's; only
bubblewrap, the start, and what the kernel itself limits are not there. These are asked by
`test_attacks` and `test_sandbox`; and each assignment's solution is marked with them, too.
"""

import atexit
import contextlib
import os
import socket
import subprocess
import sys
import threading
from functools import cache

import fork_server
import notebooks
import pytest

from dropout_grading import mark_submission
from dropout_grading.execution.sandbox import Sandbox

# {assignment: what is slow only the first time, besides NumPy}. PyTorch imports a compiler for its
# first optimizer, and reads its own sources for its first seed, which stays what it was.
FIRST = {
    "rescue": "import torch\n"
    "torch.manual_seed(torch.initial_seed())\n"
    "torch.optim.SGD([torch.zeros(1, requires_grad=True)]).step()"
}


@contextlib.contextmanager
def forked(first=""):
    """Run submissions in copies of a process that has run this code."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("dropout_grading.execution.student.Sandbox", _sandbox(first))
        yield


def mark(assignment, data, **more):
    """Mark a submission in such copies."""
    with forked(FIRST.get(assignment.name, "")):
        return mark_submission.mark(assignment, data, **more)


def marked(data, limits=None, name=notebooks.FIRST):
    """Return the points of each question that checks mark."""
    return notebooks.score(mark(notebooks.assignment(name), data, limits=limits))


@cache
def _sandbox(first):
    server = Server(first)

    class Forked(Sandbox):
        """A sandbox without its walls."""

        def _start(self, arguments, theirs):
            return server.copy(theirs.fileno(), self.limits.file_bytes, self.folder.name)

    return Forked


class Server:
    """A process that copies itself for each submission. It ends with this one."""

    def __init__(self, first):
        self._one_at_a_time = threading.Lock()
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", fork_server.__file__, str(theirs.fileno()), first],
                env=os.environ | {"MPLBACKEND": "agg"},
                pass_fds=[theirs.fileno()],
            )
        atexit.register(self._close)

    def copy(self, descriptor, file_bytes, folder):
        """Start the worker with this end of its socket, in this folder."""
        ended, theirs = os.pipe()
        with self._one_at_a_time:
            request = f"{file_bytes} {folder}".encode()
            socket.send_fds(self._socket, [request], [descriptor, theirs])
            os.close(theirs)
            return Copy(int(self._socket.recv(20)), ended)

    def _close(self):
        self._socket.close()
        self._process.wait()


class Copy:
    """A running copy. ``ended``: a pipe whose other end is open as long as it runs."""

    def __init__(self, pid, ended):
        self.pid, self._ended = pid, ended

    def wait(self):
        """Wait until it has ended."""
        os.read(self._ended, 1)
        os.close(self._ended)
