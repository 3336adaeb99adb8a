"""From how many elements on the layer is faster than PyTorch's: measured once on a machine."""

import os
import re
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import torch

from dropout_scaling.fast import _loop

FEWEST = 2**8  # below, the calls themselves take all the time, and PyTorch's are shorter
MOST = 2**24
CALLS = {"cpu": 3, "cuda": 20}  # at a time; on a GPU its queue is what is to be measured
P = 0.1  # what PyTorch takes grows with p up to 1/2; what the layer takes does not
TURNS = 25
FASTER_BY = 1.1  # so that what is measured as faster by chance alone is not slower


def first_faster(ours, theirs, device):
    """Return the first power of two elements at which ``ours`` is faster, or ``sys.maxsize``."""
    finish = torch.cuda.synchronize if device.type == "cuda" else lambda device: None

    def clock(function, x):
        finish(device)
        start = time.perf_counter_ns()
        for _ in range(CALLS[device.type]):
            function(x)
        finish(device)
        return time.perf_counter_ns() - start

    n = FEWEST
    while n <= MOST:
        x = torch.ones(n, dtype=torch.float32, device=device)
        pairs = [(clock(theirs, x), clock(ours, x)) for _ in range(TURNS)]
        if statistics.median(their / our for their, our in pairs) >= FASTER_BY:
            return n
        n *= 2
    return sys.maxsize


def measured(ours, device):
    """Return ``first_faster`` as it was measured first on this machine, by this or another process.

    So a seed's masks are the same there in each process. ``ours``: takes x, applies dropout at
    ``P``. A new thread has none of the caller's modes, which could see what is measured. PyTorch's
    generator is put back: its own dropout takes no other.
    """
    devices = [device] if device.type == "cuda" else []

    def measure():
        with torch.random.fork_rng(devices), torch.no_grad():
            return first_faster(ours, lambda x: torch.dropout(x, P, True), device)

    def engine():
        if device.type == "cuda":
            return re.sub(r"\W+", "-", torch.cuda.get_device_name(device))
        return "NumPy" if _loop.compiled(torch.float32) is None else "compiled"

    def once():
        try:
            path = _loop.folder() / f"{_loop.name()}-{engine()}-from"
            if not path.exists():
                with tempfile.TemporaryDirectory(dir=_loop.folder()) as work:
                    written = os.path.join(work, "from")
                    with open(written, "w", encoding="utf8") as file:
                        file.write(str(measure()))
                    with suppress(FileExistsError):  # another process was first
                        os.link(written, path)
            return int(path.read_text("utf8"))
        except OSError:  # nothing can be kept
            return measure()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(once).result()
