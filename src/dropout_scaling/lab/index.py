"""The figure of the first page: both kinds of dropout, in training and at evaluation."""

import numpy as np

from dropout_scaling import plots

RIGHT = 5.5  # where the units at evaluation begin


def draw_kinds(inverted, standard):
    """Draw what four ones become in each kind, at p = 0.5.

    ``inverted``, ``standard``: the values in training and those at evaluation, each of shape (4,).
    """
    kinds = {
        "PyTorch (inverted)": (plots.INVERTED, inverted, ("÷ 0.5", None)),
        "the paper (standard)": (plots.STANDARD, standard, (None, "× 0.5")),
    }
    _, ax = plots.subplots(2.85)
    for row, (name, (style, modes, does)) in enumerate(kinds.items()):
        y = -3.7 * row
        ax.text(-0.4, y + 1.65, name, weight="bold")
        parts = zip(("training", "evaluation"), (0, RIGHT), modes, does, strict=True)
        for mode, x, values, scale in parts:
            plots.units(ax, values, x=x, y=y, style=style)
            scaled = {"color": style["color"], "weight": "bold"} if scale else {}
            ax.text(x - 0.4, y + 0.75, f"{mode}: {scale or 'as they are'}", **scaled)
            ax.text(x + 3.7, y, f"= {np.sum(values):g}", va="center", weight="bold")
    ax.set(xlim=(-0.45, RIGHT + 4.8), ylim=(-4.8, 2.1))
    plots.bare(ax, size=13)
