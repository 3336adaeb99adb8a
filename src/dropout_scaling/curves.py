"""Errors of networks that learn together: while they learn, and, much faster, at the end alone."""

from itertools import pairwise

import numpy as np
import torch

from dropout_scaling._arguments import check_count, check_one_each, check_p
from dropout_scaling.masks import bernoulli_mask, keyed_rng
from dropout_scaling.train import float64_weights, keyed_masks


class _Networks:
    """Networks of one shape that take each step of Adam together, in one product a layer.

    A layer is x W + b behind a dropout, with a ReLU in front of all but the first; W has the shape
    (networks, in, out). The gradient is written out: with autograd a step takes a fifth longer.
    """

    def __init__(self, layers, lr):
        parts = [part for layer in layers for part in layer]
        # One vector for all, so that Adam is one call.
        flat = torch.cat([part.detach().flatten() for part in parts])
        flat.grad = torch.zeros_like(flat)
        self.layers, self._gradients = (
            list(zip(views[::2], views[1::2], strict=True))
            for views in (_views(vector, parts) for vector in (flat, flat.grad))
        )
        self._optimizer = torch.optim.Adam([flat], lr=lr, fused=True)

    def _forward(self, h, factors):
        """Return the outputs, and what each layer was fed with."""
        fed = []
        for i, ((weight, bias), factor) in enumerate(zip(self.layers, factors, strict=True)):
            h = h.relu() if i else h
            h = h if factor is None else h * factor
            fed.append(h)
            h = torch.baddbmm(bias, h, weight)
        return h, fed

    def step(self, x, y, factors):
        """Take a step on the sum over the networks of each one's mean cross-entropy.

        ``factors``: for each layer what its dropout multiplies by, or None for one without.
        """
        outputs, fed = self._forward(x, factors)
        back = outputs.softmax(dim=-1)
        back[torch.arange(len(y))[:, None], torch.arange(y.shape[1]), y] -= 1
        back /= y.shape[1]
        for i in reversed(range(len(self.layers))):
            torch.bmm(fed[i].mT, back, out=self._gradients[i][0])
            torch.sum(back, dim=1, keepdim=True, out=self._gradients[i][1])
            if i:
                back = torch.bmm(back, self.layers[i][0].mT).mul_(fed[i] > 0)
                back = back if factors[i] is None else back.mul_(factors[i])
        self._optimizer.step()

    def errors(self, x, y):
        """Return the errors per 100 rows of each network, without dropout."""
        outputs, _ = self._forward(x, [None] * len(self.layers))
        return 100 * (outputs.argmax(dim=-1) != y).double().mean(dim=1).numpy()


def _views(vector, parts):
    pieces = vector.split([part.numel() for part in parts])
    return [piece.view(part.shape) for piece, part in zip(pieces, parts, strict=True)]


def _factor(mask, p, dtype):
    """Return what inverted dropout with this mask multiplies by; None if it drops nothing."""
    return None if p == 0 else mask.to(dtype) / (1 - p if p < 1 else 1)


def _stacked(splits):
    return (torch.stack(part) for part in zip(*splits, strict=True))


