"""Time dropout against its rivals, in turns and in one process, and write what came out as JSON.

usage: python -m tools.bench.fast FILE.json      `make bench`; draws FILE.svg too

For each type, p and size the candidates take turns, in an order drawn anew each time and after one
turn to warm up, until the seconds are over and each has five times, or far more seconds are over.
For few elements a turn is as many calls as make 2^17 of them, and its time is divided by their
number: the first of them mostly loads the caches.
A time in which the process waited for a core for more than 3 % of it is left out: this asks Linux's
schedstat; elsewhere nothing is left out, and of JAX nothing anywhere. Three quartiles are kept of
each time, and of its ratio to F.dropout in the same turn. JAX is timed if it is installed, which
it is not by `make setup`. A second process times the large sizes at one p with
memory in huge pages, which PyTorch asks for if THP_MEM_ALLOC_ENABLE=1.

A measurement, not a test: it judges nothing.
"""

import datetime
import glob
import importlib.util
import itertools
import json
import os
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.nn import functional as F

from dropout_scaling import fast, plots
from dropout_scaling.bit_masks import packed_backward, packed_train
from dropout_scaling.data import timings
from dropout_scaling.fast import FastDropout, _loop
from tools.paths import ROOT

SIZES = [2**k for k in range(10, 27, 2)]
DROP_PROBABILITIES = (0.1, 0.3, 0.5)
DTYPES = (torch.float32, torch.bfloat16)
HUGE_PAGES_FROM_SIZE, HUGE_PAGES_P = 2**22, 0.3  # what is timed with huge pages too
TURNS, MIN_TURNS, SETTING_SECONDS = 25, 5, 4.0
MIN_ELEMENTS_PER_TURN = 2**17
MAX_WAITING_SHARE = 0.03  # of a time in which the process waited for a core
JAX_PAUSE_SECONDS = 0.005  # PyTorch's threads stop looking for work, and leave JAX's the cores
COLUMNS = ["pages", "size", "dtype", "p", "name", "direction", "turns", "faults"]
COLUMNS += [f"{what}_{part}" for what in ("ms", "ratio") for part in (25, 50, 75)]


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
    keys = itertools.cycle(list(jax.random.split(jax.random.key(0), TURNS)))
    return (
        lambda: jax.block_until_ready(forward(next(keys), x)),
        lambda: jax.block_until_ready(backward(next(keys), x, grad)),
    )


def candidates(n, dtype, p, theirs):
    """Return a dictionary: (name, "forward" or "both") -> what to time."""
    x, grad = torch.randn(n).to(dtype), torch.randn(n).to(dtype)
    leaf, layer, q = x.clone().requires_grad_(), FastDropout(p), 1 - p
    y, back = torch.zeros_like(x), torch.zeros_like(x)

    def both(dropout):
        leaf.grad = None
        dropout(leaf).backward(grad)

    with mock.patch.dict(_loop._checked, {dtype: None}):  # as where there is no compiler
        numpy_writer = fast._writer.__wrapped__(dtype, q, x.device)

    def with_numpy():
        mask = fast._draw(None, x.device), numpy_writer, x.stride()
        both(lambda x: fast._Drop.apply(x, mask, False))

    def loop_alone():
        drawn = fast._draw(None, x.device)
        with torch.no_grad():
            write = fast._writer(dtype, q, x.device)
            write(x, y, drawn)
            write(grad, back, drawn)

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
        # Into memory that is there already: without the system's work for new pages.
        ("copy", "both"): lambda: (y.copy_(x), back.copy_(grad)),
        ("FastDropout's loop", "both"): loop_alone,
    }
    if dtype == torch.float32:
        rng, array, gradient = np.random.default_rng(0), x.numpy(), grad.numpy()

        def lesson():
            mask = rng.random(n) < q
            return np.where(mask, array / q, 0), np.where(mask, gradient / q, 0)

        def packed():
            y, bits = packed_train(array, p, rng=rng)
            return y, packed_backward(gradient, bits, p)

        found |= {("NumPy lesson", "both"): lesson, ("packed", "both"): packed}
    if importlib.util.find_spec("jax"):
        forward, backward = jax_pair(x, grad, p)
        found |= {("JAX", "forward"): forward, ("JAX", "both"): backward}
    return found


