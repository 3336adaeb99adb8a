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

from dropout_grading.execution import resource_usage as usage
from dropout_grading.execution import system_calls
from dropout_grading.execution.resource_usage import MAX_DESCRIPTORS

PACKAGE = Path(__file__).resolve().parents[1]  # the worker is in it
POLL_SECONDS = 0.05  # between two looks of the guard
SANDBOX_HOME = "/home/submission"  # it must not cover a folder that Python needs
IN_MEMORY = ("/dev/shm", "/tmp", SANDBOX_HOME)  # the folders that it can write to
IN_MEMORY_BYTES = 2**26  # in each of them
BUBBLEWRAP_PROCESSES = 2  # that it adds to the submission's own
WAITING = 4  # a submission may wait, as for a busy machine, so many times as long as it may run
MAX_THREADS = 128
MAX_FILES = 10_000  # in each folder
DATA_FACTOR = 2  # a process can ask for so much of the memory before the guard looks


class Limits(NamedTuple):
    """What one submission may use."""

    seconds: float = 30.0  # of processor time, for all its cells together and then for each call
    memory_bytes: int = 2**30  # of all its processes together, files in memory included
    processes: int = 16  # at once
    file_bytes: int = 2**24  # of a file that it writes
    restarts: int = 8  # after it was stopped
    total_seconds: float = 180.0  # by the clock, for all its starts and calls together
    ends: float = math.inf  # when these are over, by time.monotonic()

    def begun(self) -> "Limits":
        """Return the limits of a submission whose time begins now, if it has not begun."""
        ends = min(self.ends, time.monotonic() + self.total_seconds)
        return self._replace(ends=ends)


def isolated() -> bool:
    """Whether bubblewrap is installed and works on this computer."""
    return not why_not_isolated()


@cache
def why_not_isolated() -> str:
    """Return why bubblewrap does not work on this computer, "" if it does."""
    if shutil.which("bwrap") is None:
        return "it is not installed"
    with _program() as (options, descriptors):
        ended = subprocess.run(
            [*_bubblewrap("/tmp"), *options, "true"],
            capture_output=True,
            check=False,
            pass_fds=descriptors,
        )
    said = ended.stderr.decode(errors="replace").strip()
    return (said or f"exit status {ended.returncode}") if ended.returncode else ""


@cache
def _bubblewrap_can(option: str) -> bool:
    """Whether this bubblewrap has an option: ``--size`` came with 0.7, others with 0.8."""
    shown = subprocess.run(["bwrap", "--help"], capture_output=True, text=True, check=False)
    return option in shown.stdout


def _folders_in_memory() -> tuple[str, ...]:
    """Return the folders that are; without ``--size`` the home lies on disk, in ``folder``."""
    return tuple(p for p in IN_MEMORY if p != SANDBOX_HOME or _bubblewrap_can("--size"))


def _bubblewrap(folder: str) -> list[str]:
    """Return the command that runs another in isolation, with ``folder`` as its home."""
    readable = ["/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/alternatives"]
    readable += [sys.base_prefix, sys.prefix, str(PACKAGE)]
    size = ["--size", str(IN_MEMORY_BYTES)] if _bubblewrap_can("--size") else []
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if _bubblewrap_can("--disable-userns"):
        command += ["--unshare-user", "--disable-userns"]
    command += ["--proc", "/proc", "--tmpfs", "/dev", "--symlink", "/proc/self/fd", "/dev/fd"]
    for device in ("/dev/null", "/dev/random", "/dev/urandom"):
        command += ["--dev-bind", device, device]
    for path in _folders_in_memory():
        command += [*size, "--tmpfs", path]
    for path in dict.fromkeys(readable):
        command += ["--ro-bind-try", path, path]
    command += [] if size else ["--bind", folder, SANDBOX_HOME]
    # Root could write to the kernel's settings in /proc: it is root outside too.
    for path in ("/proc", "/dev", "/"):
        command += ["--remount-ro", path]
    return [*command, "--chdir", SANDBOX_HOME]


@contextlib.contextmanager
def _program():
    """Yield bubblewrap's options for the system calls that are refused, and their descriptors."""
    program = system_calls.refused()
    if program is None:
        yield [], ()
        return
    ours, theirs = os.pipe()
    try:
        os.write(theirs, program)
        os.close(theirs)
        yield ["--seccomp", str(ours)], (ours,)
    finally:
        os.close(ours)


def _limited(command: list[str], limits: Limits) -> list[str]:
    """Return a command that runs another under limits which the kernel itself holds."""
    kib = DATA_FACTOR * limits.memory_bytes // 1024
    set_limits = f"ulimit -c 0; ulimit -n {MAX_DESCRIPTORS}; ulimit -d {kib}; "
    return ["/bin/sh", "-c", f'{set_limits}exec "$@"', "sh", *command]


