"""Draw the picture that stands beside a shared link: the page's question, and the book's mark.

Four ones go in, and two twos come out, as discs whose area is their value.
"""

import textwrap

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from dropout_scaling import _colours

WIDTH, HEIGHT = 1200, 630  # pixels
TITLE = "#1c2024"
QUIET = "#4d545c"  # the pages' ink in the light theme: `--ink` in book.css
RADIUS = 26  # pixels, of a one; a disc's area is its value
KEPT = (True, False, False, True)


def draw(title, book, file):
    """Write the card to `file`, as a PNG."""
    file.parent.mkdir(parents=True, exist_ok=True)
    figure = Figure((WIDTH / 100, HEIGHT / 100), dpi=100, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(HEIGHT, 0), aspect="equal")
    axes.axis("off")
    long = len(title) > 40
    axes.text(
        80,
        80,
        textwrap.fill(title, 27 if long else 22),
        fontsize=48 if long else 58,
        fontweight="bold",
        color=TITLE,
        va="top",
        linespacing=1.25,
    )
    axes.text(80, 550, book, fontsize=30, color=QUIET, va="center")
    for i, kept in enumerate(KEPT):
        x = 780 + 105 * i
        axes.add_patch(Circle((x, 450), RADIUS, color=QUIET))
        if kept:
            axes.add_patch(Circle((x, 550), RADIUS * 2**0.5, color=_colours.INVERTED))
        else:
            ring = Circle((x, 550), RADIUS, fill=False, ec=QUIET, lw=3, ls=":")
            axes.add_patch(ring)
    figure.savefig(file, metadata={"Software": None})
