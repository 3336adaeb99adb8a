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


def test_subplots_have_the_width_and_the_style_of_the_book():
    with matplotlib.rc_context():
        fig, axes = plots.subplots(2.5, 3, 2, sharex=True)
        assert tuple(fig.get_size_inches()) == (plots.WIDTH, 2.5)
        assert axes.shape == (3, 2)
        assert axes[0, 0].get_shared_x_axes().joined(*axes[:2, 0])
        assert not axes[0, 0].spines["top"].get_visible()
        plt.close(fig)


def test_a_dropped_unit_is_hollow_and_a_kept_one_filled_with_an_area_of_its_value(ax):
    dropped, one, four = plots.units(ax, [0.0, 1.0, 4.0], style=plots.INVERTED)
    assert dropped.get_facecolor()[3] == 0
    assert one.get_facecolor() == matplotlib.colors.to_rgba(plots.INVERTED["color"])
    assert four.radius**2 == pytest.approx(4 * one.radius**2)


def test_the_values_of_units_are_written_below_them_unless_told_otherwise(ax):
    discs = plots.units(ax, [0.0, 1.25], x=3.0, y=-2.0)
    assert [disc.center for disc in discs] == [(3, -2), (4, -2)]
    assert [text.get_text() for text in ax.texts] == ["0", "1.25"]
    for disc, text in zip(discs, ax.texts, strict=True):
        x, y = text.get_position()
        assert x == disc.center[0]
        assert y < disc.center[1] - disc.radius
        assert text.get_va() == "top"
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
    masks = [np.array([True, True, False]), np.array([True, False, True, False]), np.array([True])]
    discs = plots.network(ax, masks)
    assert len(ax.lines) == 2 * 2 + 2 * 1
    for row in discs:  # one beside the other, in the middle, each layer above the one before
        across, up = zip(*(disc.center for disc in row), strict=True)
        assert np.diff(across).tolist() == [1] * (len(row) - 1)
        assert np.mean(across) == 1.5
        assert set(up) == {1.6 * discs.index(row)}
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


def test_panels_side_by_side_leave_room_for_their_labels():
    with matplotlib.rc_context():
        plots.use_book_style()
        fig, axes = plt.subplots(1, 2)
        for ax in axes:
            ax.set_ylabel("probability")
        fig.draw_without_rendering()
        left, right = (ax.get_tightbbox() for ax in axes)
        plt.close(fig)
    assert left.x1 < right.x0


def test_runs_are_a_line_of_means_within_a_band_from_the_least_to_the_largest(ax):
    line, text = plots.runs(ax, [1, 2], [[1, 2, 6], [4, 4, 4]], "loss", style=plots.INVERTED, at=0)
    assert line.get_xydata().tolist() == [[1, 3], [2, 4]]
    assert line.get_color() == plots.INVERTED["color"]
    assert (text.get_text(), text.xy) == ("loss", (1, 3))
    (band,) = ax.collections
    corners = {tuple(corner) for corner in band.get_paths()[0].vertices.tolist()}
    assert corners == {(1, 1), (1, 6), (2, 4)}


def test_a_note_stands_beside_its_point(ax):
    text = plots.note(ax, "here", (1, 2), (-12, 4), ha="right")
    assert (text.get_text(), text.xy, text.xyann) == ("here", (1, 2), (-12, 4))
    assert (text.anncoords, text.get_ha()) == ("offset points", "right")


def test_a_logarithmic_axis_has_the_ticks_that_are_given_and_no_others(ax):
    plots.log(ax, y={0.1: "1/10", 1: "1"})
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")
    assert ax.get_yticks().tolist() == [0.1, 1]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["1/10", "1"]
    assert list(ax.get_yticks(minor=True)) == []
    plots.log(ax, x=[2, 5])
    assert ax.get_xscale() == "log"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["2", "5"]


def test_a_factor_is_a_disc_of_its_area_hollow_for_0_and_a_cross_below_0(ax):
    plots.factors(ax, [[0.0, 1.0], [2.0, -1.0]], style=plots.INVERTED, gap=1)
    hollow, one, two = ax.collections
    assert hollow.get_facecolor().size == 0
    assert one.get_facecolor().size > 0
    assert two.get_sizes() == 2 * one.get_sizes()
    (cross,) = ax.lines
    assert cross.get_marker() == "x"
    assert cross.get_xydata().tolist() == [[2.2, -1]]
    offsets = [disc.get_offsets().tolist() for disc in (hollow, one, two)]
    assert offsets == [[[0, 0]], [[2.2, 0]], [[0, -1]]]  # a space of 1.2 before column 1 alone


def test_a_sum_has_the_area_of_its_value_and_a_connection_to_each_unit_that_is_not_0(ax):
    total = plots.sums(ax, [2.0, 0.0, 2.0, 0.0], weight=0.5, style=plots.INVERTED)
    one, *_ = plots.units(ax, [1.0], text=False)
    assert total.radius**2 == pytest.approx(2 * one.radius**2)
    middle = total.center[0]
    assert middle == 1.5
    x, y = ax.texts[-1].get_position()  # of the sum, on its right
    assert (x - middle - total.radius, y) == (pytest.approx(0.2), total.center[1])
    assert [line.get_xdata().tolist() for line in ax.lines] == [[0, middle], [2, middle]]
    half = {line.get_linewidth() for line in ax.lines}
    plots.sums(ax, [1.0], text=False)
    assert half == {0.5 * ax.lines[-1].get_linewidth()}
    assert [text.get_text() for text in ax.texts] == ["2", "0", "2", "0", "2", "1"]


def test_a_row_of_units_has_its_name_on_its_left(ax):
    plots.units(ax, [1.0, 0.0], y=-2, text=False, name="rank 1")
    (name,) = ax.texts
    assert (name.get_text(), name.get_position()[1], name.get_ha()) == ("rank 1", -2, "right")


def test_a_bare_drawing_has_its_texts_in_the_size_that_is_given(ax):
    before = ax.text(0, 0, "1").get_fontsize()
    assert plots.bare(ax).texts[0].get_fontsize() == before != 13
    assert plots.bare(ax, size=13).texts[0].get_fontsize() == 13


def test_repeats_are_dots_beside_their_mean_which_has_its_interval(ax):
    dots, (mean, _, (bar,)) = plots.repeats(ax, 1, [2, 4, 9], 3, beside=(0.1, 0.3))
    assert dots.get_xydata().tolist() == [[1.1, 2], [1.2, 4], [1.3, 9]]
    assert mean.get_xydata().tolist() == [[1, 5]]
    assert bar.get_segments()[0].tolist() == [[1, 2], [1, 8]]
    assert mean.get_markerfacecolor() == plots.INVERTED["color"]


def test_repeats_may_lie_across_and_their_mean_may_be_hollow(ax):
    look = {"beside": (-0.1, 0.1), "hollow": True, "across": True}
    dots, (mean, _, (bar,)) = plots.repeats(ax, 1, [2, 4], 3, **look)
    assert dots.get_xydata().tolist() == [[2, 0.9], [4, 1.1]]
    assert bar.get_segments()[0].tolist() == [[0, 1], [6, 1]]
    assert mean.get_markerfacecolor() == "none"