def learning_curves(make, splits, *, seeds, turns, epochs, batch_size, lr):
    """Train a network on each split with Adam, and count its errors after each turn of epochs.

    Each ends where ``trained`` takes it in ``turns * epochs`` epochs, to rounding; they are
    trained together.

    Args:
        make: a function without arguments that returns an ``MLP`` with inverted dropout.
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
        ValueError: for another number of seeds than of splits, or a number below 1.
    """
    check_one_each("seeds", seeds, len(splits))
    check_count("turns", turns, 1)
    check_count("epochs", epochs, 1)
    check_count("batch_size", batch_size, 1)
    x, y, x_test, y_test = _stacked(splits)
    models = [float64_weights(make, seed) for seed in seeds]
    alike = list(zip(*(model.linears for model in models), strict=True))
    networks = _Networks(
        [
            (torch.stack([a.weight.T for a in each]), torch.stack([a.bias[None] for a in each]))
            for each in alike
        ],
        lr,
    )
    drops = [dropout.p for dropout in models[0].dropouts]
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    network, step, errors = torch.arange(len(models))[:, None], 0, []
    for epoch in range(1, turns * epochs + 1):
        order = torch.stack([torch.randperm(x.shape[1], generator=g) for g in generators])
        for rows in order.split(batch_size, dim=1):
            factors = [None] * len(drops)
            if any(drops):
                n_rows = rows.shape[1]
                own = [keyed_masks(models[0], n_rows, seed=seed, step=step) for seed in seeds]
                masks = [torch.stack(layer) for layer in zip(*own, strict=True)]
                factors = [_factor(m, p, x.dtype) for m, p in zip(masks, drops, strict=True)]
            networks.step(x[network, rows], y[network, rows], factors)
            step += 1
        if epoch % epochs == 0:
            errors.append([networks.errors(x, y), networks.errors(x_test, y_test)])
    for (weight, bias), each in zip(networks.layers, alike, strict=True):
        for s, linear in enumerate(each):
            linear.weight.data.copy_(weight[s].T)
            linear.bias.data.copy_(bias[s, 0])
    return np.array(errors), [model.eval() for model in models]


def errors_at_the_end(splits, units, p, *, seeds, steps, rows=None, batch_size=32, lr=5e-3):
    """Train a network on each split with Adam; return their errors per 100 test rows.

    A network has two hidden layers of ReLU units with inverted dropout on both, and weights in
    float64. Two values of ``p`` get the same start and the same batches, and so do two numbers of
    steps, as far as the shorter training goes.

    Args:
        splits: a ``Split`` of tensors for each network, all of the same sizes.
        units: the number of units in a hidden layer.
        p: the probability of dropping a hidden unit.
        seeds: for each network, what fixes its initial weights, its batches and its masks.
        steps: the number of steps; or a list of such numbers, each larger than the one before.
        rows: the number of training rows to learn from, the first ones; all if not given.
        batch_size: the number of rows in a step, drawn with replacement.
        lr: the learning rate.

    Returns:
        A NumPy array of shape (networks,); if ``steps`` is a list, one such row for each of its
        numbers. The global generator is unchanged.

    Raises:
        TypeError or ValueError: for a bad ``p``.
        ValueError: for another number of seeds than of splits, a number below 1, or a list of
            steps that does not grow.
    """
    check_one_each("seeds", seeds, len(splits))
    p = check_p(p)
    check_count("units", units, 1)
    stops = list(steps) if isinstance(steps, list | tuple) else [steps]
    for before, stop in pairwise([0, *stops]):
        check_count("steps", stop, 1)
        if stop <= before:
            raise ValueError(f"steps must grow from number to number, got {stops}")
    check_count("batch_size", batch_size, 1)
    x, y, x_test, y_test = _stacked(splits)
    n_rows = check_count("rows", x.shape[1] if rows is None else rows, 1, x.shape[1])
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    layers = []
    for n_in, n_out in pairwise([x.shape[2], units, units, int(y.max()) + 1]):
        draws = [torch.rand(n_in, n_out, generator=g, dtype=x.dtype) for g in generators]
        bias = torch.zeros(len(seeds), 1, n_out, dtype=x.dtype)
        layers.append(((2 * torch.stack(draws) - 1) / n_in**0.5, bias))
    networks = _Networks(layers, lr)
    rngs = [keyed_rng(seed, layer=1) for seed in seeds]  # layer 0 may have split the rows
    network, errors = torch.arange(len(seeds))[:, None], []
    size = (stops[-1], batch_size)
    picks = torch.stack([torch.randint(n_rows, size, generator=g) for g in generators], dim=1)
    for step, pick in enumerate(picks, start=1):
        factors = [None] * 3
        if p > 0:
            drawn = [bernoulli_mask((2, batch_size, units), p, rng=rng) for rng in rngs]
            factors[1:] = _factor(torch.from_numpy(np.stack(drawn, axis=1)), p, x.dtype)
        networks.step(x[network, pick], y[network, pick], factors)
        if step in stops:
            errors.append(networks.errors(x_test, y_test))
    return np.array(errors) if isinstance(steps, list | tuple) else errors[0]
