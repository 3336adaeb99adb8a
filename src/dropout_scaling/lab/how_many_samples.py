"""The figure of averages of sampled networks beside the one network."""

from dropout_scaling import plots


def draw_averages(counts, more, loss):
    """Draw errors and log-loss above the one network's, over the number of averaged networks.

    ``more``, ``loss``: shape (trained networks, counts).
    """
    _, axes = plots.subplots(6, 2, 1, sharex=True)
    orange = plots.STANDARD["color"]
    solid = {**plots.PLAIN, "linestyle": "-"}
    label = {"style": solid, "at": 1, "offset": (26, 24)}
    errors_above = "errors above those of the one network,\nper hundred"
    titles = errors_above, "log-loss above that of the one network"
    for ax, rows, title in zip(axes, (more, loss), titles, strict=True):
        ax.axhline(0, color=orange, linestyle="--", linewidth=2)
        ax.plot(counts, rows.T, color=plots.INK, linewidth=0.8)
        mean, words = rows.mean(0), "average of k\nthinned networks"
        plots.labelled_line(ax, counts, mean, words, **label)
        plots.log(ax, x=[1, 10, 50, 100])
        ax.set(ylim=(-0.34 * mean[0], 1.08 * rows.max()), title=title)
        words = "the one network, scaled weights"
        ax.text(1, -0.16 * mean[0], words, color=orange, va="top")
    axes[1].set_xlabel("k, the number of networks averaged")
