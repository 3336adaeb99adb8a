"""The two pictures of the game: five ones under three masks, four ones in both kinds of dropout."""

import numpy as np

from dropout_scaling import plots, reference


def draw_calls(p):
    """Draw five ones after three calls of inverted dropout in training, and one at evaluation."""
    ones = np.ones(5)
    masks = np.array([[1, 1, 0, 1, 1], [1, 1, 1, 1, 1], [0, 1, 1, 0, 1]], bool)
    rows = [("train", reference.inverted_train(ones, mask, p)) for mask in masks]
    rows.append(("eval", reference.inverted_eval(ones)))
    _, ax = plots.subplots(3.4)
    for place, (mode, values) in enumerate(rows):
        y = -1.4 * place
        plots.units(ax, values, y=y, style=plots.INVERTED, name=mode)
        ax.text(4.8, y, f"sum {values.sum():g}", va="center", weight="bold")
    ax.set(xlim=(-1.9, 6.6))
    plots.bare(ax, size=13)


def draw_kinds():
    """Draw what four ones become in each kind, in training and at evaluation, at p = 0.5."""
    x, mask, p = np.ones(4), np.array([True, False, True, False]), 0.5
    panels = [
        ("the paper, train: 1 → 1", plots.STANDARD, reference.standard_train(x, mask)),
        ("eval: 1 → 0.5", plots.STANDARD, reference.standard_eval(x, p)),
        ("PyTorch, train: 1 → 2", plots.INVERTED, reference.inverted_train(x, mask, p)),
        ("eval: 1 → 1", plots.INVERTED, reference.inverted_eval(x)),
    ]
    _, axes = plots.subplots(2.7, 2, 2)
    for ax, (title, style, values) in zip(axes.flat, panels, strict=True):
        plots.units(ax, values, style=style)
        ax.set(title=title, xlim=(-0.5, 3.5), ylim=(-1.1, 0.5))
        plots.bare(ax)
