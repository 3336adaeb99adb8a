"""Start a process that sees little, may use little, and leaves nothing running.

With bubblewrap: no network, no other process, the system's files read-only, and a few MiB to write
to, in memory. Without it, only the limits: ``isolated()`` tells, and the marker says so. In both
cases a guard counts memory and processes of the whole tree and ends it where they pass a limit.
"""

import contextlib
import math
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from functools import cache
from pathlib import Path
from typing import NamedTuple

import psutil

GRADING = Path(__file__).resolve().parent
POLL = 0.05  # seconds between two looks of the guard
HOME = "/home/submission"  # in the sandbox; it must not cover a place where Python is


class Limits(NamedTuple):
    """What one submission may use: seconds for its cells and then for each call, bytes of memory,
    processes, bytes of a file, how often it is started anew after it was stopped, and seconds from
    each start on."""

    seconds: float = 30.0
    memory: int = 2**30
    processes: int = 16
    file_bytes: int = 2**24
    restarts: int = 8
    all_seconds: float = 120.0


@cache
def isolated():
    """Whether bubblewrap is there and works here."""
    if shutil.which("bwrap") is None:
        return False
    ended = subprocess.run([*_wrapped("/tmp"), "true"], capture_output=True, check=False)
    return ended.returncode == 0


@cache
def _can_size():
    """Whether this bubblewrap can limit a file system in memory (0.7 and newer)."""
    told = subprocess.run(["bwrap", "--help"], capture_output=True, text=True, check=False)
    return "--size" in told.stdout


def _wrapped(folder):
    """The command in front of the command. Read-only: what Python and its packages need."""
    seen = ["/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/alternatives"]
    seen += [sys.base_prefix, sys.prefix, str(GRADING)]
    size = ["--size", str(2**26)] if _can_size() else []
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    command += ["--proc", "/proc", "--dev", "/dev"]
    for path in ("/dev/shm", "/tmp"):
        command += [*size, "--tmpfs", path]
    for path in dict.fromkeys(seen):
        command += ["--ro-bind-try", path, path]
    command += [*size, "--tmpfs", HOME] if size else ["--bind", str(folder), HOME]
    return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME]


class Sandbox:
    """A running ``command`` (what follows the interpreter), with a socket to it.

    ``channel``: a binary file to write to and to read from; the process gets the number of its own
    end, and the bytes that a file may have, as its last arguments. ``ended_by``: why the guard
    ended it, or None.
    """

    def __init__(self, command, limits):
        self.limits, self.ended_by = limits, None
        self._last = time.monotonic() + limits.all_seconds
        self.give_time()
        self._done = threading.Event()
        self._guard = threading.Thread(target=self._watch, daemon=True)
        self.folder = tempfile.TemporaryDirectory(prefix="submission-", ignore_cleanup_errors=True)
        self._socket, theirs = socket.socketpair()
        self.channel = self._socket.makefile("rwb")
        try:
            self.process = self._start(command, theirs)
        except BaseException:
            self._let_go()
            raise
        finally:
            theirs.close()
        # Its number stays taken until close() waits for it, so this can be no other process.
        self._root = psutil.Process(self.process.pid)
        self._guard.start()

    def _start(self, command, theirs):
        """Start the process, with its end of the socket."""
        wrapper = _wrapped(self.folder.name) if isolated() else []
        arguments = [str(theirs.fileno()), str(self.limits.file_bytes)]
        return subprocess.Popen(
            [*wrapper, sys.executable, "-P", "-B", *command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            cwd=self.folder.name,
            env=self._environment(),
            start_new_session=True,
        )

    def give_time(self):
        """Let the clock of ``limits.seconds`` begin again."""
        self._deadline = time.monotonic() + self.limits.seconds

    def rest(self):
        """Stop that clock: what the marker takes until it asks again is not the submission's."""
        self._deadline = math.inf

    def _environment(self):
        """Nothing of the marker's own environment."""
        place = HOME if isolated() else self.folder.name
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": place,
            "TMPDIR": place,
            "PYTHONPATH": str(GRADING.parent),
            "OMP_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "MPLBACKEND": "agg",
        }

    def _watch(self):
        while not self._done.wait(POLL):
            try:
                self.ended_by = self._passed()
            except Exception as error:  # what is not watched must not go on
                self.ended_by = f"could not be watched ({type(error).__name__})"
            if self.ended_by:
                self._kill()
                return

    def _passed(self):
        """Say which limit is passed, None if none is."""
        now = time.monotonic()
        if now > self._deadline:
            return f"took longer than {self.limits.seconds:g} s"
        if now > self._last:
            return f"took longer than {self.limits.all_seconds:g} s in all"
        tree = self._tree()
        # Beside the submission: bubblewrap's two and none else.
        if len(tree) > self.limits.processes + 2:
            return f"started more than {self.limits.processes} processes"
        if sum(map(_memory, tree)) > self.limits.memory:
            return f"used more than {self.limits.memory / 2**20:g} MiB of memory"
        return None

    def _tree(self):
        try:
            return [self._root, *self._root.children(recursive=True)]
        except psutil.Error:
            return []

    def _strays(self):
        """Without bubblewrap: what has left the tree, known by its session or its environment."""
        return [] if isolated() else [p for p in psutil.process_iter() if self._is_stray(p)]

    def _is_stray(self, process):
        try:
            if os.getsid(process.pid) == self.process.pid:
                return True
            return process.environ().get("TMPDIR") == self.folder.name
        except (psutil.Error, OSError):
            return False

    def _kill(self):
        """End everything that was started, and wake who waits for an answer of it."""
        for _ in range(10):  # a process may start another while this runs
            alive = [p for p in (*self._tree(), *self._strays()) if _is_alive(p)]
            if not alive:
                break
            for process in reversed(alive):  # children first, while they can be found
                with contextlib.suppress(psutil.Error):
                    process.kill()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self):
        """End what still runs and remove its folder. Closing twice does nothing."""
        if self._done.is_set():
            return
        self._done.set()
        self._guard.join()
        self._kill()
        self.process.wait()
        self._let_go()

    def _let_go(self):
        with contextlib.suppress(OSError):  # closing writes what is left
            self.channel.close()
        self._socket.close()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _memory(process):
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def _is_alive(process):
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
