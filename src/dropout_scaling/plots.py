"""The book's figures: axes in its style, and functions that take ``ax`` first, then arrays.

Most return the artists that they draw; the docstring of each says so. They take no model and never
call ``show``. In every figure standard dropout is orange, dashed and square, inverted dropout is
blue, solid and round: a reader can tell them apart without colour too. A dropped unit is hollow, a
kept one filled, and a unit's area is its value. Labels stand at the lines, not in a legend.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle
from matplotlib.textpath import text_to_path

from dropout_scaling import _colours

INK = _colours.INK  # the site replaces it by the page's text colour
STANDARD = {"color": _colours.STANDARD, "linestyle": "--", "marker": "s"}
INVERTED = {"color": _colours.INVERTED, "linestyle": "-", "marker": "o"}
PLAIN = {"color": INK, "linestyle": ":", "marker": "D"}
WIDTH = 4.5  # inches: 11 pt in a figure of this width are 11 px on a phone 360 px wide


def use_book_style():
    """Set the book's style in matplotlib, and for Jupyter's figures if there is a kernel.

    Figures are SVG with a transparent background and real text. Everything that is not data has one
    colour.
    """
    plt.rcParams.update(
        {
            "figure.figsize": (WIDTH, 3.0),
            "figure.facecolor": "none",
            "savefig.facecolor": "none",
            "savefig.pad_inches": 0,  # it begins where the text does
            "axes.facecolor": "none",
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "axes.titlecolor": INK,
            "axes.titlelocation": "left",
            "axes.titlesize": 11,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "font.size": 11,
            "lines.linewidth": 2,
            "lines.markersize": 4,
            "svg.fonttype": "none",
            "svg.hashsalt": "dropout-scaling",  # the same figure gives the same file
            "figure.constrained_layout.use": True,
            "figure.constrained_layout.hspace": 0.1,
        }
    )
    try:
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:  # outside Jupyter there is no inline backend to set
        return
    set_matplotlib_formats("svg")


def subplots(height, rows=1, columns=1, **options):
    """Return a figure in the book's style and width, and its axes, as ``plt.subplots`` does.

    ``height`` in inches. ``options``: further options of ``plt.subplots``.
    """
    use_book_style()
    return plt.subplots(rows, columns, figsize=(WIDTH, height), **options)


def labelled_line(ax, x, y, text, *, style=PLAIN, at=-1, offset=(6, 0), every=1, **label):
    """Draw y over x and write ``text`` beside one point; return the line and the text.

    Args:
        ax: the axes.
        x: shape (n,).
        y: shape (n,).
        text: the label.
        style: ``STANDARD``, ``INVERTED`` or ``PLAIN``.
        at: the index of the labelled point.
        offset: from that point to the text, in typographic points.
        every: the number of points from one marker to the next.
        label: further options of ``note``.

    Returns:
        The line and the text, two artists.
    """
    x, y = np.asarray(x), np.asarray(y)
    (line,) = ax.plot(x, y, markevery=every, **style)
    options = {"color": style["color"], "va": "center", "annotation_clip": False, **label}
    return line, note(ax, text, (x[at], y[at]), offset, **options)


def band(ax, x, low, high, *, style=PLAIN):
    """Shade the area from ``low`` to ``high`` over x: the spread of a line.

    Args:
        ax: the axes.
        x: shape (n,).
        low: shape (n,).
        high: shape (n,).
        style: ``STANDARD``, ``INVERTED`` or ``PLAIN``.

    Returns:
        The shaded area, an artist.
    """
    return ax.fill_between(x, low, high, color=style["color"], alpha=0.12, linewidth=0)


def runs(ax, x, values, text, *, style=PLAIN, **label):
    """Draw the mean of several runs over x, with a band from the least to the largest.

    ``values``: shape (n, runs), for x of shape (n,). ``label``: as for ``labelled_line``. Returns
    the line and its text.
    """
    values = np.asarray(values)
    band(ax, x, values.min(axis=1), values.max(axis=1), style=style)
    return labelled_line(ax, x, values.mean(axis=1), text, style=style, **label)


def repeats(ax, place, values, half, *, beside, hollow=False, across=False):
    """Draw a repeated experiment: a large dot for the mean with its interval, and all its values.

    Args:
        ax: the axes.
        place: where the mean stands, on the x axis.
        values: shape (n,).
        half: the half-width of the mean's interval.
        beside: how far from the mean the first and the last of the small dots stand, a pair.
        hollow: whether the large dot is hollow.
        across: whether to exchange x and y.

    Returns:
        The small dots, and the mean with its bar.
    """
    blue, values = INVERTED["color"], np.asarray(values)
    points = [place + np.linspace(*beside, len(values)), values]
    point = [place, values.mean()]
    if across:
        points, point = points[::-1], point[::-1]
    (dots,) = ax.plot(*points, "o", color=INK, markersize=2.5, alpha=0.65)
    look = {"markersize": 7, "capsize": 4, "markerfacecolor": "none" if hollow else blue}
    error = {"xerr" if across else "yerr": half}
    return dots, ax.errorbar(*point, **error, fmt="o", color=blue, **look)


def note(ax, text, point, offset=(0, 0), **options):
    """Write ``text`` beside a point, ``offset`` points to the right and up. Returns the text."""
    return ax.annotate(text, point, offset, textcoords="offset points", **options)


def text_width(text, size, *, bold=False):
    """Return the width of a line of text in Matplotlib's own font, in the unit of ``size``."""
    font = FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
    return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]


