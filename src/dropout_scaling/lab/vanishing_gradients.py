"""The figure of what ten layers make of outputs and gradients."""

import numpy as np

from dropout_scaling import plots


def draw_moments(moments):
    """Draw second moments over the layers: forward above, backward below.

    ``moments``: {start: shape (networks, 2, layers + 1)}, in the chapter's names.
    """
    lines = {
        "unscaled, He": ("unscaled", plots.STANDARD, -14),
        "inverted, He": ("inverted", plots.INVERTED, 14),
        "inverted, He · √q": ("either, adjusted", plots.PLAIN, 12),
    }
    _, axes = plots.subplots(6, 2, 1, sharex=True)
    for row, ax in enumerate(axes):
        for name, (word, style, up) in lines.items():
            side = "center" if word[0] == "e" else ("left" if row else "right")
            label = {"at": 4 if row else 6, "offset": (0, up), "ha": side}
            values = moments[name][:, row].T
            plots.runs(ax, np.arange(11), values, word, style=style, **label)
        plots.log(ax, y={0.1: "1/10", 1: "1", 10: "10"})
        ax.set_ylim(0.03, 40)
    axes[0].set_title("forward: second moment of the outputs")
    axes[1].set_title("backward: second moment of the gradient")
    axes[1].set(xlabel="layer (0: the inputs)", xticks=[0, 2, 4, 6, 8, 10])
