"""The picture of the game: five ones under three masks."""

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
    ax.set(xlim=(-1.9, 4.6))
    plots.bare(ax, size=13)