class Sandbox:
    """A running Python process, with a socket to it.

    ``channel``: the marker's end of the socket, as a binary file. ``ended_by``: why the guard ended
    the process, or None. ``user``: the name of the user who runs it, if not the marker's own.
    """

    user: str | None = None

    def __init__(self, arguments: list[str], limits: Limits):
        """Start Python. After ``arguments`` come its end of the socket and ``file_bytes``."""
        self.limits, self.ended_by = limits, None
        self._ends = min(limits.ends, time.monotonic() + limits.total_seconds)
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
        command = [sys.executable, "-P", "-B", *arguments]
        command += [str(theirs.fileno()), str(self.limits.file_bytes)]
        home = SANDBOX_HOME if isolated() else self.folder.name
        env = {"PATH": "/usr/bin:/bin", "HOME": home, "TMPDIR": home}  # nothing of the marker's own
        env |= {"PYTHONPATH": str(PACKAGE.parent), "MPLBACKEND": "agg"}
        env |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        if self.user:
            shutil.chown(self.folder.name, self.user)
        with _program() if isolated() else contextlib.nullcontext(([], ())) as (options, more):
            if isolated():
                command = [*_bubblewrap(self.folder.name), *options, *command]
            return subprocess.Popen(
                _limited(command, self.limits),
                **dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL),
                pass_fds=(theirs.fileno(), *more),
                cwd=self.folder.name,
                env=env,
                start_new_session=True,
                **(_as_user(self.user) if self.user else {}),
            )

    def restart_clock(self) -> None:
        """Let the clock of ``limits.seconds`` begin again."""
        self._cpu_before = self._queued_before = None  # the guard looks
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
        now, limits, tree = time.monotonic(), self.limits, self._tree()
        cpu = sum(map(usage.cpu_seconds, tree))
        queued = sum(map(usage.queued_seconds, tree))
        if self._cpu_before is None:
            self._cpu_before, self._queued_before = cpu, queued
        if self._deadline < math.inf and cpu - self._cpu_before > limits.seconds:
            return f"took longer than {limits.seconds:g} s"
        if now - (queued - self._queued_before) > self._deadline:
            return f"took longer than {WAITING * limits.seconds:g} s, and waited most of them"
        if now > self._ends:
            return f"took longer than {limits.total_seconds:g} s in all"
        if len(tree) > limits.processes + BUBBLEWRAP_PROCESSES:
            return f"started more than {limits.processes} processes"
        if sum(map(usage.threads, tree)) > MAX_THREADS:
            return f"started more than {MAX_THREADS} threads"
        in_memory, files = self._in_memory(tree)
        if files > MAX_FILES:
            return f"made more than {MAX_FILES} files"
        # To count each page once takes a while: not where even the quick way stays below.
        quick = in_memory + sum(usage.all_bytes(p) + usage.in_kernel(p) for p in tree)
        most = limits.memory_bytes
        if quick > most and usage.memory_bytes(tree, in_memory) > most:
            return f"used more than {limits.memory_bytes / 2**20:g} MiB of memory"
        return None

    def _in_memory(self, tree) -> tuple[int, int]:
        """Return the bytes in the folders that are in memory, and the most files in one."""
        if not isolated() or len(tree) <= 1:
            return 0, 0
        size, files = 0, 0
        for path in _folders_in_memory():
            # Seen by way of bubblewrap's own process in there, which no submission can hide.
            inside = f"/proc/{tree[1].pid}/root{path}"
            with contextlib.suppress(OSError):  # while it starts, and when it ends
                if os.stat(inside).st_dev == _device(path):  # it is not in there yet
                    continue
                seen = os.statvfs(inside)
                size += (seen.f_blocks - seen.f_bfree) * seen.f_frsize
                files = max(files, seen.f_files - seen.f_ffree)
        return size, files

    def _tree(self) -> list[psutil.Process]:
        try:
            if not os.path.exists("/proc/self/task"):  # not Linux
                return [self._root, *self._root.children(recursive=True)]
            tree = [self._root]
            for process in tree:  # which grows
                tree += usage.children(process)
            return tree
        except psutil.Error:
            return []

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
            alive = [p for p in (*self._tree(), *self._strays()) if usage.is_alive(p)]
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


def _device(path: str) -> int | None:
    try:
        return os.stat(path).st_dev
    except OSError:
        return None


def _as_user(name: str) -> dict:
    """Return what makes ``Popen`` start a process as another user, with no group of its own."""
    import pwd  # not on Windows

    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}
