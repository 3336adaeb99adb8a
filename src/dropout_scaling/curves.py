"""Errors of networks that learn together: while they learn, and, much faster, at the end alone."""

from itertools import pairwise

import numpy as np
import torch
from torch.nn import functional as F

from dropout_scaling._arguments import check_count, check_one_each, check_p
from dropout_scaling.masks import bernoulli_mask, keyed_rng
from dropout_scaling.stacked_networks import Stacked, train_stacked
from dropout_scaling.train import float64_weights


def learning_curves(make, splits, *, seeds, turns, epochs, batch_size, lr):
    """Train a network on each split with Adam, and count its errors after each turn of epochs.

    Each ends where ``trained`` takes it in ``turns * epochs`` epochs; they are trained together.

    Args:
        make: a function without arguments that returns a model, such as an ``MLP``, whose
            ``forward`` takes ``masks``.
        splits: a ``Split`` of tensors for each network, all of the same sizes.
        seeds: for each network, what fixes its initial weights, its batches and its masks.
        turns: how often errors are counted.
        epochs: the number of passes over the data in each turn.
        batch_size: the number of rows in a batch.
        lr: the learning rate.

    Returns:
        The errors per 100 rows, a NumPy array of shape (turns, 2, networks), first those on the
        training rows and then those on the test rows, and the networks, a list, in eval mode.
        The global generator is unchanged.

    Raises:
        ValueError: for another number of seeds than of splits, and as ``train_stacked``.
    """
    check_one_each("seeds", seeds, len(splits))
    check_count("turns", turns, 1)
    x, y, x_test, y_test = (torch.stack(part) for part in zip(*splits, strict=True))
    networks = Stacked([float64_weights(make, seed) for seed in seeds])
    settings = {
        "optimizer": torch.optim.Adam(networks.parameters(), lr=lr, fused=True),
        "epochs": epochs,
        "batch_size": batch_size,
        "generators": [torch.Generator().manual_seed(seed) for seed in seeds],
        "mask_seeds": seeds,
    }
    steps, errors = 0, []
    for _ in range(turns):
        losses = train_stacked(networks, x, y, first_step=steps, **settings)
        steps += losses.shape[1]
        networks.eval()
        errors.append([_errors(networks, x, y), _errors(networks, x_test, y_test)])
    return np.array(errors), networks.unstack()


@torch.no_grad()
def _errors(networks, x, y):
    return 100 * (networks(x).argmax(dim=-1) != y).double().mean(dim=1).numpy()


def errors_at_the_end(splits, units, p, *, seeds, steps, rows=None, batch_size=32, lr=5e-3):
    """Train a network on each split with Adam; return their errors per 100 test rows.

    A network has two hidden layers of ReLU units with inverted dropout on both, and weights in
    float64. All of them take each step in one product a layer: in half the time of
    ``train_stacked``, which knows any network. Two values of ``p`` get the same start and the same
    batches.

    Args:
        splits: a ``Split`` of tensors for each network, all of the same sizes.
        units: the number of units in a hidden layer.
        p: the probability of dropping a hidden unit.
        seeds: for each network, what fixes its initial weights, its batches and its masks.
        steps: the number of steps.
        rows: the number of training rows to learn from, the first ones; all if not given.
        batch_size: the number of rows in a step, drawn with replacement.
        lr: the learning rate.

    Returns:
        A NumPy array of shape (networks,). The global generator is unchanged.

    Raises:
        TypeError or ValueError: for a bad ``p``.
        ValueError: for another number of seeds than of splits, or a number below 1.
    """
    check_one_each("seeds", seeds, len(splits))
    p = check_p(p)
    check_count("units", units, 1)
    check_count("steps", steps, 1)
    check_count("batch_size", batch_size, 1)
    x, y, x_test, y_test = (torch.stack(part) for part in zip(*splits, strict=True))
    n_rows = check_count("rows", x.shape[1] if rows is None else rows, 1, x.shape[1])
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    weights, biases = [], []
    for n_in, n_out in pairwise([x.shape[2], units, units, int(y.max()) + 1]):
        draws = [torch.rand(n_in, n_out, generator=g, dtype=x.dtype) for g in generators]
        weights.append(((2 * torch.stack(draws) - 1) / n_in**0.5).requires_grad_())
        biases.append(torch.zeros(len(seeds), 1, n_out, dtype=x.dtype, requires_grad=True))
    rngs = [keyed_rng(seed, layer=1) for seed in seeds]  # layer 0 may have split the rows
    shape = (2, batch_size, units)

    def outputs(h, factors=(1, 1)):
        for weight, bias, factor in zip(weights, biases, (None, *factors), strict=True):
            h = h if factor is None else h.relu() * factor
            h = torch.baddbmm(bias, h, weight)
        return h

    each = torch.arange(len(seeds))[:, None]
    size = (steps, batch_size)
    picks = torch.stack([torch.randint(n_rows, size, generator=g) for g in generators], dim=1)
    optimizer = torch.optim.Adam([*weights, *biases], lr=lr, fused=True)
    for pick in picks:
        factors = (1, 1)
        if p > 0:
            masks = np.stack([bernoulli_mask(shape, p, rng=rng) for rng in rngs], axis=1)
            factors = torch.from_numpy(masks) / (1 - p if p < 1 else 1)
        logits = outputs(x[each, pick], factors)
        loss = F.cross_entropy(logits.flatten(0, 1), y[each, pick].flatten(), reduction="sum")
        optimizer.zero_grad()
        (loss / batch_size).backward()  # the sum over the networks of each one's mean
        optimizer.step()
    with torch.no_grad():
        wrong = outputs(x_test).argmax(dim=-1) != y_test
    return 100 * wrong.double().mean(dim=1).numpy()