def log(ax, *, x=None, y=None):
    """Make the axes that are given logarithmic, with ticks at these values and nowhere else.

    ``x``, ``y``: the values, or a dictionary from values to what is written there. Returns None.
    """
    for name, ticks in (("x", x), ("y", y)):
        if ticks is not None:
            texts = list(ticks.values()) if isinstance(ticks, dict) else list(ticks)
            ax.set(**{f"{name}scale": "log"})
            axis = getattr(ax, f"{name}axis")
            axis.set_ticks(list(ticks), texts)
            axis.set_ticks([], minor=True)


def factors(ax, values, *, style=PLAIN, gap=None):
    """Draw a matrix of factors: a disc of that area, hollow for 0, a cross for one below 0.

    ``values``: shape (rows, columns), the first row above. ``gap``: the column before which a space
    is left. Returns ``ax``, without its axes.
    """
    for (row, column), value in np.ndenumerate(np.asarray(values, dtype=float)):
        x = column + 1.2 * (gap is not None and column >= gap)
        if value < 0:
            ax.plot(x, -row, "x", color=style["color"], markersize=6)
            continue
        ax.scatter(
            x,
            -row,
            s=62 * max(value, 0.02) if value else 70,
            facecolor=style["color"] if value else "none",
            edgecolor=style["color"] if value else INK,
            linestyle="-" if value else ":",
            linewidth=1.3,
        )
    ax.set(xticks=[], yticks=[])
    ax.margins(0.16)
    ax.spines[:].set_visible(False)
    return ax


