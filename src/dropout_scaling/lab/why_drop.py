"""Networks that learn with three labels in ten wrong, with dropout and without; their figures."""

from functools import partial

import numpy as np
import torch

from dropout_scaling import plots
from dropout_scaling.claims import seed, seeds
from dropout_scaling.masks import bernoulli_mask, keyed_rng
from dropout_scaling.nn import MLP
from dropout_scaling.train_together import learning_curves


def with_wrong_labels(data, *, rng):
    """Return the data with about three training labels in ten replaced by another class."""
    y = data.y_train.clone().numpy()
    wrong = rng.random(len(y)) < 0.3
    y[wrong] = (y[wrong] + rng.integers(1, 10, wrong.sum())) % 10
    return data._replace(y_train=torch.from_numpy(y))


def learn(splits, p, hidden=(100, 100), epochs=24, turns=1, lr=8e-3):
    """Train a network on each split: errors per 100 after each turn, and the networks."""
    make = partial(MLP, [splits[0].x_train.shape[1], *hidden, 10], p=p)
    how = {"seeds": seeds(10), "batch_size": 50, "lr": lr, "turns": turns}
    return learning_curves(make, splits, epochs=epochs // turns, **how)


def repeated(networks, splits, right):
    """Return how many of 100 wrong labels of ``splits`` the networks give, on average.

    ``right``: the same splits with the right labels.
    """
    shares = []
    for net, wrong, true in zip(networks, splits, right, strict=True):
        rows = wrong.y_train != true.y_train
        given = net(wrong.x_train[rows]).argmax(1)
        shares.append((given == wrong.y_train[rows]).double().mean().item())
    return 100 * np.mean(shares)


def draw_thinned_networks():
    """Draw three thinned networks of one: what three examples see of it."""
    _, axes = plots.subplots(2.1, 1, 3)
    names = "one example", "the next", "one more"
    for step, (ax, name) in enumerate(zip(axes, names, strict=True)):
        hidden = bernoulli_mask((2, 5), 0.5, rng=keyed_rng(seed(0), step=step))
        masks = [np.ones(3, bool), *hidden, np.ones(2, bool)]
        plots.network(ax, masks, style=plots.INVERTED)
        ax.set_title(name, loc="center")


def draw_curves(without, with_dropout):
    """Draw training and test errors over the steps, without dropout and with it, side by side.

    Both have the shape (turns of 12 steps, 2, networks): training and test.
    """
    turns = np.array([2, 3, 4, 6, 8, 12, 16, 24, 32])
    panels = {
        "without dropout": (without, plots.PLAIN, (8, 4)),
        "with dropout": (with_dropout, plots.INVERTED, (-4, 4)),
    }
    _, axes = plots.subplots(3.6, 1, 2, sharey=True)
    for ax, (title, (errors, style, shifts)) in zip(axes, panels.items(), strict=True):
        ax.axhline(30, color=plots.INK, linewidth=1)
        ax.axvline(96, color=plots.INK, linewidth=1)
        lines = (("training", ":", "none"), ("test", "-", "full"))
        means = errors[turns - 1].mean(axis=2).T
        for (text, line, fill), values, shift in zip(lines, means, shifts, strict=True):
            look = {**style, "linestyle": line, "fillstyle": fill}
            plots.labelled_line(ax, 12 * turns, values, text, style=look, offset=(6, shift))
        plots.log(ax, x=[24, 96, 384])
        ax.set(xlabel="steps, log scale", xlim=(18, 2000), ylim=(0, 48), title=title)
    plots.note(axes[0], "30 wrong", (2000, 30), (0, -4), ha="right", va="top")
    axes[0].set_ylabel("errors per 100")


def draw_gains(gains, means, halves):
    """Draw what dropout saves on each of three data sets: each network, the mean, its interval.

    ``gains``: {name: (networks,)}. ``means``, ``halves``: shape (3,).
    """
    _, ax = plots.subplots(3.2)
    for place, (gain, mean, half) in enumerate(zip(gains.values(), means, halves, strict=True)):
        at = place - 0.1
        plots.repeats(ax, at, gain, half, beside=(0.18, 0.42))
        plots.note(ax, f"{mean:.1f}", (at, mean), (-8, 8), ha="right", va="center")
    ax.axhline(0, color=plots.INK, linewidth=1)
    ax.set_xticks(range(3), gains)
    ax.set(xlim=(-0.6, 2.5), yticks=[0, 5, 10, 15])
    ax.set_title("gain, in errors per 100")
