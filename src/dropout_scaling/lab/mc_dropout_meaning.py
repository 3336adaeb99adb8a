"""MC dropout on digits: its estimates beside the truth, and whether its averages are better."""

from functools import partial

import torch
from torch import nn

from dropout_scaling import plots
from dropout_scaling.keyed import KeyedMasks
from dropout_scaling.nn import MLP
from dropout_scaling.train import scores, trained_on_digits


def draw_estimates(sizes, means, errors, *, ensemble, in_eval):
    """Draw averages of more and more samples, each with its spread and two standard errors.

    ``sizes``, ``means``, ``errors``: shape (4,), the numbers of samples, their averages and the
    standard errors. ``ensemble``, ``in_eval``: the mean over all masks, and eval mode's answer.
    """
    spreads = errors * sizes**0.5
    _, ax = plots.subplots(3.8)
    ax.axhline(in_eval, color=plots.INK, linestyle="--")
    ax.axhline(ensemble, color=plots.INK, linestyle="-", linewidth=1.2)
    thin = {"fmt": "none", "ecolor": plots.INK, "elinewidth": 1, "capsize": 6}
    ax.errorbar(sizes, means, spreads, **thin)
    thick = {**plots.INVERTED, "linestyle": "none", "elinewidth": 4}
    ax.errorbar(sizes, means, 2 * errors, **thick)
    ax.text(11.5, in_eval + 0.015, "eval mode", va="bottom")
    ax.text(14000, ensemble + 0.015, "all masks", ha="left", va="bottom")
    plots.note(ax, "one spread", (1000, means[2] - spreads[2]), (0, -14), ha="center")
    label = {"color": plots.INVERTED["color"], "ha": "left", "va": "center"}
    plots.note(ax, "2 standard\nerrors", (10, means[0] - errors[0]), (8, -8), **label)
    plots.log(ax, x={k: f"{k:,}".replace(",", " ") for k in sizes})
    ax.set(xlabel="samples k", ylim=(0, 1.15), xlim=(6, 80000))
    ax.set_title("probability of the chosen class")


def compare(rows, epochs, lr, *, seed, mask_seed):
    """Train a network on digits; return the scores of eval mode and of two averages of 50 samples.

    The averages are of probabilities, then of logits. Each score is errors, log-loss, sureness.
    """
    make = partial(MLP, [64, 64, 64, 10], p=0.2, dropout=nn.Dropout)
    how = {"rows": rows, "epochs": epochs, "lr": lr, "batch_size": 128}
    model, (*_, x, y), _ = trained_on_digits(make, seed=seed, **how)
    with torch.no_grad(), KeyedMasks(mask_seed):
        one = model(x).log_softmax(-1)
        model.train()  # it holds nothing but linear layers and dropout
        logs = model(x.repeat_interleave(50, dim=0)).log_softmax(-1)
    logs = logs.reshape(len(x), 50, -1)
    # The mean of log-probabilities differs from that of the logits by a
    # constant in each row, which the softmax takes out.
    ways = one, logs.exp().mean(1).log(), logs.mean(1).log_softmax(-1)
    return [scores(each, y) for each in ways]


def listed(situations, means):
    """Return the scores as text, a line for each way: ``means`` has shape (situations, ways, 3)."""
    lines = []
    for situation, found in zip(situations, means, strict=True):
        lines.append(f"{situation}: log-loss, errors, top p")
        for name, scored in zip(("eval", "50", "50, logits"), found, strict=True):
            errors, log_loss, sure = scored
            lines.append(f"{name:>10}: {log_loss:8.3f} {errors:7.1f} {sure:6.3f}")
    return "\n".join(lines)
