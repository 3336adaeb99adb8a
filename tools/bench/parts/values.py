"""FastDropout, forward and backward, over more and more values: with new memory, and with kept."""

import ctypes
import resource
import sys

import torch

from dropout_scaling.fast import FastDropout
from tools.bench.parts import seconds

AXIS = "values, float32, one thread"
SIZES = [2**k for k in range(10, 27, 2)]
BOUND = (
    "a call costs the same for few values, then each value does; of arrays of 32 MiB or more "
    "malloc keeps none, so that the system clears new pages in each call, the page faults, and "
    "takes longer for them than the dropout takes; where malloc is told to keep them, it does not"
)
# Of glibc's mallopt: give nothing back, and take no array from the system by itself.
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4


def measure(size):
    torch.set_num_threads(1)  # a thread that waits for another uses processor time
    layer, grad = FastDropout(0.3), torch.randn(size)
    leaf = torch.randn(size, requires_grad=True)
    calls = max(1, 2**17 // size)

    def both():
        for _ in range(calls):
            leaf.grad = None
            layer(leaf).backward(grad)

    def milliseconds():
        for _ in range(8):  # compiles, and lets malloc find out what to keep
            both()
        return seconds(both) * 1e3 / calls

    found = {"processor ms": milliseconds()}
    before = faults()
    both()
    found["page faults"] = (faults() - before) / calls
    if sys.platform == "linux":
        set_ = ctypes.CDLL(None).mallopt
        if set_(M_TRIM_THRESHOLD, 2**31 - 1) and set_(M_MMAP_MAX, 0):
            found["processor ms, memory kept"] = milliseconds()
    return found


def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