def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def measure(found, calls):
    """Return for each candidate a dictionary with ``COLUMNS`` from "name" on.

    ``calls``: how many make a turn.
    """
    times = {key: [] for key in found}  # a pair (ms, faults) a turn, or None if left out
    for function in found.values():
        function()
    start = time.monotonic()
    for turn in range(4 * TURNS):
        # What came before leaves its mark on a short time: the cache, the threads that it woke.
        for key in random.Random(turn).sample(list(found), len(found)):
            if key[0] == "JAX":
                time.sleep(JAX_PAUSE_SECONDS)
            queued, paged, began = waited(), faults(), time.perf_counter_ns()
            for _ in range(calls):
                found[key]()
            took = time.perf_counter_ns() - began
            # JAX's threads, more than there are cores, wait for each other.
            alone = key[0] == "JAX" or waited() - queued <= MAX_WAITING_SHARE * took
            one = took / 1e6 / calls, (faults() - paged) / calls
            times[key].append(one if alone else None)
        fewest = min(sum(one is not None for one in column) for column in times.values())
        spent = time.monotonic() - start
        enough = spent > SETTING_SECONDS and fewest >= MIN_TURNS
        if fewest >= TURNS or enough or spent > 20 * SETTING_SECONDS:
            break
    return [row(key, times) for key in found]


def row(key, times):
    name, direction = key
    kept = [one for one in times[key] if one]
    pairs = zip(times["F.dropout", direction], times[key], strict=True)
    samples = {
        "ms": [ms for ms, _ in kept],
        "ratio": [theirs[0] / ours[0] for theirs, ours in pairs if theirs and ours],
    }
    result = {"name": name, "direction": direction, "turns": len(kept)}
    result["faults"] = int(np.median([count for _, count in kept])) if kept else None
    for what, values in samples.items():
        for part in (25, 50, 75):
            value = float(f"{np.percentile(values, part):.4g}") if values else None
            result[f"{what}_{part}"] = value
    return result


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


def runs(pages, sizes, ps):
    """Yield the rows of one setting after another, and print their ratios to F.dropout."""
    for dtype in DTYPES:
        for p in ps:
            torch.compiler.reset()
            theirs = torch.compile(lambda x, p=p: F.dropout(x, p), dynamic=True)
            for n in sizes:
                setting = {"pages": pages, "size": n, "dtype": str(dtype)[6:], "p": p}
                rows = measure(candidates(n, dtype, p, theirs), max(1, MIN_ELEMENTS_PER_TURN // n))
                head = f"2^{n.bit_length() - 1} {setting['dtype']} p={p}, {pages} pages"
                print(f"{head}: times as fast as F.dropout", flush=True)
                for one in rows:
                    if one["ratio_50"] and one["direction"] == "both":
                        spread = "{ratio_25:.2f} to {ratio_75:.2f}".format(**one)
                        print(f"    {one['ratio_50']:7.2f} x  {one['name']}  ({spread})")
                yield from ({**setting, **one} for one in rows)


def with_huge_pages():
    """Return the rows of the large sizes from a process of its own: the setting is read once."""
    with tempfile.NamedTemporaryFile("r", suffix=".json") as file:
        environment = {**os.environ, "THP_MEM_ALLOC_ENABLE": "1"}
        command = [sys.executable, "-m", "tools.bench.fast", file.name, "huge"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        return json.load(file)


def main(file, pages="small"):
    if pages == "huge":
        large = [n for n in SIZES if n >= HUGE_PAGES_FROM_SIZE]
        Path(file).write_text(json.dumps(list(runs(pages, large, [HUGE_PAGES_P]))))
        return
    Path(file).parent.mkdir(parents=True, exist_ok=True)  # before the minutes, not after them
    result = {"machine": machine(), "columns": COLUMNS}
    rows = list(runs(pages, SIZES, DROP_PROBABILITIES))
    if sys.platform == "linux":
        rows += with_huge_pages()
    result["machine"]["load_at_the_end"] = machine()["load"]
    lines = ",\n".join(json.dumps([one[column] for column in COLUMNS]) for one in rows)
    text = json.dumps(result)[:-1] + f', "rows": [\n{lines}\n]}}\n'  # a line a row
    Path(file).write_text(text, "utf8")
    draw(file)


def draw(file):
    """Draw what is in the file, beside it."""
    measured, rows = timings(file)
    wanted = {"pages": "small", "dtype": "float32", "p": 0.3, "direction": "both"}
    plots.use_book_style()
    fig, ax = plt.subplots()
    plots.timings(ax, [row for row in rows if wanted.items() <= row.items()])
    torch_, processor = measured["versions"]["torch"], measured["processor"]
    fig.suptitle(f"{processor}, {measured['threads']} threads, PyTorch {torch_}, float32, p = 0.3")
    fig.savefig(Path(file).with_suffix(".svg"))


if __name__ == "__main__":
    main(*sys.argv[1:])
