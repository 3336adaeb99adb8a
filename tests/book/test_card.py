"""The picture beside a shared link holds its title, whole and clear of the mark."""

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from PIL import Image

from dropout_site.sharing.card import (
    HEIGHT,
    LEADING,
    MARGIN,
    TALLEST,
    WIDTH,
    draw,
    set_title,
    width,
)
from tools.book.notebooks import all_notebooks

TITLES = [
    nbformat.read(path, as_version=4).cells[0].source.splitlines()[0].removeprefix("# ")
    for path in all_notebooks().values()
]
LONG = "Was my network trained with standard or inverted dropout, and can I still tell by now?"
ONE_WORD = "What is scaled_dot_product_attention?"


@pytest.mark.parametrize("title", [*TITLES, LONG, ONE_WORD])
def test_a_title_is_no_wider_and_no_higher_than_its_place(title):
    size, lines = set_title(title)
    assert " ".join(lines) == title
    assert max(width(line.split()) for line in lines) * size <= WIDTH - 2 * MARGIN
    assert len(lines) * size * LEADING <= TALLEST


def test_no_word_stands_alone_in_the_last_line():
    assert set_title("Does dropout survive scale?")[1] == ["Does dropout", "survive scale?"]


def test_a_title_without_end_is_an_error():
    with pytest.raises(ValueError, match="a title must fit on its card, got 'ones ones"):
        set_title("ones " * 100)


@pytest.mark.parametrize("title", ["Why?", LONG])
def test_what_is_drawn_is_in_the_picture_and_in_two_parts(title, tmp_path):
    with plt.rc_context({"figure.constrained_layout.use": True}):  # the book's figures set it
        draw(title, "Dropout to Scale", tmp_path / "card.png")
    with Image.open(tmp_path / "card.png") as picture:
        dark = np.asarray(picture.convert("L")) < 200
    assert dark.shape == (HEIGHT, WIDTH)
    rows, columns = np.flatnonzero(dark.any(1)), np.flatnonzero(dark.any(0))
    edges = rows[0], HEIGHT - 1 - rows[-1], columns[0], WIDTH - 1 - columns[-1]
    assert min(edges) >= 40
    assert not dark[MARGIN + TALLEST + 20 : 410].any()  # between the title and the mark
    assert dark[: MARGIN + TALLEST].any()
    assert dark[410:].any()
