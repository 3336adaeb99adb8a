"""What each kind of dropout does to a sum, drawn, and a gradient taken by central differences."""

import numpy as np

from dropout_scaling import plots
from dropout_scaling.masks import all_masks, mask_probabilities


def central_differences(function, arrays, which, step=1e-5):
    """Return the gradient of ``function(*arrays)``, a number, with respect to arrays[which]."""
    result = np.empty_like(arrays[which])
    for index in np.ndindex(result.shape):
        values = []
        for sign in (1, -1):
            moved = [array.copy() for array in arrays]
            moved[which][index] += sign * step
            values.append(function(*moved))
        result[index] = (values[0] - values[1]) / (2 * step)
    return result


def draw_sums_of_ten():
    """Draw the distribution of a sum of ten ones over all masks at p = 0.2, for each kind."""
    masks = all_masks(10)
    kept = masks.sum(axis=1)
    heights = np.bincount(kept, weights=mask_probabilities(masks, 0.2))
    rows = {"standard": (plots.STANDARD, 1), "inverted": (plots.INVERTED, 0.8)}
    _, axes = plots.subplots(4.6, 2, 1, sharex=True)
    for ax, (name, (style, q)) in zip(axes, rows.items(), strict=True):
        evaluation = 8 / q
        plots.stems(ax, np.arange(11.0) / q, heights, style=style)
        words = f"mean of train = eval: {evaluation:g}"
        arrow = {"arrowprops": {"arrowstyle": "-|>", "color": plots.INK}}
        plots.note(ax, words, (evaluation, 0.31), (-12, 12), ha="right", **arrow)
        ax.set(ylim=(0, 0.4), yticks=[0, 0.1, 0.2, 0.3])
        ax.set_title(f"{name}: probability of each sum")
    axes[1].set_xlabel("sum of ten units while training")
