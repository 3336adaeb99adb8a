"""Compare dropout with copies under each set of vector instructions, and write it as JSON.

usage: python -m tools.bench.vectors FILE.json      part of `make bench`

ATEN_CPU_CAPABILITY makes PyTorch, and so FastDropout, use the instructions of an older processor.
One thread, and its processor time: other programs make that longer for all candidates, and waiting
for a core does not count. The candidates take turns; a number is the median of the ratios of single
turns. Forward and backward, float32.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch
from torch.nn import functional as F

from dropout_scaling import fast
from dropout_scaling.fast import FastDropout
from tools.bench.fast import machine
from tools.paths import ROOT

CAPABILITIES = ["AVX512", "AVX2", "DEFAULT"]  # from new to old
SIZES = [2**k for k in (8, 10, 13, 15, 17, 20, 22)]
DROP_PROBABILITIES = (0.1, 0.3, 0.5, 0.9)
TURNS, ELEMENTS_A_TURN = 15, 2**16
COLUMNS = ["vectors", "size", "p", "name", "per_copies", "per_F.dropout"]


def candidates(n, p):
    """Return a dictionary: name -> what to time."""
    x, grad = torch.randn(n), torch.randn(n)
    leaf, layer = x.clone().requires_grad_(), FastDropout(p)
    y, back = torch.zeros_like(x), torch.zeros_like(x)
    write, drawn = fast._writer(x.dtype, 1 - p, x.device), fast._draw(None, x.device)

    def both(dropout):
        leaf.grad = None
        dropout(leaf).backward(grad)

    return {
        "F.dropout": lambda: both(lambda x: F.dropout(x, p)),
        "FastDropout": lambda: both(layer),
        "clone": lambda: (x.clone(), grad.clone()),
        # Into memory at hand: without the system's work for new pages.
        "FastDropout's loop": lambda: (write(x, y, drawn), write(grad, back, drawn)),
        "copy": lambda: (y.copy_(x), back.copy_(grad)),
    }


def measure(found, calls):
    """Return the processor times of each candidate, a list of one number a turn."""
    times = {name: [] for name in found}
    for turn in range(1 + TURNS):
        for name in random.Random(turn).sample(list(found), len(found)):
            began = time.process_time_ns()
            for _ in range(calls):
                found[name]()
            times[name].append(time.process_time_ns() - began)
    return {name: taken[1:] for name, taken in times.items()}  # the first is for warming up


def rows():
    vectors = torch.backends.cpu.get_cpu_capability()
    for n in SIZES:
        for p in DROP_PROBABILITIES:
            times = measure(candidates(n, p), max(1, ELEMENTS_A_TURN // n))
            copies = {"FastDropout's loop": "copy", "FastDropout": "clone", "F.dropout": "clone"}
            for name, rival in copies.items():
                ratios = [ratio(times[name], times[other]) for other in (rival, "F.dropout")]
                yield [vectors, n, p, name, *ratios]


def ratio(ours, theirs):
    return float(f"{statistics.median(a / b for a, b in zip(ours, theirs, strict=True)):.3g}")


def main(file):
    newest = CAPABILITIES.index(torch.backends.cpu.get_cpu_capability())
    found = []
    for capability in CAPABILITIES[newest:]:
        settings = {"ATEN_CPU_CAPABILITY": capability.lower(), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "tools.bench.vectors"]
        environment = os.environ | settings
        done = subprocess.run(
            command, cwd=ROOT, env=environment, check=True, text=True, stdout=subprocess.PIPE
        )
        found += json.loads(done.stdout)
        print(f"{capability}: done", flush=True)
    lines = ",\n".join(map(json.dumps, found))
    head = json.dumps({"machine": machine(), "columns": COLUMNS})
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_text(f'{head[:-1]}, "rows": [\n{lines}\n]}}\n', "utf8")


if __name__ == "__main__":
    if sys.argv[1:]:
        main(sys.argv[1])
    else:
        print(json.dumps(list(rows())))
