"""The figures: what is dropped is hollow, a unit's area is its value, one sign for each kind."""

import matplotlib
import numpy as np
import pytest

matplotlib.use("agg")
import matplotlib.pyplot as plt

from dropout_scaling import plots


@pytest.fixture
def ax():
    with matplotlib.rc_context():
        plots.use_book_style()
        fig, ax = plt.subplots()
        yield ax
        plt.close(fig)


def test_a_dropped_unit_is_hollow_and_a_kept_one_filled_with_an_area_of_its_value(ax):
    dropped, one, four = plots.units(ax, [0.0, 1.0, 4.0], style=plots.INVERTED)
    assert dropped.get_facecolor()[3] == 0
    assert one.get_facecolor() == matplotlib.colors.to_rgba(plots.INVERTED["color"])
    assert four.radius**2 == pytest.approx(4 * one.radius**2)


def test_the_values_of_units_are_written_below_them_unless_told_otherwise(ax):
    plots.units(ax, [0.0, 1.25])
    assert [text.get_text() for text in ax.texts] == ["0", "1.25"]
    plots.units(ax, [2.0], text=False)
    assert len(ax.texts) == 2


def test_timings_are_drawn_in_nanoseconds_an_element_and_those_that_were_left_out_are_not(ax):
    def row(name, size, turns=9):
        ms = dict(zip(("ms_25", "ms_50", "ms_75"), (1.0, 2.0, 4.0), strict=True))
        return {"name": name, "size": size, "turns": turns, **ms}

    names = ["F.dropout", "FastDropout", "clone"]
    rows = [row(name, size) for name in names for size in (1000, 2000)]
    plots.timings(ax, [*rows, row("clone", 4000, turns=0), row("another", 1000)])
    assert [text.get_text() for text in ax.texts] == ["F.dropout", "FastDropout", "two copies"]
    for line in ax.lines:
        assert line.get_xydata().tolist() == [[1000, 2000], [2000, 1000]]


def test_a_network_draws_the_connections_between_kept_units_alone(ax):
    masks = [np.array([True, True]), np.array([True, False, True]), np.array([True])]
    discs = plots.network(ax, masks)
    assert len(ax.lines) == 2 * 2 + 2 * 1
    hollow = [[disc.get_facecolor()[3] == 0 for disc in row] for row in discs]
    assert hollow == [[not kept for kept in mask] for mask in masks]


def test_the_kinds_differ_in_colour_line_and_marker():
    styles = [plots.STANDARD, plots.INVERTED, plots.PLAIN]
    for sign in ("color", "linestyle", "marker"):
        assert len({style[sign] for style in styles}) == 3


def test_a_line_is_labelled_at_the_line_in_its_colour(ax):
    line, label = plots.labelled_line(ax, [0, 1, 2], [5, 6, 7], "here", style=plots.STANDARD, at=1)
    assert label.xy == (1, 6)
    assert label.get_color() == line.get_color() == plots.STANDARD["color"]


def test_stems_stand_on_0_and_are_as_high_as_the_probabilities(ax):
    sticks, heads = plots.stems(ax, [1, 2], [0.25, 0.75])
    assert [segment[:, 1].tolist() for segment in sticks.get_segments()] == [[0, 0.25], [0, 0.75]]
    assert heads.get_ydata().tolist() == [0.25, 0.75]
    assert ax.get_ylim()[0] == 0


def test_a_band_reaches_from_low_to_high(ax):
    vertices = plots.band(ax, [0, 1], [1, 1], [2, 3]).get_paths()[0].vertices
    assert (vertices[:, 1].min(), vertices[:, 1].max()) == (1, 3)


def test_the_ground_is_transparent_and_the_text_stays_text(ax):
    assert ax.figure.get_facecolor()[3] == 0
    assert ax.get_facecolor()[3] == 0
    assert matplotlib.rcParams["svg.fonttype"] == "none"
