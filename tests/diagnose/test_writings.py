"""Each member of the bank is named in every common writing of a mask, by what it does."""

import numpy as np
import pytest
import torch

from dropout_scaling.diagnose import diagnose

RNG = np.random.default_rng()  # a layer's own, and no test's

# How people draw the values that they keep, with probability q, and apply them with a scale. With
# NumPy 1/(1 - p) is inf at p = 1, and most of these give nan there.
DRAWS = {
    "below q": lambda shape, q: RNG.random(shape) < q,
    "above p": lambda shape, q: RNG.random(shape) > 1 - q,
    "binomial": lambda shape, q: RNG.binomial(1, q, shape),
    "floor": lambda shape, q: np.floor(RNG.random(shape) + q),
    "choice": lambda shape, q: RNG.choice([0, 1], shape, p=[1 - q, q]),
}


def _by_index(x, mask, scale):
    out = x * scale
    out[np.asarray(mask) == 0] = 0
    return out


def _in_place(x, mask, scale):
    out = x.copy()
    out *= mask
    out *= scale
    return out


APPLIED = {
    "product": lambda x, mask, scale: x * mask * scale,
    "scaled mask": lambda x, mask, scale: x * (mask * scale),
    "where": lambda x, mask, scale: np.where(mask, x * scale, 0),
    "index": _by_index,
    "in place": _in_place,
    "tensors": lambda x, mask, scale: (
        torch.from_numpy(x) * torch.from_numpy(np.array(mask, dtype=np.float32)) * scale
    ).numpy(),
}

# name: (share that is kept, scale in training, scale in evaluation), each of p. Those without a
# name are the two right kinds.
MEMBERS = {
    "": (lambda p: 1 - p, lambda p: 1 / (1 - p), lambda p: 1),
    " ": (lambda p: 1 - p, lambda p: 1, lambda p: 1 - p),
    "keeps_p": (lambda p: p, lambda p: 1 / (1 - p), lambda p: 1),
    "takes_p_for_keep": (lambda p: p, lambda p: 1 / p, lambda p: 1),
    "divides_by_p": (lambda p: 1 - p, lambda p: 1 / p, lambda p: 1),
    "ignores_p": (lambda p: 0.5, lambda p: 1 / (1 - p), lambda p: 1),
    "drops_twice": (lambda p: (1 - p) ** 2, lambda p: (1 - p) ** -2, lambda p: 1),
    "forgets_the_scale": (lambda p: 1 - p, lambda p: 1, lambda p: 1),
    "scales_at_both_times": (lambda p: 1 - p, lambda p: 1 / (1 - p), lambda p: 1 - p),
    "divides_at_both_times": (lambda p: 1 - p, lambda p: 1 / (1 - p), lambda p: 1 / (1 - p)),
    "divides_twice": (lambda p: 1 - p, lambda p: (1 - p) ** -2, lambda p: 1),
    "multiplies_while_training": (lambda p: 1 - p, lambda p: 1 - p, lambda p: 1),
    "divides_at_evaluation": (lambda p: 1 - p, lambda p: 1, lambda p: 1 / (1 - p)),
    "evaluates_with_p": (lambda p: 1 - p, lambda p: 1, lambda p: p),
    "evaluates_with_a_half": (lambda p: 1 - p, lambda p: 1, lambda p: 0.5),
    "keeps_the_variance": (lambda p: 1 - p, lambda p: (1 - p) ** -0.5, lambda p: 1),
    "drops_at_evaluation": (lambda p: 1 - p, lambda p: 1 / (1 - p), None),
    "freezes_the_mask": (lambda p: 1 - p, lambda p: 1 / (1 - p), lambda p: 1),
    "shares_the_mask_in_a_batch": (lambda p: 1 - p, lambda p: 1 / (1 - p), lambda p: 1),
    "tosses_one_coin": (lambda p: 1 - p, lambda p: 1 / (1 - p), lambda p: 1),
    "swaps_the_modes": (lambda p: 1 - p, lambda p: 1 / (1 - p), lambda p: 1),
}


def written(name, draw, applied):
    """Return a function with the fault ``name``, in this writing."""
    share, scale, evaluation = MEMBERS[name]
    frozen = {}

    def mask_of(x, p):
        shape = {"shares_the_mask_in_a_batch": (1, *x.shape[1:]), "tosses_one_coin": (1, 1)}
        drawn = DRAWS[draw](shape.get(name, x.shape), share(p))
        kept = frozen.setdefault((x.shape, p), drawn) if name == "freezes_the_mask" else drawn
        return np.broadcast_to(kept, x.shape)

    def layer(x, p, training=True):
        if evaluation is None or training != (name == "swaps_the_modes"):
            return APPLIED[applied](x, mask_of(x, p), np.float64(1) * scale(np.float64(p)))
        return x * evaluation(p)

    return layer


# Every fault in every form of application, and in every draw: 126 of the 630 combinations.
COMBINATIONS = [
    (name, draw, applied)
    for i, name in enumerate(MEMBERS)
    for j, applied in enumerate(APPLIED)
    for draw in [list(DRAWS)[(i + j) % len(DRAWS)]]
]


@pytest.mark.parametrize(("name", "draw", "applied"), COMBINATIONS)
def test_a_fault_keeps_its_name_in_every_writing(name, draw, applied):
    report = diagnose(written(name, draw, applied), 0.2)
    assert report.misconceptions == tuple(name.split()), str(report)
    assert report.ok == (not name.strip())
