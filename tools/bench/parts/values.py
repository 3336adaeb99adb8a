"""FastDropout, forward and backward, over more and more values."""

import time

import torch

from dropout_scaling.fast import FastDropout

AXIS = "values, float32"
SIZES = [2**k for k in range(10, 27, 2)]
BOUND = (
    "a call costs the same for few values, then each value does; where they no longer fit the "
    "cache, the memory, and the system, which hands each call new pages"
)


def measure(size):
    layer, grad = FastDropout(0.3), torch.randn(size)
    leaf = torch.randn(size, requires_grad=True)

    def both():
        leaf.grad = None
        layer(leaf).backward(grad)

    both()  # compiles
    calls, best = max(1, 2**17 // size), float("inf")
    for _ in range(15):
        began = time.perf_counter()
        for _ in range(calls):
            both()
        best = min(best, (time.perf_counter() - began) / calls)
    return {"ms": best * 1e3}
