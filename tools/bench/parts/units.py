"""An exact average over all masks of a layer that feeds ten classes through a softmax."""

import tracemalloc

import numpy as np

from dropout_scaling.exact import expectation
from dropout_scaling.masks import keyed_rng
from tools.bench.parts import seconds

AXIS = "masks: 2 to the number of units"
SIZES = [2**n for n in range(14, 23)]
BOUND = "each mask is one pass, and no more than a block of them is held at once"


def measure(size):
    n = size.bit_length() - 1
    rng = keyed_rng(n)
    x, w = rng.normal(size=n), rng.normal(size=(n, 10))

    def probabilities(masks):
        logits = np.where(masks, x, 0) @ w
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def average():
        return expectation(probabilities, n, 0.2)

    took = seconds(average)
    tracemalloc.start()
    average()
    return {"processor s": took, "MiB": tracemalloc.get_traced_memory()[1] / 2**20}
