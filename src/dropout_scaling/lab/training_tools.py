"""A checkpoint's two runs, drawn, and the bias of dropout's factor in half precision, exactly."""

from fractions import Fraction

import numpy as np
import torch
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from dropout_scaling import plots
from dropout_scaling.masks import bernoulli_mask


def draw_question(*, rng):
    """Draw the mask of a first run, and below it what is not known yet of the second."""
    _, ax = plots.subplots(0.7)
    mask = bernoulli_mask(12, 0.2, rng=rng)
    plots.units(ax, mask, style=plots.INVERTED, text=False)
    ax.text(-0.7, 0, "first run", ha="right", va="center")
    ax.text(-0.7, -1, "second run", ha="right", va="center")
    for x in range(12):
        ax.text(x, -1, "?", ha="center", va="center")
    ax.set(xlim=(-4.6, 11.6), ylim=(-1.5, 0.5))
    ax.set_aspect("equal")
    ax.set_axis_off()


def draw_both_runs(*, seed):
    """Draw PyTorch's masks of a checkpoint's two runs: with the generator's state kept, and not."""
    _, axes = plots.subplots(2.6, 2, 1)
    for ax, preserve in zip(axes, (True, False), strict=True):
        torch.manual_seed(seed)
        first, second = _masks_of_both_runs(preserve_rng_state=preserve)
        look = {"style": plots.INVERTED, "text": False}
        plots.units(ax, first, name="first run", **look)
        plots.units(ax, second, y=-0.9, name="second run", **look)
        differ = np.flatnonzero(first != second)
        ax.plot(differ, 0 * differ - 1.7, "x", color=plots.INK, markersize=7)
        ax.set_title(f"preserve_rng_state={preserve}", loc="center")
        plots.bare(ax).set(xlim=(-4.6, 11.6), ylim=(-2.0, 0.5))


def _masks_of_both_runs(**settings):
    runs = []

    def dropped(x):
        y = F.dropout(x, 0.2)
        runs.append((y != 0).numpy())
        return y

    x = torch.ones(12, requires_grad=True)
    y = checkpoint(dropped, x, use_reentrant=True, **settings)
    (y**2).sum().backward()
    return runs


def bias(p, dtype):
    """Return the mean of dropout's output for x = 1, minus 1, exactly. ``p``: a Fraction."""
    kept = F.dropout(torch.ones(1000, dtype=dtype), float(p)).max()
    return (1 - p) * Fraction(kept.item()) - 1


def biases(ps):
    """Return the table of the biases in both kinds of half precision. ``ps``: as "0.1"."""
    lines = ["| `p` | bias in bfloat16 | in float16 |", "|---|--:|--:|"]
    for p in ps:
        both = [bias(Fraction(p), dtype) for dtype in (torch.bfloat16, torch.float16)]
        lines.append(f"| {p} | {both[0]} | {both[1]} |".replace("-", "−"))
    return "\n".join(lines)
