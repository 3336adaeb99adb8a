"""The figures of what dropout penalises: weights over p, and the charge over a weight."""

import numpy as np

from dropout_scaling import plots


def draw_weights(names, ps, paths, trained):
    """Draw the weights of ten inputs over p, by the closed form and as they were trained.

    ``names``: of the inputs. ``paths``: shape (values of p, inputs). ``trained``: {p: (inputs,)}.
    """
    _, ax = plots.subplots(4)
    for name, path in zip(names, paths.T, strict=True):
        width = 2.4 if name in ("s1", "s2") else 1
        ax.plot(ps, path, color=plots.INK, linewidth=width)
    for p, weights in trained.items():
        ax.plot([p] * 10, weights, "o", color=plots.INVERTED["color"])
    plots.note(ax, "s1", (ps[0], paths[0, 4]), (7, 2), va="center")
    plots.note(ax, "s2", (ps[1], paths[1, 5]), (7, 2), va="center")
    words = "dots: trained with dropout\nlines: closed form"
    ax.annotate(words, (0.3, 0.97), xycoords="axes fraction", va="top")
    ax.set(xlabel="p, the probability of dropping", xlim=(0, 0.85))
    ax.set_title("weights of the ten inputs")


def draw_charges(weights, exact, second_order):
    """Draw what dropout adds to the loss of one row over its weight: three arrays of shape (n,)."""
    limit = 0.2 * np.log(2)
    _, ax = plots.subplots(3.4)
    solid = {**plots.INVERTED, "marker": ""}
    label = {"style": solid, "at": 75, "offset": (0, -14)}
    plots.labelled_line(ax, weights, exact, "dropout, exact", **label)
    dashed = {**plots.PLAIN, "marker": "", "linestyle": "--"}
    label = {"style": dashed, "at": 60, "offset": (8, 6)}
    plots.labelled_line(ax, weights, second_order, "second order", **label)
    ax.plot(weights, weights**2 / 32, ":", color=plots.INK)
    ax.text(2.2, 0.163, "ridge", ha="right")
    ax.axhline(limit, color=plots.INK, linewidth=0.8)
    ax.text(12, limit + 0.004, "p ln 2", ha="right", va="bottom")
    ax.set(xlabel="weight", ylim=(0, 0.18), yticks=[0, 0.05, 0.1, 0.15])
    ax.set_title("what is added to the loss of one row, p = 0.2")
