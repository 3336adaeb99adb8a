"""Networks with standard dropout, their weights scaled as they should be, twice or not; figures."""

from functools import partial

import numpy as np
import torch
from torch.nn import functional as F

from dropout_scaling import plots
from dropout_scaling.claims import seeds
from dropout_scaling.nn import MLP, StandardDropout
from dropout_scaling.reference import standard_train
from dropout_scaling.train import scores
from dropout_scaling.train_together import trained_together


def networks(splits, sizes, p, *, epochs, batch_size, lr, loss=F.cross_entropy):
    """Train a network with standard dropout on each split; return them."""
    make = partial(MLP, sizes, p=p, dropout=StandardDropout)
    how = {"epochs": epochs, "batch_size": batch_size, "lr": lr, "loss": loss}
    return trained_together(make, splits, seeds=seeds(len(splits)), **how)


def with_factor(model, factor):
    """Return the network without dropout, with the weights after it times ``factor``."""
    sizes = [linear.in_features for linear in model.linears]
    plain = MLP([*sizes, model.linears[-1].out_features], p=0).double()
    plain.load_state_dict(model.state_dict())
    for linear in plain.linears[1:]:
        linear.weight.data *= factor
    return plain


@torch.no_grad()
def tested(trained, splits, times):
    """Return the errors per 100 test digits and the log-losses, with the scaling done ``times``.

    ``trained``: {p: a network for each split}. Returns an array of shape (2, values of p, splits).
    """
    found = [
        [
            scores(with_factor(model, (1 - p) ** times)(data.x_test), data.y_test)[:2]
            for model, data in zip(models, splits, strict=True)
        ]
        for p, models in trained.items()
    ]
    return np.moveaxis(found, -1, 0)


@torch.no_grad()
def r_squared(models, splits, factor):
    """Return how much of the targets' variance each network explains, shape (splits,)."""
    found = []
    for model, data in zip(models, splits, strict=True):
        wrong = F.mse_loss(with_factor(model, factor)(data.x_test), data.y_test)
        found.append(1 - (wrong / data.y_test.var(unbiased=False)).item())
    return np.array(found)


def draw_sums():
    """Draw four units and what the next one gets: in training, and under three ways of scaling."""
    x, mask, q = np.ones(4), np.array([True, False, True, False]), 0.5
    dropped = ("training", standard_train(x, mask), 1)
    forgotten, twice = ("test, as it is", x, 1), ("weights × q, twice", x, q**2)
    panels = dropped, forgotten, ("test, weights × q", x, q), twice
    _, axes = plots.subplots(4.4, 2, 2)
    for ax, (name, values, weight) in zip(axes.flat, panels, strict=True):
        plots.sums(ax, values, weight=weight, style=plots.STANDARD, text=False)
        right = {"color": plots.STANDARD["color"], "weight": "bold"}
        look = right if weight == q else {}
        ax.text(1.5, -0.7, name, ha="center", va="top", **look)
        ax.set(xlim=(-0.6, 3.6), ylim=(-1.4, 3.4))
        plots.bare(ax, size=13)
    axes[0, 0].text(1.5, 2.85, "next unit", ha="center", fontsize=13)


def draw_ways(drop_probabilities, errors, loss):
    """Draw errors and log-loss over p, with the scaling forgotten, done once and done twice.

    Both have the shape (3, values of p, splits).
    """
    ways = [
        ("forgotten", {**plots.PLAIN, "linestyle": "-"}, 5),
        ("once", plots.STANDARD, -6),
        ("twice", {**plots.PLAIN, "fillstyle": "none"}, 0),
    ]
    _, axes = plots.subplots(5.6, 2, 1, sharex=True)
    for ax, found in zip(axes, (errors, loss), strict=True):
        for (way, style, up), values in zip(ways, found, strict=True):
            label = {"style": style, "offset": (6, up if found is errors else 0)}
            plots.runs(ax, drop_probabilities, values, way, **label)
    plots.log(axes[0], y=[2, 5, 10, 20, 50])
    plots.log(axes[1], y=[0.1, 0.3, 1, 3])
    axes[0].set_title("errors per 100 test digits, log scale")
    axes[1].set_title("log-loss on test digits, log scale")
    axes[1].set(xticks=drop_probabilities, xlabel="drop probability p")


def draw_r_squared(found):
    """Draw R² of five networks: forgotten, once, twice. ``found``: shape (3, 5)."""
    ways, aside = ("forgotten", "once", "twice"), np.linspace(-0.14, 0.14, 5)  # all five seen
    _, ax = plots.subplots(3)
    for place, values in enumerate(found):
        style = plots.STANDARD if ways[place] == "once" else plots.PLAIN
        ax.plot(place + aside, values, "o", color=style["color"])
    ax.axhline(0, color=plots.INK, linewidth=1)
    ax.text(0.35, 0.08, "always the mean", ha="center")
    ax.set_xticks(range(3), ways)
    ax.set(xlim=(-0.5, 2.5), ylim=(-3, 1.1), yticks=[-3, -2, -1, 0, 1])
    ax.set_title("R² on new patients")
