"""Dropout left on at test time, drawn: what is averaged, and what train mode does besides."""

import numpy as np

from dropout_scaling import plots
from dropout_scaling.masks import bernoulli_mask
from dropout_scaling.reference import inverted_train


def draw_answers(*, rng):
    """Draw ten ones as eval mode passes them on, and as three runs with dropout do."""
    masks = bernoulli_mask((3, 10), 0.3, rng=rng)
    drawn = inverted_train(np.ones((3, 10)), masks, 0.3)
    rows = {"eval mode": (0, np.ones(10))}
    rows |= {f"run {n}": (-0.5 - n, row) for n, row in enumerate(drawn, 1)}

    _, ax = plots.subplots(1.3)
    for name, (y, values) in rows.items():
        plots.units(ax, values, y=y, style=plots.INVERTED, text=False)
        ax.text(-0.8, y, name, ha="right", va="center")
    ax.text(10.4, 0, "one answer", va="center")
    ax.plot([9.8, 10, 10, 9.8], [-1.2, -1.2, -3.8, -3.8], color=plots.INK)
    ax.text(10.4, -2.5, "three answers,\ntheir average", va="center")
    ax.set(xlim=(-4.2, 14.6), ylim=(-4.2, 0.6))
    ax.set_aspect("equal")
    ax.set_axis_off()


def draw_drift(drifting, steady):
    """Draw eval mode's errors after each of twenty runs, in train mode and with dropout alone on.

    Both have the shape (21,).
    """
    _, ax = plots.subplots(3.2)
    train = {**plots.PLAIN, "linestyle": "--"}
    label = {"style": train, "at": 16, "offset": (-14, 6), "ha": "right"}
    plots.labelled_line(ax, range(21), drifting, "model.train()", **label)
    label = {"style": plots.INVERTED, "at": 16, "offset": (-14, 10), "ha": "center"}
    plots.labelled_line(ax, range(21), steady, "dropout_on(model)", **label)
    ax.set(xlabel="runs on threes before", ylim=(0, None), xticks=range(0, 21, 5))
    ax.set_title("errors in eval mode, of 450 digits")
