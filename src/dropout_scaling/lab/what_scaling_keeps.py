"""The figure of the norm after dropout."""

import numpy as np

from dropout_scaling import plots


def draw_norms(relative_norm):
    """Draw the mean norm after dropout, as a share of that before, over the number of units.

    ``relative_norm``: a function of the number of units and p.
    """
    counts = np.unique(np.geomspace(1, 1000, 40).astype(int))
    _, ax = plots.subplots(3.4)
    for p, offset in ((0.5, -13), (0.25, -13), (0.1, -12)):
        curve = [relative_norm(n, p) for n in counts]
        ax.axhline((1 - p) ** -0.5, color=plots.INK, linestyle=":", linewidth=1.2)
        label = {"every": 6, "at": -5, "offset": (0, offset), "ha": "center"}
        plots.labelled_line(ax, counts, curve, f"p = {p}", style=plots.INVERTED, **label)
    ax.text(1, 0.5**-0.5 + 0.012, "1/√q at p = 0.5", va="bottom")
    plots.log(ax, x=[1, 10, 100, 1000])
    ax.set(ylim=(0.98, 1.47), yticks=[1, 1.1, 1.2, 1.3, 1.4])
    ax.set_xlabel("number of units")
    ax.set_title("mean norm after dropout / norm before")
