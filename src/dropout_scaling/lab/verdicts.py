"""The figure of the chapter: two norms over all masks."""

import numpy as np

from dropout_scaling import plots


def draw_norms(weight, norms):
    """Draw the distribution of each norm over the masks of 100 ones.

    ``weight``: of each number of ones kept, shape (101,). ``norms``: {name: values, of that shape}.
    """
    blue = plots.INVERTED["color"]
    near = slice(40, 101)  # what lies outside has no height to be seen
    _, axes = plots.subplots(4.0, 2, sharex=True)
    for ax, (name, ratio) in zip(axes, norms.items(), strict=True):
        density = weight / np.gradient(ratio)
        ax.fill_between(ratio[near], density[near], color=blue, alpha=0.3)
        ax.plot(ratio[near], density[near], color=blue)
        ax.axvline(1, color=plots.INK, linestyle=":")
        ax.plot([weight @ ratio], [0], "^", color=blue, markersize=9, clip_on=False)
        ax.annotate(f"mean {weight @ ratio:.2f}", (1.24, 0.55 * density.max()))
        ax.set(yticks=[], ylim=(0, None), xlim=(0.75, 1.42))
        ax.spines["left"].set_visible(False)
        ax.set_title(f"the {name}")
    axes[1].annotate("without\ndropout", (0.98, 0.6 * density.max()), ha="right")
    axes[1].set_xlabel("times its value without dropout")
