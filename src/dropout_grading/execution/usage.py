"""What a process and all that it started use: processor time, memory, and how many they are.

Time is that of the processor, so that a busy computer takes nothing from a submission. Of a page
that several processes share each has its part, so that the workers of a ``DataLoader``, which share
most of theirs, do not count it five times.
"""

import os
from typing import NamedTuple

import psutil


class Usage(NamedTuple):
    """What a tree of processes uses now."""

    processes: int
    seconds: float  # of the processor, with that of children who have ended
    queued_seconds: float  # for which its threads were ready and others ran, where that is known
    memory_bytes: int


def usage_of(root: psutil.Process, most_bytes: int) -> Usage:
    """Return what ``root`` and its descendants use.

    Up to ``most_bytes`` memory is counted the quick way, in which a shared page counts for each
    process: who is below the limit so is below it in any case.
    """
    tree = tree_of(root)
    memory = sum(_ask(_resident_bytes, process) for process in tree)
    if memory > most_bytes:
        memory = sum(_ask(_proportional_bytes, process) for process in tree)
    seconds = sum(_ask(_seconds, process) for process in tree)
    queued = sum(_ask(_queued_seconds, process) for process in tree)
    return Usage(len(tree), seconds, queued, memory)


def tree_of(root: psutil.Process) -> list[psutil.Process]:
    """Return a process and its descendants, [] if it is gone."""
    try:
        if not os.path.exists("/proc/self/task"):
            return [root, *root.children(recursive=True)]
        tree = [root]
        for process in tree:  # which grows
            tree += _children(process)
        return tree
    except psutil.Error:
        return []


def _children(process: psutil.Process) -> list[psutil.Process]:
    """Return a process's own children. psutil would read all processes of the computer for it."""
    folder, found = f"/proc/{process.pid}/task", []
    try:
        for thread in os.listdir(folder):
            with open(f"{folder}/{thread}/children") as file:
                found += [psutil.Process(int(pid)) for pid in file.read().split()]
    except (OSError, psutil.NoSuchProcess):  # it, or one of them, has just ended
        pass
    return found


def _seconds(process: psutil.Process) -> float:
    return sum(process.cpu_times()[:4])  # user, system, and both of children who have ended


def _queued_seconds(process: psutil.Process) -> float:
    try:
        with open(f"/proc/{process.pid}/schedstat") as file:
            return int(file.read().split()[1]) / 1e9
    except OSError:  # no Linux, or it has ended
        return 0


def _resident_bytes(process: psutil.Process) -> int:
    return process.memory_info().rss


def _proportional_bytes(process: psutil.Process) -> int:
    """Return its memory, of shared pages its part; all of them where that cannot be known."""
    try:
        return process.memory_full_info().pss
    except (psutil.AccessDenied, AttributeError):  # no Linux
        return process.memory_info().rss


def _ask(question, process: psutil.Process) -> float:
    """Return the answer for a process, 0 if it has ended."""
    try:
        return question(process)
    except psutil.NoSuchProcess:
        return 0
