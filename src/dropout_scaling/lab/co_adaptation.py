"""Small networks with dropout, without it, and without it but stopped early; their figures."""

from functools import partial

import numpy as np

from dropout_scaling import plots
from dropout_scaling.claims import seeds
from dropout_scaling.masks import bernoulli_mask, keyed_rng
from dropout_scaling.nn import MLP
from dropout_scaling.train_together import learning_curves


def learn(splits, p, epochs):
    """Train a network of twelve hidden units on each split.

    Returns the mean errors per 100 test digits at the end, and the networks.
    """
    make = partial(MLP, [64, 6, 6, 10], p=p)
    how = {"epochs": epochs, "batch_size": 50, "lr": 8e-3}
    errors, networks = learning_curves(make, splits, seeds=seeds(len(splits)), turns=1, **how)
    return errors[-1, 1].mean(), networks


def draw_masks():
    """Draw the network of six and six hidden units under three masks."""
    _, axes = plots.subplots(1.9, 1, 3)
    for ax, s in zip(axes, seeds(3), strict=True):
        hidden = bernoulli_mask((2, 6), 0.5, rng=keyed_rng(s))
        plots.network(ax, [*hidden, np.ones(1, bool)], style=plots.INVERTED)


def draw_parts(shares, variances):
    """Draw the groups' share, in per cent, and the variance itself.

    Both have the shape (3,): without dropout, without it but stopped early, and with it.
    """
    _, axes = plots.subplots(2.6, 1, 2)
    blue = plots.INVERTED["color"]
    look = {"height": 0.55, "edgecolor": blue}
    for place, (share, variance) in enumerate(zip(shares, variances, strict=True)):
        axes[0].barh(place, 100 - share, color=blue, **look)
        axes[0].barh(place, share, left=100 - share, color="none", **look)
        axes[0].text(101, place, f"{share:.0f} %", va="center")
        axes[1].barh(place, variance, color=blue, **look)
        axes[1].text(variance, place, f" {variance:.0f}", va="center")
    for ax, title in zip(axes, ("hollow: groups' share", "variance"), strict=True):
        ax.set(ylim=(2.5, -0.5), yticks=[], title=title)
        ax.spines[["bottom", "left"]].set_visible(False)
        ax.set_xticks([])
    axes[0].set_yticks(range(3), ["without\ndropout", "stopped\nearly", "with\ndropout"])
    axes[0].tick_params(length=0)
    axes[0].set_xlim(0, 125)
    axes[1].set_xlim(0, 260)
