"""What `make bench` measures: one file a part.

Each says what its size is (AXIS), at which SIZES, and in BOUND what holds the growth, measured or
proved; `measure(size)` returns {what: number}, with the unit in its name. It runs in a process of
its own.
"""

import resource
import sys
import time

NAMES = ("values", "units", "submissions", "models", "layers", "pages", "questions")


def processor_seconds():
    """What this process, and those of its children that have ended, have used so far."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def peak_mib():
    """The most memory that this process has held at once."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def seconds(function, least=0.3):
    """Return the fewest processor seconds of a call, over calls that take ``least`` together."""
    best, spent = float("inf"), 0
    while spent < least:
        before = processor_seconds()
        function()
        took = processor_seconds() - before
        best, spent = min(best, took), spent + max(took, 1e-5)
    return best


def times(function):
    """Call it once; return what it took: processor seconds, and seconds by the clock."""
    before, began = processor_seconds(), time.monotonic()
    function()
    took = {"processor s": processor_seconds() - before}
    return took | {"s by the clock": time.monotonic() - began}
