"""Batch norm after dropout: networks on the digits, their shift ratios, what they cost; figures.

A run is what ``trained_on_digits`` returns. The shift ratio of a channel is the variance that its
batch norm has in memory, over the variance at evaluation.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from dropout_scaling import plots
from dropout_scaling.claims import seed, seeds
from dropout_scaling.keyed import KeyedMasks
from dropout_scaling.masks import bernoulli_mask, keyed_rng
from dropout_scaling.reference import inverted_train
from dropout_scaling.train import scores, trained_on_digits

# What stands after each of two ReLUs: d for dropout, n for batch norm, l for layer norm.
LAYOUTS = {
    "dropout, norm": ("dn", "dn"),
    "norm, dropout": ("nd", "nd"),
    "no norm": ("d", "d"),
    "after the last": ("n", "nd"),
    "no dropout": ("n", "n"),
    "one before": ("n", "dn"),
    "layer norm": ("dl", "dl"),
}
LEAST_VARIANCE = 1e-4  # a ReLU that hardly fires has no variance to compare


def network(layout, p):
    """Return a network of two hidden layers of 64 units: ``layout`` is a key of ``LAYOUTS``."""
    make = {"d": lambda: nn.Dropout(p), "n": lambda: nn.BatchNorm1d(64)}
    make["l"] = lambda: nn.LayerNorm(64)
    layers = []
    for behind in LAYOUTS[layout]:
        layers += [nn.Linear(64, 64), nn.ReLU()]
        layers += [make[letter]() for letter in behind]
    return nn.Sequential(*layers, nn.Linear(64, 10))


def three_runs(layout, p, *, lr=6e-3, epochs=7, batch_size=128):
    """Return three runs of ``network``, trained with Adam from other seeds."""
    how = {"lr": lr, "epochs": epochs, "batch_size": batch_size}
    return [trained_on_digits(lambda: network(layout, p), seed=s, **how) for s in seeds(3)]


@torch.no_grad()
def shift_ratios(runs, *, passes=40):
    """Return the shift ratios of the first batch norms: predicted, at rest, as learned.

    At rest: the training digits pass ``passes`` times with dropout on, and no weight moves.
    Returns a tensor of shape (3, channels), the channels of all runs in a row.
    """
    return torch.cat([_shift_ratios(run.model, run.data.x_train, passes) for run in runs], dim=1)


def _shift_ratios(model, x, passes):
    p, learned = model[2].p, model[3].running_var
    units = model[:2](x)  # what dropout gets
    c, v = units.mean(0), units.var(0)
    predicted = 1 + p / (1 - p) * (1 + c**2 / v)
    drop, at_rest = nn.Dropout(p), nn.BatchNorm1d(64, momentum=None).double()
    for step in range(passes):
        with KeyedMasks(seed(0), step=step):
            at_rest(drop(units))
    ratios = torch.stack([predicted, at_rest.running_var / v, learned / v])
    return ratios[:, v > LEAST_VARIANCE]


class Agreement(NamedTuple):
    """How predicted and measured shift ratios agree over channels.

    ``eight`` and ``nine`` channels in ten are, at rest, within these shares of the predicted ratio.
    ``at_rest`` and ``learned`` are correlations of logarithms with the predicted ones. ``of_it`` is
    the median share of the predicted ratio that was learned, ``median`` the median learned ratio.
    """

    eight: float
    nine: float
    at_rest: float
    learned: float
    of_it: float
    median: float


def agreement(ratios):
    """Return the ``Agreement`` of ratios of shape (3, channels), as ``shift_ratios`` gives them."""
    predicted, at_rest, learned = ratios
    off = (at_rest / predicted).log().abs()
    eight, nine = (off.quantile(share).exp().item() - 1 for share in (0.8, 0.9))
    alike = torch.corrcoef(ratios.log())[0, 1:].tolist()
    of_it = (learned / predicted).log().median().exp().item()
    return Agreement(eight, nine, *alike, of_it, learned.median().item())


def second_shift(run):
    """Return the median shift ratio, as learned, of the second batch norm of "norm, dropout"."""
    v = run.model[:6](run.data.x_train).detach().var(0)
    return (run.model[6].running_var / v)[v > LEAST_VARIANCE].median().item()


@torch.no_grad()
def tested(runs):
    """Return the ``scores`` of each run on its test digits, shape (runs, 3)."""
    return np.array([scores(run.model(run.data.x_test), run.data.y_test) for run in runs])


def layer_norm_share(p):
    """Return layer norm's mean output after dropout, times the root of the shift ratio.

    It is a share of what layer norm gives without dropout, over 256 units and 500 masks. The mean c
    and the variance v of the ratio are those over the units.
    """
    h = torch.from_numpy(keyed_rng(seed(0)).normal(size=256)).relu()
    masks = bernoulli_mask((500, 256), p, rng=keyed_rng(seed(0), layer=1))
    out = F.layer_norm(torch.from_numpy(masks) * h, (256,)).mean(0)
    full = F.layer_norm(h, (256,))
    root = (1 + p / (1 - p) * (1 + h.mean() ** 2 / h.var())) ** 0.5
    return ((out @ full) / (full @ full) * root).item()


def draw_channel():
    """Draw a unit on eight examples, as batch norm sees it after dropout in each mode."""
    x = np.array([1.0, 1.2, 0.7, 1.5, 0.9, 1.1, 1.3, 0.8])
    mask = bernoulli_mask(8, 0.5, rng=keyed_rng(seed(1)))
    _, ax = plots.subplots(1.5)
    plots.units(ax, x, y=1.2, style=plots.INVERTED, text=False)
    plots.units(ax, inverted_train(x, mask, 0.5), style=plots.INVERTED, text=False)
    ax.text(-0.8, 1.2, "eval", ha="right", va="center")
    ax.text(-0.8, 0, "train,\np = 0.5", ha="right", va="center")
    plots.bare(ax).set(xlim=(-2.6, 7.6))


def draw_shifts(shifts):
    """Draw measured over predicted shift ratios, a point for each channel.

    ``shifts``: for each of three p, what ``shift_ratios`` returned.
    """
    _, ax = plots.subplots(4.2)
    ax.plot([1, 50], [1, 50], color=plots.INK, linestyle=":", linewidth=1.2)
    learned_look = {"color": plots.INK, "markersize": 2, "alpha": 0.45}
    rest_look = {"color": plots.INVERTED["color"], "markersize": 4, "alpha": 0.8}
    marks = ("o", 1.33), ("s", 2.4), ("D", 6.5)
    for (p, (predicted, at_rest, learned)), (marker, x) in zip(shifts.items(), marks, strict=True):
        ax.plot(predicted, learned, marker, **learned_look)
        ax.plot(predicted, at_rest, marker, fillstyle="none", **rest_look)
        ax.text(x, 58, f"p = {p}", ha="center")
    ax.text(9, 1.6, "large: at rest\nsmall, grey: as learned")
    plots.log(ax, x=[1, 2, 5, 10, 20, 50], y=[1, 2, 5, 10, 20, 50])
    ax.set(xlim=(0.9, 50), ylim=(0.5, 80))
    ax.set_xlabel("predicted: 1 + (p/q)(1 + c²/v)")
    ax.set_title("measured: variance / variance at evaluation")


def draw_losses(ps, results):
    """Draw the log-loss over p. ``results``: for each name an array (values of p, runs, scores)."""
    styles = {
        "dropout, norm": (plots.INVERTED, 6),
        "no norm": ({**plots.PLAIN, "marker": "s"}, -3),
        "repaired": ({**plots.INVERTED, "linestyle": ":", "fillstyle": "none"}, 8),
        "norm, dropout": ({**plots.PLAIN, "linestyle": "-"}, -9),
        "after the last": ({**plots.PLAIN, "linestyle": "--", "marker": "^"}, 0),
    }
    _, ax = plots.subplots(4.4)
    for name, (look, up) in styles.items():
        plots.runs(ax, ps, results[name][:, :, 1], name, style=look, offset=(7, up))
    plots.log(ax, y=[0.1, 0.3, 1])
    ax.set(xticks=ps, xlabel="drop probability p")
    ax.set_title("log-loss on test digits")
