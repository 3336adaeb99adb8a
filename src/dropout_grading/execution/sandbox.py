"""Starts a process that sees little, may use little, and leaves nothing running.

With bubblewrap it has no network, sees no other process, reads the system's files, and writes a few
MiB, in memory. Without bubblewrap there are only the limits. In both cases a guard watches it with
all that it started, and ends them at a limit.
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

from dropout_grading.execution.usage import tree_of, usage_of

PACKAGE = Path(__file__).resolve().parents[1]  # the worker is in it
POLL_SECONDS = 0.05  # between two looks of the guard
WAITING = 4  # times ``Limits.seconds`` may pass in all, in which it neither runs nor stands in line
SANDBOX_HOME = "/home/submission"  # it must not cover a folder that Python needs
BUBBLEWRAP_PROCESSES = 2  # that it adds to the submission's own


class Limits(NamedTuple):
    """What one submission may use."""

    seconds: float = 30.0  # of the processor, for all its cells together, then for each call
    memory_bytes: int = 2**30  # of all its processes together
    processes: int = 16  # at once
    file_bytes: int = 2**24  # of a file that it writes
    restarts: int = 8  # after it was stopped
    total_seconds: float = 120.0  # from each start on, for the cells and all calls


@cache
def isolated() -> bool:
    """Whether bubblewrap is installed and works on this computer."""
    if shutil.which("bwrap") is None:
        return False
    ended = subprocess.run([*_bubblewrap("/tmp"), "true"], capture_output=True, check=False)
    return ended.returncode == 0


@cache
def _can_limit_size() -> bool:
    """Whether this bubblewrap can limit a file system in memory (0.7 and newer can)."""
    shown = subprocess.run(["bwrap", "--help"], capture_output=True, text=True, check=False)
    return "--size" in shown.stdout


def _bubblewrap(folder: str) -> list[str]:
    """Return the command that runs another in isolation, with ``folder`` as its home."""
    readable = ["/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/alternatives"]
    readable += [sys.base_prefix, sys.prefix, str(PACKAGE)]
    size = ["--size", str(2**26)] if _can_limit_size() else []
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    command += ["--proc", "/proc", "--dev", "/dev"]
    for path in ("/dev/shm", "/tmp"):
        command += [*size, "--tmpfs", path]
    for path in dict.fromkeys(readable):
        command += ["--ro-bind-try", path, path]
    command += [*size, "--tmpfs", SANDBOX_HOME] if size else ["--bind", folder, SANDBOX_HOME]
    return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", SANDBOX_HOME]


class Sandbox:
    """A running Python process, with a socket to it.

    ``channel``: the marker's end of the socket, as a binary file. ``ended_by``: why the guard ended
    the process, or None. ``user``: the name of the user who runs it, if it is not the marker's own.
    """

    user: str | None = None

    def __init__(self, arguments: list[str], limits: Limits):
        """Start Python. After ``arguments`` come its end of the socket and ``file_bytes``."""
        self.limits, self.ended_by = limits, None
        self._total_deadline = time.monotonic() + limits.total_seconds
        self.restart_clock()
        self._done = threading.Event()
        self.folder = tempfile.TemporaryDirectory(prefix="submission-", ignore_cleanup_errors=True)
        self._socket, theirs = socket.socketpair()
        self.channel = self._socket.makefile("rwb")
        try:
            self.process = self._start(arguments, theirs)
        except BaseException:
            self._release()
            raise
        finally:
            theirs.close()
        # Its number stays taken until close() waits for it, so psutil finds no other process.
        self._root = psutil.Process(self.process.pid)
        self._guard = threading.Thread(target=self._watch, daemon=True)
        self._guard.start()

    def _start(self, arguments, theirs):
        if self.user:
            shutil.chown(self.folder.name, self.user)
        wrapper = _bubblewrap(self.folder.name) if isolated() else []
        command = [*wrapper, sys.executable, "-P", "-B", *arguments]
        home = SANDBOX_HOME if isolated() else self.folder.name
        env = {"PATH": "/usr/bin:/bin", "HOME": home, "TMPDIR": home}  # nothing of the marker's own
        env |= {"PYTHONPATH": str(PACKAGE.parent), "MPLBACKEND": "agg"}
        env |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        return subprocess.Popen(
            [*command, str(theirs.fileno()), str(self.limits.file_bytes)],
            **dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL),
            pass_fds=(theirs.fileno(),),
            cwd=self.folder.name,
            env=env,
            start_new_session=True,
            **(_as_user(self.user) if self.user else {}),
        )

    def restart_clock(self) -> None:
        """Let ``limits.seconds`` begin again."""
        self._used_before = None  # the guard looks next how much that is
        self._deadline = time.monotonic() + WAITING * self.limits.seconds

    def stop_clock(self) -> None:
        """Stop that clock: the time until the marker asks again is not the submission's."""
        self._deadline = math.inf

    def _watch(self) -> None:
        while not self._done.wait(POLL_SECONDS):
            try:
                self.ended_by = self._passed_limit()
            except Exception as error:  # a process that nobody watches must not go on
                self.ended_by = f"could not be watched ({type(error).__name__})"
            if self.ended_by:
                self._kill()
                return

    def _passed_limit(self) -> str | None:
        """Return which limit is passed, in words, or None."""
        now, usage = time.monotonic(), usage_of(self._root, self.limits.memory_bytes)
        if now > self._total_deadline:
            return f"took longer than {self.limits.total_seconds:g} s in all"
        if self._used_before is None:
            self._used_before = usage
        running = self._deadline < math.inf
        if running and usage.seconds - self._used_before.seconds > self.limits.seconds:
            return f"took longer than {self.limits.seconds:g} s"
        if now - (usage.queued_seconds - self._used_before.queued_seconds) > self._deadline:
            return f"waited longer than {WAITING * self.limits.seconds:g} s"
        if usage.processes > self.limits.processes + BUBBLEWRAP_PROCESSES:
            return f"started more than {self.limits.processes} processes"
        if usage.memory_bytes > self.limits.memory_bytes:
            return f"used more than {self.limits.memory_bytes / 2**20:g} MiB of memory"
        return None

    def _strays(self) -> list[psutil.Process]:
        """Return what has left the tree. Nothing leaves bubblewrap."""
        return [] if isolated() else [p for p in psutil.process_iter() if self._is_stray(p)]

    def _is_stray(self, process: psutil.Process) -> bool:
        try:
            if os.getsid(process.pid) == self.process.pid:
                return True
            return process.environ().get("TMPDIR") == self.folder.name
        except (psutil.Error, OSError):
            return False

    def _kill(self) -> None:
        """End all processes, and wake whoever waits for an answer."""
        for _ in range(10):  # a process may start another while this runs
            alive = [p for p in (*tree_of(self._root), *self._strays()) if _is_alive(p)]
            if not alive:
                break
            for process in reversed(alive):  # children first, while they can be found
                with contextlib.suppress(psutil.Error):
                    process.kill()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End what still runs and remove its folder. Closing twice does nothing more."""
        if self._done.is_set():
            return
        self._done.set()
        self._guard.join()
        self._kill()
        self.process.wait()
        self._release()

    def _release(self) -> None:
        with contextlib.suppress(OSError):  # closing writes what is left
            self.channel.close()
        self._socket.close()
        self.folder.cleanup()


def _as_user(name: str) -> dict:
    """Return what makes ``Popen`` start a process as another user, with no group of its own."""
    import pwd  # not on Windows

    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
