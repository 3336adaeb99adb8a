"""The figures of the networks that dropout can draw, and of how many units they keep."""

import numpy as np

from dropout_scaling import plots


def draw_thinned_networks(masks, probabilities):
    """Draw the eight networks of three hidden units, each under its mask and its probability.

    ``masks``: shape (8, 3). ``probabilities``: shape (8,).
    """
    _, axes = plots.subplots(4.8, 2, 4)
    for ax, mask, probability in zip(axes.flat, masks, probabilities, strict=True):
        plots.network(ax, [np.ones(2, bool), mask, np.ones(1, bool)])
        name = "".join(str(int(kept)) for kept in mask)
        ax.set_title(f"{name}\n{probability}", loc="center")


def draw_number_kept(probabilities):
    """Draw how probable it is that 8 to 20 of 20 units are kept. Shape (21,), from 0 units on."""
    _, ax = plots.subplots(2.6)
    plots.stems(ax, np.arange(8, 21), probabilities[8:])
    mean = (16, probabilities[16])
    plots.note(ax, "mean, 16", mean, (-12, 4), ha="right", va="center")
    ax.set(xlabel="units kept, of 20", xticks=range(8, 21, 2), ylim=(0, 0.25))
    ax.set_title("probability")
