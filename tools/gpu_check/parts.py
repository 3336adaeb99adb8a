"""What the check runs in a process of its own, with the wheels in reach; writes lines of JSON.

usage: python -m tools.gpu_check.parts machine DEVICE      what it is, and the versions there
       ... differences FOLDER OTHER NAME ...   between two runs of these notebooks
       ... timings DEVICE SECONDS              of F.dropout, FastDropout and a copy
"""

import os
import platform
import random
import sys
import time
from importlib import metadata
from pathlib import Path

from tools.gpu_check.json_lines import write

REPORTED_PACKAGES = ("torch", "numpy", "scipy", "scikit-learn", "matplotlib", "pytest")

SIZES = {"cuda": [2**k for k in range(16, 27, 2)], "cpu": [2**10, 2**16]}  # cpu: to try it
MIN_ELEMENTS_PER_TURN = {"cuda": 2**24, "cpu": 2**12}  # a turn is many calls
P, WARM_UP_TURNS, TURNS = 0.3, 3, 25


def machine(device):
    """What it is called, and what bears on a time: or why nothing can be run on it."""
    import torch  # here and below, as a comparison needs none

    if device == "cuda" and not torch.cuda.is_available():
        return write(problem=f"PyTorch {torch.__version__} sees no GPU here")
    name = platform.processor() or platform.machine()
    found = {"cores": os.cpu_count(), "system": platform.platform(), "cuda": torch.version.cuda}
    if device == "cuda":
        gpu = torch.cuda.get_device_properties(0)
        torch.ones(1, device=device).sum().item()  # that it does something at all
        name, found["capability"] = gpu.name, f"{gpu.major}.{gpu.minor}"
        found["memory_gib"] = round(gpu.total_memory / 2**30, 1)
        found["l2_cache_mib"] = round(gpu.L2_cache_size / 2**20, 1)  # a size below it is faster
        found["multiprocessors"] = gpu.multi_processor_count
    versions = {"python": platform.python_version(), **dict(map(version, REPORTED_PACKAGES))}
    return write(device=name, **found, versions=versions)


def version(name):
    try:
        return name, metadata.version(name)
    except metadata.PackageNotFoundError:
        return name, None


def differences(folder, other, names):
    """A line for each notebook, with what `elsewhere` finds different outside its cells `here`."""
    from tools.book import elsewhere
    from tools.book.notebooks import read

    for name in names:
        try:
            runs = [read(Path(where, f"{name}.ipynb")) for where in (folder, other)]
            write(name=name, differences=list(elsewhere.differences(*runs)))
        except Exception as error:  # the others are still to be compared
            write(name=name, differences=[f"{type(error).__name__}: {error}"])


def candidates(n, dtype, device):
    """Forward and backward by each: name -> function."""
    import torch
    from torch.nn import functional as F

    from dropout_scaling.fast import FastDropout

    x, grad = (torch.randn(n, device=device).to(dtype) for _ in range(2))
    leaf, layer, kernel = x.clone().requires_grad_(), FastDropout(P), FastDropout(P)
    kernel.smallest = 0  # also where the layer falls back

    def both(dropout):
        leaf.grad = None
        dropout(leaf).backward(grad)

    return {
        "F.dropout": lambda: both(lambda x: F.dropout(x, P)),
        "FastDropout": lambda: both(layer),
        "FastDropout's kernel": lambda: both(kernel),
        "clone": lambda: (x.clone(), grad.clone()),
    }


def clock(function, calls, device):
    """The milliseconds that a call takes, one after another: on a GPU, by its own clock."""
    if device == "cuda":
        import torch

        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        torch.cuda.synchronize()
        begin.record()
        for _ in range(calls):
            function()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) / calls
    began = time.perf_counter()
    for _ in range(calls):
        function()
    return (time.perf_counter() - began) * 1e3 / calls


def timings(device, seconds):
    """A line for each type, size and candidate: quartiles of turns, in an order drawn each time."""
    import torch

    ends = time.monotonic() + seconds
    for dtype in (torch.float32, torch.bfloat16):
        for n in SIZES[device]:
            found, calls = candidates(n, dtype, device), max(1, MIN_ELEMENTS_PER_TURN[device] // n)
            times = {name: [] for name in found}
            for turn in range(WARM_UP_TURNS + TURNS):
                if time.monotonic() > ends:
                    return
                for name in random.Random(turn).sample(list(found), len(found)):
                    taken = clock(found[name], calls, device)
                    if turn >= WARM_UP_TURNS:
                        times[name].append(taken)
            for name, taken in times.items():
                setting = {"size": n, "dtype": str(dtype)[6:], "p": P, "calls": calls}
                write(name=name, **setting, turns=TURNS, **quartiles(taken))


def quartiles(taken):
    import torch

    at = torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64)
    values = torch.tensor(taken, dtype=torch.float64).quantile(at).tolist()
    return {f"ms_{part}": float(f"{v:.4g}") for part, v in zip((25, 50, 75), values, strict=True)}


if __name__ == "__main__":
    if sys.argv[1] == "machine":
        machine(sys.argv[2])
    elif sys.argv[1] == "differences":
        differences(*sys.argv[2:4], sys.argv[4:])
    else:
        timings(sys.argv[2], float(sys.argv[3]))
