"""What running processes use: memory of every kind, processor time, threads."""

import contextlib
import os

import psutil

MAX_DESCRIPTORS = 256  # of each process
DESCRIPTOR_BYTES = 2**18  # what the kernel may hold for one: the buffer of a socket, or of a pipe


def children(process: psutil.Process) -> list[psutil.Process]:
    """Return a process's own children. psutil reads all processes of the computer for that."""
    folder, found = f"/proc/{process.pid}/task", []
    with contextlib.suppress(OSError, psutil.NoSuchProcess):  # it, or one of them, has just ended
        for thread in os.listdir(folder):
            with open(f"{folder}/{thread}/children") as file:
                found += [psutil.Process(int(pid)) for pid in file.read().split()]
    return found


def memory_bytes(tree: list[psutil.Process], in_memory: int) -> int:
    """Return the memory of some processes, and of the folders in memory, each page once.

    A page that several processes have counts in proportion, so that workers which share a
    library's pages are not charged for each copy.
    """
    own = shared = 0
    for process in tree:
        one, mapped = _of_process(process)
        own, shared = own + one, shared + mapped
    return own + max(shared, in_memory)  # what is mapped lies in these folders


def all_bytes(process: psutil.Process) -> int:
    """Return a process's bytes in memory and in swap; a shared page counts in each process."""
    try:
        with open(f"/proc/{process.pid}/status") as file:
            lines = (line.split() for line in file)
            return 1024 * sum(int(n[1]) for n in lines if n[0] in ("VmRSS:", "VmSwap:"))
    except (OSError, LookupError, ValueError):  # no Linux, or it has ended
        try:
            return process.memory_info().rss
        except psutil.Error:
            return 0


def _of_process(process: psutil.Process) -> tuple[int, int]:
    """Return a process's own bytes, and those of files in memory that it has mapped."""
    try:
        with open(f"/proc/{process.pid}/smaps_rollup", "rb") as file:
            lines = (line.split() for line in file.read().splitlines()[1:])
        kib = {line[0]: int(line[1]) for line in lines}
        mapped = kib.get(b"Pss_Shmem:", 0)
        own = 1024 * (kib[b"Pss:"] + kib[b"SwapPss:"] - mapped)
        return own + in_kernel(process), 1024 * mapped
    except (OSError, LookupError, ValueError):  # no Linux, an old one, or it hides: all counts
        return all_bytes(process) + in_kernel(process), 0


def in_kernel(process: psutil.Process) -> int:
    """Return the most that the kernel may hold for what a process has open."""
    try:
        return DESCRIPTOR_BYTES * len(os.listdir(f"/proc/{process.pid}/fd"))
    except PermissionError:  # it hides
        return DESCRIPTOR_BYTES * MAX_DESCRIPTORS
    except OSError:
        return 0


def cpu_seconds(process: psutil.Process) -> float:
    try:
        return sum(process.cpu_times()[:4])  # its own, and that of children that have ended
    except psutil.Error:
        return 0.0


def queued_seconds(process: psutil.Process) -> float:
    """Return for how long a process was ready to run while others ran, 0 if that is unknown."""
    try:
        with open(f"/proc/{process.pid}/schedstat") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, LookupError, ValueError):
        return 0.0


def threads(process: psutil.Process) -> int:
    try:
        return process.num_threads()
    except psutil.Error:
        return 0


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
