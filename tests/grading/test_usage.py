"""Processor time and memory of a tree of processes, as the limits count them."""

import mmap
import os
import time

import psutil
import pytest

from dropout_grading.execution.usage import tree_of, usage_of

MIB = 2**20


@pytest.fixture
def forked():
    """Start a copy of this process that runs a function and waits; all are ended afterwards."""
    started = []

    def start(work=lambda: None):
        ready, done = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                work()
                os.write(done, b"x")
                time.sleep(60)
            finally:
                os._exit(0)
        started.append(pid)
        os.read(ready, 1)
        os.close(ready)
        os.close(done)
        return psutil.Process(pid)

    yield start
    for pid in started:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def burn(seconds=0.3):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_descendants_are_found_and_none_is_left_when_it_has_ended(forked):
    root = forked(lambda: os.fork() or time.sleep(60))
    assert {p.pid for p in tree_of(root)} == {
        root.pid,
        *(p.pid for p in root.children(recursive=True)),
    }
    assert usage_of(root, 2**40).processes == len(tree_of(root)) == 2
    for process in tree_of(root):
        process.kill()


def test_time_is_that_of_the_processor_also_of_children_who_have_ended(forked):
    def in_a_child():
        child = os.fork()
        if child == 0:
            burn()
            os._exit(0)
        os.waitpid(child, 0)

    asleep = usage_of(forked(lambda: time.sleep(0.3)), 2**40)
    assert asleep.seconds < 0.1
    for work in (burn, in_a_child):
        assert 0.2 < usage_of(forked(work), 2**40).seconds < 1


@pytest.mark.skipif(not os.path.exists("/proc/self/smaps_rollup"), reason="only Linux tells")
def test_pages_that_are_shared_count_once(forked):
    """64 MiB that five processes see."""
    held = mmap.mmap(-1, 64 * MIB)
    held.write(bytes(64 * MIB))

    def look_at_all():
        sum(held[:: mmap.PAGESIZE])

    def family():
        look_at_all()
        for _ in range(4):
            if os.fork() == 0:
                look_at_all()
                time.sleep(60)
        time.sleep(0.5)

    root = forked(family)
    quickly, exactly = (usage_of(root, most).memory_bytes for most in (2**40, 0))
    assert quickly > 5 * 64 * MIB
    assert exactly < quickly - 3 * 64 * MIB
    for process in tree_of(root):
        process.kill()
