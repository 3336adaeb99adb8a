"""Time dropout against its rivals, in turns and in one process, and write what came out as JSON.

usage: bench_fast.py FILE [seconds]      `make bench`

For each size, type and p the candidates take turns until the seconds are over; the first turn is
for warming up. A time in which the process waited for a core for more than 3 % of it is left out,
and counted: this asks Linux's schedstat, and elsewhere nothing is left out. Three quartiles are
kept for each. JAX is timed where it is installed, which it is not by `make setup`.

A measurement, not a test: it judges nothing.
"""

import datetime
import glob
import importlib.util
import json
import os
import platform
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from dropout_scaling import fast
from dropout_scaling.fast import FastDropout
from dropout_scaling.packed import packed_backward, packed_train

SIZES = [2**k for k in (10, 12, 14, 15, 16, 18, 20, 22, 24, 26)]
PS = (0.1, 0.3, 0.5)
DTYPES = (torch.float32, torch.bfloat16)
TURNS = 25  # at most, beside the first


def waited():
    """Return the nanoseconds that this process's threads have waited for a core, so far."""
    total = 0
    for path in glob.glob("/proc/self/task/*/schedstat"):
        with open(path) as file:
            total += int(file.read().split()[1])
    return total


def jax_pair(x, grad, p):
    import jax

    def dropout(key, x):
        kept = jax.random.bernoulli(key, 1 - p, x.shape)
        return jax.numpy.where(kept, x / (1 - p), 0)

    def both(key, x, grad):
        y, back = jax.vjp(lambda x: dropout(key, x), x)
        return y, back(grad)[0]

    forward, backward = jax.jit(dropout), jax.jit(both)
    x, grad = (jax.numpy.asarray(t.float().numpy()).astype(str(t.dtype)[6:]) for t in (x, grad))
    keys = iter(jax.random.split(jax.random.key(0), 10 * TURNS))
    return (
        lambda: jax.block_until_ready(forward(next(keys), x)),
        lambda: jax.block_until_ready(backward(next(keys), x, grad)),
    )


def candidates(n, dtype, p):
    """Return a dictionary: (name, "forward" or "both") -> what to time."""
    x, grad = torch.randn(n).to(dtype), torch.randn(n).to(dtype)
    leaf, layer, q = x.clone().requires_grad_(), FastDropout(p), 1 - p

    def both(dropout):
        leaf.grad = None
        dropout(leaf).backward(grad)

    def with_numpy():  # as where there is no compiler
        compiled, fast._compiled[dtype] = fast._compiled_drop(dtype), None
        both(layer)
        fast._compiled[dtype] = compiled

    theirs = torch.compile(lambda x: F.dropout(x, p), dynamic=True)
    found = {
        ("F.dropout", "forward"): lambda: F.dropout(x, p),
        ("F.dropout", "both"): lambda: both(lambda x: F.dropout(x, p)),
        ("FastDropout", "forward"): lambda: layer(x),
        ("FastDropout", "both"): lambda: both(layer),
        ("FastDropout, NumPy", "both"): with_numpy,
        ("torch.compile", "forward"): lambda: theirs(x),
        ("torch.compile", "both"): lambda: both(theirs),
        ("clone", "forward"): lambda: x.clone(),
        ("clone", "both"): lambda: (x.clone(), grad.clone()),
    }
    if dtype == torch.float32:
        rng, array, back = np.random.default_rng(0), x.numpy(), grad.numpy()

        def lesson():
            mask = rng.random(n) < q
            return np.where(mask, array / q, 0), np.where(mask, back / q, 0)

        def packed():
            y, bits = packed_train(array, p, rng=rng)
            return y, packed_backward(back, bits, p)

        found |= {("NumPy lesson", "both"): lesson, ("packed", "both"): packed}
    if importlib.util.find_spec("jax"):
        forward, backward = jax_pair(x, grad, p)
        found |= {("JAX", "forward"): forward, ("JAX", "both"): backward}
    return found


def measure(found, seconds):
    """Return for each name and direction the quartiles in ms, and how many times were left out."""
    times, left_out = {key: [] for key in found}, dict.fromkeys(found, 0)
    for function in found.values():
        function()
    end = time.monotonic() + seconds
    for turn in range(4 * TURNS):
        for key, function in found.items():
            before, start = waited(), time.perf_counter_ns()
            function()
            took = time.perf_counter_ns() - start
            if waited() - before > 0.03 * took:
                left_out[key] += 1
            else:
                times[key].append(took / 1e6)
        if min(map(len, times.values())) >= TURNS or (turn and time.monotonic() > end):
            break
    return [
        {
            "name": name,
            "direction": direction,
            "ms": [float(np.quantile(kept, part)) for part in (0.25, 0.5, 0.75)] if kept else None,
            "turns": len(kept),
            "left_out": left_out[name, direction],
        }
        for (name, direction), kept in times.items()
    ]


def machine():
    model = platform.processor()
    if os.path.exists("/proc/cpuinfo"):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((s.partition(": ")[2] for s in lines if s.startswith("model name")), model)
    versions = {"python": platform.python_version(), "numpy": np.__version__}
    versions |= {"torch": torch.__version__}
    if importlib.util.find_spec("jax"):
        versions["jax"] = importlib.import_module("jax").__version__
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "versions": versions,
        "date": datetime.date.today().isoformat(),
        "load": [round(load, 1) for load in os.getloadavg()],
    }


def table(runs):
    """Print the medians as ratios to F.dropout, forward and backward together."""
    for run in runs:
        by_name = {r["name"]: r for r in run["times"] if r["direction"] == "both" and r["ms"]}
        base = by_name.get("F.dropout")
        if base:
            ratios = (
                f"{name} {base['ms'][1] / r['ms'][1]:.2f}x"
                for name, r in by_name.items()
                if name != "F.dropout"
            )
            head = f"2^{run['size'].bit_length() - 1} {run['dtype']} p={run['p']}"
            print(f"{head}: F.dropout {base['ms'][1]:.3f} ms; " + ", ".join(ratios), flush=True)


def main(file, seconds=4.0):
    result = {"machine": machine(), "runs": []}
    for n in SIZES:
        for dtype in DTYPES:
            for p in PS:
                torch.compiler.reset()
                fast._compiled.clear()
                times = measure(candidates(n, dtype, p), seconds)
                run = {"size": n, "dtype": str(dtype)[6:], "p": p, "times": times}
                result["runs"].append(run)
                table([run])
    result["machine"]["load_at_the_end"] = [round(load, 1) for load in os.getloadavg()]
    Path(file).write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], *map(float, sys.argv[2:]))
