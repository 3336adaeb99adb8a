"""The cover as a picture: four ones go in, and each kind of dropout makes its own of them."""

from io import BytesIO

import font_source_sans_pro as source
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle

from dropout_scaling import _colours

WIDTH, HEIGHT = 1200, 1600  # pixels
TITLE = "#1c2024"
SEMIBOLD = FontProperties(fname=source.SourceSansProSemibold)
REGULAR = FontProperties(fname=source.SourceSansPro)
KEPT = (True, False, False, True)
RADIUS = 62  # pixels, of a one; a disc's area is its value
ROWS = (  # what is said, the colour, the value of what is kept, and of what is dropped
    ("four ones", _colours.INK, 1, 1),
    ("standard, in training", _colours.STANDARD, 1, 0),
    ("inverted, in training", _colours.INVERTED, 2, 0),
)


def draw(about):
    """Return the cover as a PNG."""
    figure = Figure((WIDTH / 100, HEIGHT / 100), dpi=100, facecolor="white", layout="none")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(HEIGHT, 0), aspect="equal")
    axes.axis("off")
    axes.text(110, 300, about["title"], size=92, color=TITLE, font=SEMIBOLD)
    for row, (words, colour, kept, dropped) in enumerate(ROWS):
        y = 600 + 290 * row
        axes.text(110, y - 110, words, size=32, color=TITLE, font=REGULAR)
        for unit, is_kept in enumerate(KEPT):
            value = kept if is_kept else dropped
            shape = (
                {"color": colour} if value else {"fill": False, "ec": colour, "lw": 4, "ls": ":"}
            )
            size = RADIUS * (value or 1) ** 0.5
            axes.add_patch(Circle((200 + 240 * unit, y + 20), size, **shape))
    axes.text(110, 1500, about["authors"], size=32, color=TITLE, font=REGULAR)
    picture = BytesIO()
    figure.savefig(picture, metadata={"Software": None})
    return picture.getvalue()