def timings(ax, rows):
    """Draw nanoseconds an element over the input's size: F.dropout, FastDropout and two copies.

    ``rows``: rows of ``data.timings`` with one dtype, p, direction and kind of memory pages. Both
    axes are logarithmic; a band spans the quartiles. Returns None.
    """
    theirs = INVERTED | {"linestyle": "-.", "marker": "^"}  # F.dropout is inverted dropout too
    styles = {"F.dropout": theirs, "FastDropout": INVERTED, "clone": PLAIN}
    for name, style in styles.items():
        timed = [row for row in rows if row["name"] == name and row["turns"]]
        size = np.array([row["size"] for row in timed])
        low, median, high = (
            1e6 * np.array([row[f"ms_{part}"] for row in timed]) / size for part in (25, 50, 75)
        )
        label = {"at": len(size) // 2, "offset": (0, 10)}
        text = name
        if name == "clone":
            text, label = "two copies", {"at": len(size) * 2 // 3, "offset": (4, -12)}
        labelled_line(ax, size, median, text, style=style, **label)
        band(ax, size, low, high, style=style)
    ax.set(xscale="log", yscale="log", xlabel="elements", title="nanoseconds an element")


def stems(ax, values, probabilities, *, style=PLAIN):
    """Draw an exact distribution: a stem of height ``probabilities`` at each of ``values``.

    Args:
        ax: the axes.
        values: shape (n,).
        probabilities: shape (n,).
        style: ``STANDARD``, ``INVERTED`` or ``PLAIN``.

    Returns:
        The stems and their heads.
    """
    sticks = ax.vlines(values, 0, probabilities, color=style["color"], linewidth=2)
    (heads,) = ax.plot(values, probabilities, style["marker"], color=style["color"], markersize=6)
    ax.set_ylim(bottom=0)
    return sticks, heads


def units(ax, values, *, x=0.0, y=0.0, style=PLAIN, text=True, name=""):
    """Draw a row of units as discs whose area is their value; a unit of value 0 is hollow.

    Args:
        ax: the axes.
        values: shape (n,).
        x: where the first unit is centred; the others follow at a distance of 1.
        y: the height of the row.
        style: ``STANDARD``, ``INVERTED`` or ``PLAIN``.
        text: whether to write each value below its unit.
        name: what to write on the left of the row.

    Returns:
        A list of the discs.
    """
    discs = []
    for place, value in enumerate(np.asarray(values, dtype=float)):
        dropped = value == 0
        disc = Circle(
            (x + place, y),
            0.3 if dropped else 0.3 * np.sqrt(value),
            facecolor="none" if dropped else style["color"],
            edgecolor=INK if dropped else style["color"],
            linestyle=(0, (2, 2)) if dropped else "-",
            linewidth=1.5,
        )
        discs.append(ax.add_patch(disc))
        if text:
            ax.text(x + place, y - 0.5, f"{value:g}", ha="center", va="top")
    if name:
        ax.text(x - 0.7, y, name, ha="right", va="center")
    return discs


def sums(ax, values, *, weight=1.0, style=PLAIN, text=True):
    """Draw units and, above them, the unit that adds them up: areas are values.

    Args:
        ax: the axes.
        values: shape (n,); unit i is centred on x = i, a unit of value 0 is hollow.
        weight: of each connection, which is as wide; a unit of value 0 has none.
        style: ``STANDARD``, ``INVERTED`` or ``PLAIN``.
        text: whether to write each value below its unit.

    Returns:
        The disc of the sum, which has its value beside it.
    """
    values = np.asarray(values, dtype=float)
    middle, height, total = (len(values) - 1) / 2, 2.2, weight * values.sum()
    for x in np.flatnonzero(values):
        line = {"color": INK, "linewidth": 2.4 * weight, "zorder": 0}
        ax.plot([x, middle], [0, height], solid_capstyle="butt", **line)
    units(ax, values, style=style, text=text)
    radius = 0.3 * np.sqrt(total)
    ax.text(middle + radius + 0.2, height, f"{total:g}", va="center", weight="bold")
    return ax.add_patch(Circle((middle, height), radius, facecolor=INK, edgecolor=INK))


def network(ax, masks, *, style=PLAIN):
    """Draw a network, layers from bottom to top, with some of its units dropped.

    ``masks``: one boolean array for each layer, inputs first, True = kept. A dropped unit is hollow
    and has no connections. Returns the discs, one list for each layer.
    """
    width = max(len(mask) for mask in masks)
    spots = [
        [((width - len(mask)) / 2 + i, 1.6 * layer) for i in range(len(mask))]
        for layer, mask in enumerate(masks)
    ]
    for layer in range(len(masks) - 1):
        for i, start in enumerate(spots[layer]):
            for j, end in enumerate(spots[layer + 1]):
                if masks[layer][i] and masks[layer + 1][j]:
                    ax.plot(*zip(start, end, strict=True), color=INK, linewidth=1, zorder=0)
    discs = []
    for mask, row in zip(masks, spots, strict=True):
        discs.append([])
        for kept, spot in zip(mask, row, strict=True):
            look = {"facecolor": style["color"], "edgecolor": style["color"]}
            if not kept:
                look = {"facecolor": "none", "edgecolor": INK, "linestyle": (0, (2, 2))}
            discs[-1].append(ax.add_patch(Circle(spot, 0.3, linewidth=1.2, **look)))
    bare(ax).margins(x=0.12)  # some space between drawings side by side
    return discs


def bare(ax, *, size=None):
    """Remove the axes of a drawing, keep its proportions and fit it to the axes. Returns ``ax``.

    ``size``: in typographic points, that of the texts that are there; as they are if not given.
    """
    ax.set_aspect("equal")
    ax.set_axis_off()
    ax.autoscale_view()
    for text in ax.texts if size else ():
        text.set_fontsize(size)
    return ax
