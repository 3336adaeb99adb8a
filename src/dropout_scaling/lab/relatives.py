"""The factors by which dropout's relatives multiply, drawn."""

import numpy as np

from dropout_scaling import plots
from dropout_scaling.masks import bernoulli_mask, keyed_rng


def draw_factors(*, seed):
    """Draw what each of six relatives multiplies by, at p = 0.35: for two rows, or a matrix."""

    def mask(shape, **place):
        return bernoulli_mask(shape, 0.35, rng=keyed_rng(seed, **place))

    def on_batch(shape):  # two rows, side by side
        return np.hstack(np.broadcast_to(mask(shape), (2, 4, 3)))

    noise = keyed_rng(seed).standard_normal((4, 6))
    batch = "position, in row 1 | row 2"
    steps = "Dropout1d,\none mask for all steps"
    drawings = [
        ("Dropout", on_batch((2, 4, 3)), batch, "unit"),
        (steps, on_batch((2, 4, 1)), batch, ""),
        ("DropPath", on_batch((2, 1, 1)), batch, "unit"),
        ("Gaussian noise", 1 + np.sqrt(0.35 / 0.65) * noise, batch, ""),
        ("DropConnect", mask((4, 4), layer=1), "weight: from", "to"),
        ("attention dropout", mask((4, 4), layer=2), "key", "query"),
    ]
    _, axes = plots.subplots(6.4, 3, 2)
    for ax, (title, values, across, down) in zip(axes.flat, drawings, strict=True):
        gap = 3 if across == batch else None
        plots.factors(ax, values, style=plots.INVERTED, gap=gap)
        ax.set(xlabel=across, ylabel=down)
        ax.set_title(title, fontsize=11, loc="center")
