"""Train many ``MLP`` networks together, with one product a layer: much faster than in turn."""

from itertools import pairwise

import numpy as np
import torch
from torch.nn import functional as F

from dropout_scaling._arguments import check_count, check_one_each, check_p
from dropout_scaling.masks import bernoulli_mask, keyed_rng
from dropout_scaling.nn import StandardDropout
from dropout_scaling.train import float64_weights, keyed_masks


class _Networks:
    """Networks of one shape that take each step of Adam together, in one product a layer.

    A layer is x W + b behind a dropout, with a ReLU in front of all but the first; W has the shape
    (networks, in, out). The gradient is written out: with autograd a step takes a fifth longer.
    """

    def __init__(self, layers, lr, loss=F.cross_entropy):
        self._slope = SLOPES[loss]
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
            h = h.relu_() if i else h
            if factor is not None:
                h = h.mul_(factor) if i else h * factor  # the first h is the data
            fed.append(h)
            h = _product(h, weight).add_(bias)
        return h, fed

    def step(self, x, y, factors):
        """Take a step on the sum over the networks of each one's mean loss.

        ``factors``: for each layer what its dropout multiplies by, or None for one without.
        """
        outputs, fed = self._forward(x, factors)
        back = self._slope(outputs, y)
        for i in reversed(range(len(self.layers))):
            _product(fed[i].mT, back, out=self._gradients[i][0])
            torch.sum(back, dim=1, keepdim=True, out=self._gradients[i][1])
            if i:
                back = _product(back, self.layers[i][0].mT)
                # NumPy's, too: PyTorch takes twice as long to compare, and to multiply by booleans.
                np.multiply(back.numpy(), fed[i].numpy() > 0, out=back.numpy())
                back = back if factors[i] is None else back.mul_(factors[i])
        self._optimizer.step()

    def errors(self, x, y, factors):
        """Return the errors per 100 rows of each network; ``factors`` as in ``step``."""
        outputs, _ = self._forward(x, factors)
        return 100 * (outputs.argmax(dim=-1) != y).double().mean(dim=1).numpy()


def _slope_of_cross_entropy(outputs, y):
    back = (outputs - outputs.amax(dim=-1, keepdim=True)).exp_()
    back /= back.sum(dim=-1, keepdim=True)
    minus_one = torch.tensor(-1.0, dtype=back.dtype).expand(*y.shape, 1)
    back.scatter_add_(-1, y[..., None], minus_one)
    return back.div_(y.shape[1])


def _slope_of_mse(outputs, y):
    return (outputs - y).mul_(2 / y[0].numel())


# The derivative of a network's mean loss by its outputs.
SLOPES = {F.cross_entropy: _slope_of_cross_entropy, F.mse_loss: _slope_of_mse}


def _product(a, b, out=None):
    # NumPy's: of matrices as small as these it takes half the time of PyTorch's.
    if out is not None:
        out = out.numpy()
    return torch.from_numpy(np.matmul(a.numpy(), b.numpy(), out=out))


def _views(vector, parts):
    pieces = vector.split([part.numel() for part in parts])
    return [piece.view(part.shape) for piece, part in zip(pieces, parts, strict=True)]


def _factor(masks, p, dtype, *, standard=False):
    """Return what dropout multiplies by, a tensor: m, or m / q if it is inverted.

    ``masks``: an array for each network, to be stacked. ``dtype``: NumPy's.
    """
    scale = 1 if standard or p == 1 else 1 / (1 - p)
    return torch.from_numpy(np.multiply(np.stack(masks), scale, dtype=dtype))


class _Rows:
    """The training rows of all networks, x and y of shape (networks, rows, ...)."""

    def __init__(self, x, y):
        self._x, self._y = x.flatten(0, 1).numpy(), y.flatten(0, 1).numpy()
        self._first = torch.arange(0, len(self._x), x.shape[1])[:, None]

    def __getitem__(self, own):
        """Return x and y of each network's own rows, whose numbers are (networks, batch)."""
        rows = (self._first + own).numpy()
        return [torch.from_numpy(part.take(rows, axis=0)) for part in (self._x, self._y)]


def _stacked(splits):
    return (torch.stack(part) for part in zip(*splits, strict=True))


