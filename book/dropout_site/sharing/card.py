"""Draw the picture that stands beside a shared link: the page's question, and the book's mark.

The question is in the book's typeface, as large as there is room. In the mark four ones go in, and
two twos come out, as discs whose area is their value.
"""

from functools import cache

import font_source_sans_pro as source
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle
from matplotlib.textpath import TextPath

from dropout_scaling import _colours

WIDTH, HEIGHT, MARGIN = 1200, 630, 80  # pixels
TITLE = "#1c2024"
QUIET = "#4d545c"  # the pages' ink in the light theme: `--ink` in book.css
SEMIBOLD = FontProperties(fname=source.SourceSansProSemibold)
REGULAR = FontProperties(fname=source.SourceSansPro)
SIZES = (112, 100, 88, 76, 64, 52, 40)  # pixels, of the title's letters
TALLEST = 300  # pixels, of all lines of the title
LEADING = 1.08
RADIUS = 30  # pixels, of a one; a disc's area is its value
KEPT = (True, False, False, True)


@cache
def length(word):
    """Return the width of a word in letters of one pixel. That of a space is 0.2."""
    return TextPath((0, 0), word, size=100, prop=SEMIBOLD).get_extents().x1 / 100


def width(words):
    return sum(map(length, words)) + 0.2 * (len(words) - 1)


def lines(words, room):
    """Return the words in lines that are no wider than the room, if no word is."""
    found = [[]]
    for word in words:
        if found[-1] and width([*found[-1], word]) > room:
            found.append([])
        found[-1].append(word)
    return found


def set_title(title):
    """Return the size of a title and its lines, each about as long as the others."""
    words = title.split()
    for size in SIZES:
        room = (WIDTH - 2 * MARGIN) / size
        found = lines(words, room)
        if size * LEADING * len(found) <= TALLEST and max(map(width, found)) <= room:
            break
    else:
        raise ValueError(f"a title must fit on its card, got {title!r}")
    # The narrowest room that takes no line more leaves no word alone in the last one.
    tries = (lines(words, room * part / 50) for part in range(25, 50))
    even = next((one for one in tries if len(one) == len(found)), found)
    return size, [" ".join(line) for line in even]


def draw(title, book, file):
    """Write the card to `file`, as a PNG."""
    file.parent.mkdir(parents=True, exist_ok=True)
    figure = Figure((WIDTH / 72, HEIGHT / 72), dpi=72, facecolor="white", layout="none")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(HEIGHT, 0), aspect="equal")
    axes.axis("off")
    size, said = set_title(title)
    for n, line in enumerate(said):
        y = MARGIN + size * (0.7 + LEADING * n)  # capitals are as high as 0.66 of their size
        axes.text(MARGIN, y, line, size=size, color=TITLE, font=SEMIBOLD)
    axes.text(MARGIN, 550, book, size=46, color=QUIET, font=REGULAR, va="center_baseline")
    for i, kept in enumerate(KEPT):
        x = 762 + 110 * i
        axes.add_patch(Circle((x, 448), RADIUS, color=QUIET))
        if kept:
            axes.add_patch(Circle((x, 544), RADIUS * 2**0.5, color=_colours.INVERTED))
        else:
            ring = Circle((x, 544), RADIUS, fill=False, ec=QUIET, lw=3, ls=":")
            axes.add_patch(ring)
    figure.savefig(file, metadata={"Software": None})
