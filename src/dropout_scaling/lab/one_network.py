"""The figure of one ReLU unit: the average over all masks, and the one network."""

import numpy as np

from dropout_scaling import plots


def draw_relu(means, average, spread):
    """Draw what a ReLU unit hands on over the mean of its weighted sum z.

    ``means``, ``average``: shape (n,), of z and of the ReLU over all masks. ``spread``: the
    standard deviation of z.
    """
    _, ax = plots.subplots(3.4)
    words = "one network,\nscaled weights"
    label = {"style": plots.STANDARD, "every": 10, "at": 40, "offset": (12, -14)}
    plots.labelled_line(ax, means, np.maximum(0, means), words, **label)
    solid = {**plots.PLAIN, "linestyle": "-", "marker": ""}
    label = {"style": solid, "at": 42, "offset": (-12, 8), "ha": "right"}
    plots.labelled_line(ax, means, average, "average of 1024", **label)
    ax.plot([0, 0], [0, spread / 2], color=plots.INK, linewidth=1.2)
    words = "half a standard\ndeviation of z"
    plots.note(ax, words, (0, spread / 2), (-10, 6), ha="right", va="bottom")
    ax.set(xlabel="mean of the weighted sum z", xticks=[-2, -1, 0, 1, 2])
    ax.set(xlim=(-2.2, 2.2), ylim=(-0.1, 2.2), yticks=[0, 1, 2])
    ax.set_title("what the ReLU unit hands on")
