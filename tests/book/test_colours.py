"""The colours beside Python, in stylesheets and pictures, are those that Python draws with."""

import re
from pathlib import Path

import pytest

from dropout_scaling import plots
from dropout_site.figures.theme_svg import VARIABLES
from dropout_site.sharing import card
from tools.editions import epub
from tools.paths import BOOK

STATIC = BOOK / "_static"
EDITIONS = Path(epub.__file__).parent
LIGHT, DARK = (
    dict(re.findall(r"(--[\w-]+): (#\w+);", block))
    for block in re.findall(
        r"(?::root|data-theme=\"dark\"\]) \{([^}]*)\}", (STATIC / "book.css").read_text("utf8")
    )
)


def test_the_figures_swap_each_of_their_colours():
    assert set(VARIABLES) == {plots.INK, plots.STANDARD["color"], plots.INVERTED["color"]}


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_each_theme_sets_what_the_figures_take(theme):
    assert {f"var({name})" for name in theme} >= set(VARIABLES.values())


def test_in_the_light_theme_blue_is_as_drawn_and_the_ink_is_the_card_s():
    assert LIGHT["--inverted"] == plots.INVERTED["color"]
    assert LIGHT["--ink"] == card.QUIET


def test_the_editions_take_the_light_theme_s_colours():
    slides = dict(re.findall(r"(--[\w-]+): (#\w+);", (EDITIONS / "slides.css").read_text("utf8")))
    for name in ("--standard", "--inverted"):
        assert LIGHT[name] == slides[name] == epub.COLOURS[f"var({name})"]


def test_the_small_mark_has_the_colours_of_the_large_one():
    small, large = (
        set(re.findall(r"#\w+", (STATIC / f"{name}.svg").read_text("utf8")))
        for name in ("favicon", "logo")
    )
    assert len(small) == 2
    assert small == large
