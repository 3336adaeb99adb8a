"""Thinned networks, how many units they keep, and what a ReLU makes of their sums: the figures."""

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
    """Draw how probable it is that 0 to 10 of ten units are kept. Shape (11,)."""
    _, ax = plots.subplots(2.6)
    plots.stems(ax, np.arange(11), probabilities)
    plots.note(ax, "mean, 8", (8, probabilities[8]), (-12, 4), ha="right", va="center")
    ax.set(xlabel="units kept, of 10", xticks=range(0, 11, 2), ylim=(0, 0.35))
    ax.set_title("probability")


def draw_relu(sums, probabilities, mean_of_relu):
    """Draw the ReLU, on it a disc for each sum whose area is its probability, and the two means.

    ``sums``, ``probabilities``: of each network, shape (n,). ``mean_of_relu``: a number.
    """
    sums, probabilities = np.asarray(sums, float), np.asarray(probabilities, float)
    mean = sums @ probabilities
    values = np.unique(sums)
    areas = [700 * probabilities[sums == value].sum() for value in values]
    _, ax = plots.subplots(3.4)
    ax.plot([-2.5, 0, 3.4], [0, 0, 3.4], color=plots.INK, linewidth=1)
    look = {"facecolor": "none", "edgecolor": plots.INK}
    ax.scatter(values, np.maximum(values, 0), s=areas, clip_on=False, **look)
    standard = plots.STANDARD["color"]
    ax.plot([mean, mean], [mean, mean_of_relu], color=plots.INK, linewidth=1)
    ax.plot(mean, mean_of_relu, "D", color=plots.INK, markersize=6)
    ax.plot(mean, mean, "s", color=standard, markersize=6)
    text = f"mean of the ReLUs:\n{mean_of_relu:.3f}"
    plots.note(ax, text, (mean, mean_of_relu), (-24, 14), ha="right", va="center")
    text = f"ReLU of the mean:\n{mean:.1f}"
    plots.note(ax, text, (mean, mean), (24, -14), va="center", color=standard, weight="bold")
    plots.note(ax, "lifted to 0", (-1.5, 0), (0, 16), ha="center")
    ax.set(xlabel="sum of what is kept", xticks=range(-2, 4), yticks=range(4), xlim=(-2.7, 3.6))
    ax.set_title("after the ReLU")
