"""The losses of a training as four people would report them, and the figures of the chapter."""

import numpy as np
import torch
from torch.nn import functional as F

from dropout_scaling import plots
from dropout_scaling.claims import seed
from dropout_scaling.keyed import KeyedMasks
from dropout_scaling.montecarlo import mean_interval
from dropout_scaling.nn import MLP
from dropout_scaling.train import digit_tensors, float64_weights, train


def history(n, *, p, epochs):
    """Train a network and return its losses after each epoch, shape (epochs, 4).

    They are the mean over the epoch's batches, the loss on the training rows with dropout on and
    with dropout off, and the loss on the test rows. ``n``: the number of the seed.
    """
    x, y, x_test, y_test = digit_tensors(seed=seed(n))
    model = float64_weights(lambda: MLP([64, 100, 100, 10], p=p), seed(n))
    settings = {
        "optimizer": torch.optim.Adam(model.parameters(), lr=6e-3, fused=True),
        "generator": torch.Generator().manual_seed(seed(n)),
    }
    table = []
    for epoch in range(1, epochs + 1):
        masks = seed(10 * epoch + n)  # others in each epoch
        steps = train(model, x, y, epochs=1, batch_size=128, mask_seed=masks, **settings)
        with torch.no_grad():
            with KeyedMasks(masks, step=len(steps)):
                on = F.cross_entropy(model(x), y).item()
            model.eval()
            off = F.cross_entropy(model(x), y).item()
            validation = F.cross_entropy(model(x_test), y_test).item()
        table.append([np.mean(steps), on, off, validation])
    return np.array(table)


def draw_losses(losses, *, with_dropout_off):
    """Draw the reported and the validation loss over the epochs, perhaps also with dropout off.

    ``losses``: of several runs of ``history``, shape (runs, epochs, 4).
    """
    lines = [
        (0, plots.INVERTED, "training,\nas reported", 0),
        (3, plots.PLAIN, "validation", 5),
    ]
    if with_dropout_off:
        hollow = {**plots.INVERTED, "fillstyle": "none"}
        lines.append((2, hollow, "training,\ndropout off", -8))
    epochs = np.arange(1, losses.shape[1] + 1)
    _, ax = plots.subplots(3.2)
    for column, style, text, shift in lines:
        plots.runs(ax, epochs, losses[..., column].T, text, style=style, offset=(6, shift))
    plots.log(ax, y=[0.03, 0.1, 0.3, 1, 3])
    ax.set(xlabel="epoch", xticks=[1, 6, 12], xlim=(0.5, 16))
    ax.set(ylim=(0.04, 3.5), title="log-loss")


def draw_gains(few, many):
    """Draw the gains of each comparison with 200 digits and with 1300.

    ``few``, ``many``: {name: (networks,)}.
    """
    _, ax = plots.subplots(4.2)
    for gains, aside, hollow, text in (
        (few, -0.17, False, "filled: 200 digits"),
        (many, 0.17, True, "hollow: 1300 digits"),
    ):
        look = {"beside": (-0.09, 0.09), "hollow": hollow, "across": True}
        for place, gain in enumerate(gains.values()):
            plots.repeats(ax, place + aside, gain, mean_interval(gain)[1], **look)
        ax.text(1.8, 1 + aside, text, va="center")
    ax.axvline(0, color=plots.INK, linewidth=1)
    ax.set_yticks(range(len(few)), [name.replace(", ", ",\n") for name in few])
    ax.set(ylim=(4.5, -0.5), xlim=(-6.5, 7.5), xticks=[-4, -2, 0, 2, 4])
    ax.set_title("gain, in errors per 100 digits")


def draw_errors(keeps, fixed_n, fixed_qn):
    """Draw the errors over the probability q of keeping, with n fixed and with q n fixed.

    ``keeps``: values of q. ``fixed_n``, ``fixed_qn``: shape (values, networks).
    """
    _, ax = plots.subplots(3.4)
    for errors, style, text, label in (
        (fixed_n, plots.INVERTED, "n = 64 fixed", {"at": 0, "offset": (8, 0), "ha": "left"}),
        (fixed_qn, plots.PLAIN, "qn = 20 fixed", {"at": -1, "offset": (0, 18), "ha": "right"}),
    ):
        mean, half = mean_interval(errors)
        plots.band(ax, keeps, mean - half, mean + half, style=style)
        plots.labelled_line(ax, keeps, mean, text, style=style, **label)
    plots.log(ax, y=[5, 10, 20, 50, 100])
    ax.set(xlabel="probability q of keeping", xticks=keeps, ylim=(4, 110))
    ax.set_title("errors per 100 test digits")
