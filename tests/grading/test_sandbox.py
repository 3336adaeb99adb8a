"""What a submission could take from the machine that marks it: each attack is a real process.

As root and as a user the answers are the same; the tests run as whoever runs them.
"""

import os

import psutil
import pytest
from notebooks import assignment, notebook
from test_attacks import needs_isolation

from dropout_grading.execution import sandbox, session, system_calls
from dropout_grading.execution.sandbox import Limits
from dropout_grading.execution.student import ProcessEndedError, Student
from dropout_grading.mark_submission import mark
from dropout_grading.submissions import notebook as notebook_reader

MIB = 2**20
LIMITS = Limits(seconds=10, memory_bytes=300 * MIB)
pytestmark = needs_isolation


def seen(cell, expression, limits=LIMITS):
    """Run a cell, then return the value of an expression in the same process."""
    with Student([cell, f"def look():\n    return {expression}"], limits) as student:
        return student.call("look").value


def raised(cell):
    with Student([cell], LIMITS) as student:
        return student.errors.get(0, "")


# --- the kernel -----------------------------------------------------------------------------------

WRITABLE = """
import os
found = []
for folder, _, names in os.walk("/proc"):
    if not folder.removeprefix("/proc/").partition("/")[0].isdigit():
        for name in names:
            try:
                os.close(os.open(os.path.join(folder, name), os.O_WRONLY | os.O_NONBLOCK))
            except OSError:
                continue
            found.append(os.path.join(folder, name))
"""


def test_no_setting_of_the_kernel_can_be_written():
    """Not even as root: without bubblewrap's remount root finds some hundred."""
    assert seen(WRITABLE, "found") == []


def test_no_setting_is_written_by_way_of_the_process_itself():
    error = raised("open('/proc/self/oom_score_adj', 'w').write('-999')")
    assert error.startswith("OSError")


NAMESPACES = {
    "unshare": "r = libc.unshare(0x10000000 | 0x20000)",
    "setns": "r = libc.setns(os.open('/proc/self/ns/user', 0), 0)",
    "clone": "r = libc.syscall({clone}, 0x10000000 | 17, 0, 0, 0, 0)\nif r == 0: os._exit(0)",
    "clone3": "r = libc.syscall({clone3}, ctypes.create_string_buffer(88), 88)",
    "a mount": "r = libc.mount(b'x', b'/tmp', b'tmpfs', 0, b'')",
}


def numbers():
    words = system_calls.NUMBERS.split()
    column = 1 + list(system_calls.ARCHITECTURES).index(os.uname().machine)
    return dict(zip(words[::3], words[column::3], strict=True))


@pytest.mark.parametrize("call", NAMESPACES.values(), ids=NAMESPACES)
def test_no_namespace_is_made(call):
    cell = "import ctypes, os\nlibc = ctypes.CDLL(None)\n" + call.format(**numbers())
    assert seen(cell, "r") == -1


def test_other_calls_than_the_machine_s_own_are_refused():
    """On x86_64 the same calls have other numbers too."""
    if os.uname().machine == "x86_64":
        number = 0x40000000 + int(numbers()["memfd_create"])
        cell = f"import ctypes\nr = ctypes.CDLL(None).syscall({number}, b'x', 0)"
        assert seen(cell, "r") == -1


# --- memory ---------------------------------------------------------------------------------------

UNSEEN = {
    "memfd": "os.memfd_create('x')",
    "a shared map": "mmap.mmap(-1, 2**20)",
    "a shared map of zeros": "mmap.mmap(os.open('/dev/zero', os.O_RDWR), 2**20)",
    "System V": "assert libc.shmget(0, 2**20, 0o1600) >= 0",
    "a message queue": "assert libc.mq_open(b'/x', 0o102, 0o600, 0) >= 0",
    "io_uring": "assert libc.syscall(425, 8, ctypes.create_string_buffer(120)) >= 0",
    "a network's buffers": "socket.socket()",
}


@pytest.mark.parametrize("cell", UNSEEN.values(), ids=UNSEEN)
def test_memory_that_no_process_shows_is_refused(cell):
    assert raised(f"import ctypes, mmap, os, socket\nlibc = ctypes.CDLL(None)\n{cell}")


SEEN = {
    "one process": "held = [bytearray(2**20) for _ in range(400)]",
    "several": (
        "for _ in range(4):\n"
        "    if os.fork() == 0:\n"
        "        held = bytearray(b'x') * (100 * 2**20)\n"
        "        time.sleep(60)\n"
        "time.sleep(60)"
    ),
    "what lies in sockets": (
        "import contextlib, socket\n"
        "for _ in range(12):\n"
        "    if os.fork() == 0:\n"
        "        held = []\n"
        "        with contextlib.suppress(OSError):\n"
        "            while True:\n"
        "                held += socket.socketpair()\n"
        "                held[-1].setblocking(False)\n"
        "                with contextlib.suppress(BlockingIOError):\n"
        "                    while True: held[-1].send(bytes(2**15))\n"
        "        time.sleep(60)\n"
        "time.sleep(60)"
    ),
    "files": (
        "for n in range(12):\n"
        "    for folder in ('.', '/tmp', '/dev/shm'):\n"
        "        open(f'{folder}/{n}', 'wb').write(bytes(5 * 2**20))\n"
        "held = bytearray(b'x') * (140 * 2**20)\n"
        "time.sleep(60)"
    ),
    "deleted files": (
        "held = []\n"
        "for n in range(12):\n"
        "    for folder in ('.', '/tmp', '/dev/shm'):\n"
        "        held.append(open(f'{folder}/{n}', 'wb+'))\n"
        "        held[-1].write(bytes(5 * 2**20))\n"
        "        os.unlink(f'{folder}/{n}')\n"
        "held += [bytearray(b'x') * (140 * 2**20)]\n"
        "time.sleep(60)"
    ),
}