class _Training:
    """Networks of one ``MLP``, each with its own split, seed, batches and masks."""

    def __init__(self, make, splits, *, seeds, batch_size, lr, loss):
        check_one_each("seeds", seeds, len(splits))
        self.batch_size = check_count("batch_size", batch_size, 1)
        self.x, self.y, self.x_test, self.y_test = _stacked(splits)
        self._rows = _Rows(self.x, self.y)
        self.seeds, self.steps = seeds, 0
        self._models = [float64_weights(make, seed) for seed in seeds]
        self._alike = list(zip(*(model.linears for model in self._models), strict=True))
        layers = [
            (torch.stack([a.weight.T for a in each]), torch.stack([a.bias[None] for a in each]))
            for each in self._alike
        ]
        self._networks = _Networks(layers, lr, loss)
        self._drops = [
            (dropout.p, isinstance(dropout, StandardDropout))
            for dropout in self._models[0].dropouts
        ]
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def _factors(self, n_rows):
        """Return what each dropout multiplies by in this step, None if it drops nothing."""
        if not any(p for p, _ in self._drops):
            return [None] * len(self._drops)
        own = [keyed_masks(self._models[0], n_rows, seed=s, step=self.steps) for s in self.seeds]
        dtype = self.x.numpy().dtype
        return [
            _factor([m.numpy() for m in masks], p, dtype, standard=standard) if p else None
            for masks, (p, standard) in zip(zip(*own, strict=True), self._drops, strict=True)
        ]

    def epoch(self):
        """Pass over the data once."""
        n_rows = self.x.shape[1]
        order = torch.stack([torch.randperm(n_rows, generator=g) for g in self._generators])
        for own in order.split(self.batch_size, dim=1):
            self._networks.step(*self._rows[own], self._factors(own.shape[1]))
            self.steps += 1

    def errors(self):
        """Return the errors per 100 training rows and per 100 test rows."""
        factors = [1 - p if standard and p else None for p, standard in self._drops]
        pairs = (self.x, self.y), (self.x_test, self.y_test)
        return [self._networks.errors(x, y, factors) for x, y in pairs]

    @torch.no_grad()
    def models(self):
        """Return the networks, in eval mode."""
        for (weight, bias), each in zip(self._networks.layers, self._alike, strict=True):
            for s, linear in enumerate(each):
                linear.weight.copy_(weight[s].T)
                linear.bias.copy_(bias[s, 0])
        return [model.eval() for model in self._models]


def trained_together(make, splits, *, seeds, epochs, batch_size, lr, loss=F.cross_entropy):
    """Train a network on each split with Adam, all at once; return them.

    Each ends where ``trained`` takes it alone, to rounding.

    Args:
        make: a function without arguments that returns an ``MLP``.
        splits: a ``Split`` of tensors for each network, all of the same sizes.
        seeds: for each network, what fixes its initial weights, its batches and its masks.
        epochs: the number of passes over the data.
        batch_size: the number of rows in a batch.
        lr: the learning rate.
        loss: ``F.cross_entropy`` or ``F.mse_loss``.

    Returns:
        The networks, a list, in eval mode. The global generator is unchanged.

    Raises:
        ValueError: for another number of seeds than of splits, a number below 1, or another loss.
    """
    if loss not in SLOPES:
        raise ValueError(f"loss must be F.cross_entropy or F.mse_loss, got {loss.__name__}")
    check_count("epochs", epochs, 1)
    training = _Training(make, splits, seeds=seeds, batch_size=batch_size, lr=lr, loss=loss)
    for _ in range(epochs):
        training.epoch()
    return training.models()


def learning_curves(make, splits, *, seeds, turns, epochs, batch_size, lr):
    """Train as ``trained_together`` does, and count errors after each turn of epochs.

    Args:
        make: as in ``trained_together``.
        splits: as in ``trained_together``.
        seeds: as in ``trained_together``.
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
    check_count("turns", turns, 1)
    check_count("epochs", epochs, 1)
    how = {"batch_size": batch_size, "lr": lr, "loss": F.cross_entropy}
    training, errors = _Training(make, splits, seeds=seeds, **how), []
    for _ in range(turns):
        for _ in range(epochs):
            training.epoch()
        errors.append(training.errors())
    return np.array(errors), training.models()


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
    own_rows, errors = _Rows(x, y), []
    size = (stops[-1], batch_size)
    picks = torch.stack([torch.randint(n_rows, size, generator=g) for g in generators], dim=1)
    for step, pick in enumerate(picks, start=1):
        factors = [None] * 3
        if p > 0:
            drawn = [bernoulli_mask((2, batch_size, units), p, rng=rng) for rng in rngs]
            factors[1:] = _factor(drawn, p, x.numpy().dtype).unbind(1)
        networks.step(*own_rows[pick], factors)
        if step in stops:
            errors.append(networks.errors(x_test, y_test, [None] * 3))
    return np.array(errors) if isinstance(steps, list | tuple) else errors[0]
