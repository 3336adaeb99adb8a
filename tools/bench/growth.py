"""How a cost grows: the exponent that fits it, a table, and figures on log axes."""

import matplotlib.pyplot as plt
import numpy as np

from dropout_scaling import plots

FEWEST = 3  # points, for a fit


def exponent(sizes, costs):
    """Return b of the line cost = a · size^b through the upper half of the sizes, in logarithms.

    What a call costs whatever the size hides the growth among the small sizes. ``sizes``,
    ``costs``: numbers above 0, as many of each. Returns None for fewer than three of them.
    """
    if len(sizes) < FEWEST:
        return None
    order = np.argsort(sizes)[-max(FEWEST, (len(sizes) + 1) // 2) :]
    x, y = (np.log(np.asarray(values, float)[order]) for values in (sizes, costs))
    return float(np.polyfit(x, y, 1)[0])


def by_quantity(lines):
    """Return {what: ([sizes], [costs])} of the lines of a part, without costs that are 0."""
    found = {}
    for line in sorted(lines, key=lambda line: line["size"]):
        for what, cost in line["costs"].items():
            if cost > 0:
                sizes, costs = found.setdefault(what, ([], []))
                sizes.append(line["size"])
                costs.append(cost)
    return found


def table(part, axis, bound, lines):
    """Return rows of Markdown: for each quantity its first and last cost, and the exponent."""
    rows = []
    for what, (sizes, costs) in by_quantity(lines).items():
        power = exponent(sizes, costs)
        shown = "" if power is None else f"{power:.2f}"
        ends = f"{sizes[0]} | {costs[0]:.3g} | {sizes[-1]} | {costs[-1]:.3g}"
        rows.append(f"| {part} | {axis} | {what} | {ends} | {shown} | {bound} |")
    return rows


HEAD = "| part | size | cost | from | takes | to | takes | exponent | what bounds it |"


def draw(file, title, axis, lines):
    """Draw each quantity against the size, on log axes, with the exponent beside its name."""
    plots.use_book_style()
    found = by_quantity(lines)
    fig, axes = plt.subplots(len(found), squeeze=False, sharex=True, figsize=(6, 2.4 * len(found)))
    for ax, (what, (sizes, costs)) in zip(axes[:, 0], found.items(), strict=True):
        ax.loglog(sizes, costs, "o-")
        power = exponent(sizes, costs)
        ax.set_title(what if power is None else f"{what}: size to the {power:.2f}")
    axes[-1, 0].set_xlabel(axis)
    fig.suptitle(title)
    fig.savefig(file)
    plt.close(fig)