@pytest.mark.parametrize("cell", SEEN.values(), ids=SEEN)
def test_all_other_memory_is_counted(cell):
    with pytest.raises(ProcessEndedError, match="used more than 300 MiB of memory"):
        seen(f"import os, time\n{cell}", "0")


def test_pages_that_processes_share_are_counted_once():
    """As those of a DataLoader's workers: five times 100 MiB would be too much."""
    cell = (
        "import os, time\nheld = bytearray(b'x') * (100 * 2**20)\n"
        "for _ in range(4):\n"
        "    if os.fork() == 0:\n"
        "        sum(held[::4096])\n        time.sleep(60)\n"
        "time.sleep(1)"
    )
    assert seen(cell, "len(held)") == 100 * MIB


def test_a_process_that_hides_from_the_guard_is_seen():
    cell = "import ctypes\nr = ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)"
    assert seen(cell, "r") == -1


def test_a_process_cannot_ask_for_all_memory_at_once():
    """Between two looks of the guard it could fill it."""
    assert raised("held = bytearray(700 * 2**20)").startswith("MemoryError")


def test_a_bubblewrap_that_does_not_work_says_why(monkeypatch, tmp_path):
    """As where a user may make no namespace."""
    sandbox.why_not_isolated.cache_clear()
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 'bwrap: no permissions' >&2; exit 1")
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    try:
        assert sandbox.why_not_isolated() == "bwrap: no permissions"
        sandbox.why_not_isolated.cache_clear()
        monkeypatch.setenv("PATH", str(tmp_path / "none"))
        assert sandbox.why_not_isolated() == "it is not installed"
        assert not sandbox.isolated()
    finally:
        sandbox.why_not_isolated.cache_clear()


def test_an_older_bubblewrap_runs_a_submission_too(monkeypatch):
    """One that can limit no folder in memory, so that the home lies on disk."""
    monkeypatch.setattr(sandbox, "_bubblewrap_can", lambda option: False)
    cell = "import time\nopen('x', 'w').write('x')\ntime.sleep(0.3)"
    assert seen(cell, "open('x').read()") == "x"
    assert (
        seen(NAMESPACES["unshare"].join(["import ctypes, os\nlibc = ctypes.CDLL(None)\n", ""]), "r")
        == -1
    )


# --- what is counted ------------------------------------------------------------------------------


def test_files_are_limited():
    cell = "import os\nos.mkdir('d')\nfor n in range(40_000): os.link if open(f'd/{n}', 'w') else 0"
    with pytest.raises(ProcessEndedError, match="made more than 10000 files"):
        seen(cell, "0")


def test_threads_are_limited():
    cell = (
        "import threading, time\nthreading.stack_size(2**16)\n"
        "for _ in range(300):\n"
        "    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "time.sleep(60)"
    )
    with pytest.raises(ProcessEndedError, match="started more than 128 threads"):
        seen(cell, "0")


def test_descriptors_are_limited():
    cell = "import os\nheld = []\ntry:\n    while 1: held.append(os.dup(0))\nexcept OSError: pass"
    assert seen(cell, "len(held)") < sandbox.MAX_DESCRIPTORS


def test_time_is_that_of_the_processor():
    """A machine with other work to do costs nobody: what is counted is what was used."""
    cell = "import time\ntime.sleep(1.5)"
    assert seen(cell, "1", Limits(seconds=1)) == 1
    with pytest.raises(ProcessEndedError, match=r"took longer than 1 s$|waited most"):
        seen("while True: pass", "1", Limits(seconds=1))


def test_time_of_children_counts():
    cell = (
        "import os\nwhile True:\n"
        "    if os.fork() == 0:\n"
        "        for _ in range(10**6): pass\n"
        "        os._exit(0)\n"
        "    os.wait()"
    )
    with pytest.raises(ProcessEndedError, match=r"took longer than 1 s$|waited most"):
        seen(cell, "1", Limits(seconds=1))


def test_waiting_has_an_end_too():
    with pytest.raises(ProcessEndedError, match=r"took longer than 2 s, and waited most of them"):
        seen("import time\ntime.sleep(60)", "1", Limits(seconds=0.5))


FUNCTIONS = notebook_reader.to_write(assignment().template)
LOOP = "import time; time.sleep(60)"
STOPPERS = {
    "cells without end": ["import time\ntime.sleep(60)"] * 20,
    "a cell that ends the process": ["import os, time\ntime.sleep(0.8)\nos._exit(0)"] * 20,
    "functions without end": [f"def {name}(*a): {LOOP}" for name in FUNCTIONS],
}


@pytest.mark.parametrize("cells", STOPPERS.values(), ids=STOPPERS)
def test_a_submission_has_so_much_time_in_all_whatever_it_does(cells, monkeypatch):
    """However often it may be started again.

    Each start takes .8 s or more, so 3 s hold four. One more is of the second run, by which what
    differs from run to run is found: its time is over when it begins.
    """
    starts, before = [], psutil.Process().children()
    monkeypatch.setattr(session, "Student", lambda *a: starts.append(a) or Student(*a))
    mark(
        assignment(),
        notebook(*cells),
        limits=Limits(seconds=0.5, total_seconds=3, restarts=100),
    )
    assert 1 <= len(starts) <= 3 / 0.8 + 2
    assert psutil.Process().children() == before


def test_a_flood_of_failing_cells_is_told_whole():
    """Time that grew with the square of their number would pass the limits."""
    result = mark(assignment(), notebook(*["1 / 0"] * 20_000))
    assert result["failed_cells"] == 20_000
