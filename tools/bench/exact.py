"""Time an exact average over all masks of a layer, with one more unit at a time.

usage: python -m tools.bench.exact      `make bench`

The layer's units feed ten classes through a softmax. A measurement, not a test: it prints seconds
(the best of three), the ratio to one unit fewer, and the peak of the memory, and judges none.
"""

import time
import tracemalloc

import numpy as np
import psutil

from dropout_scaling.exact import expectation
from dropout_scaling.masks import keyed_rng

UNIT_COUNTS = range(14, 23)


def network(n):
    """Return what maps masks, shape (m, n), to probabilities, shape (m, 10)."""
    rng = keyed_rng(n)
    x, w = rng.normal(size=n), rng.normal(size=(n, 10))

    def probabilities(masks):
        logits = np.where(masks, x, 0) @ w
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    return probabilities


def seconds(f, n):
    start = time.perf_counter()
    expectation(f, n, 0.2)
    return time.perf_counter() - start


def peak(f, n):
    """Return the most bytes that were allocated at once."""
    tracemalloc.start()
    try:
        expectation(f, n, 0.2)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def main():
    print(f"{psutil.cpu_count()} cores")
    before = None
    for n in UNIT_COUNTS:
        f = network(n)
        took = min(seconds(f, n) for _ in range(3))
        ratio = f"{took / before:.2f}" if before else "   -"
        memory = peak(f, n) / 2**20
        print(f"{n} units, {2**n:7} masks: {took:6.3f} s, ratio {ratio}, {memory:.1f} MiB")
        before = took


if __name__ == "__main__":
    main()
