"""Numbers are compared under the book's own seeds, claims under all, and neither passes wrongly."""

import numpy as np
import pytest
from helpers import says

from dropout_scaling import claims
from dropout_scaling.claims import claim, number, seed, seeds, shift


@pytest.fixture
def shifted(monkeypatch):
    return lambda text: monkeypatch.setenv(claims.VARIABLE, text)


def test_no_seed_is_in_two_shifts(shifted):
    drawn = []
    for k in range(4):
        shifted(str(k))
        drawn += [seed(0), seed(7), seed(999), *seeds(3)[1:]]
    assert len(set(drawn)) == len(drawn)


def test_without_the_variable_a_seed_is_its_number(monkeypatch):
    monkeypatch.delenv(claims.VARIABLE, raising=False)
    assert (shift(), seed(5), seeds(3)) == (0, 5, [0, 1, 2])


@pytest.mark.parametrize("text", ["", "-1", "1.5", "two"])
def test_a_shift_that_is_no_count_is_refused(shifted, text):
    shifted(text)
    message = f"DROPOUT_SCALING_SEED_SHIFT must be an integer of at least 0, got {text!r}"
    with pytest.raises(ValueError, match=says(message)):
        seed(0)


def test_a_million_shifts_are_allowed_and_no_more(shifted):
    shifted("1000000")
    assert seed(1) == 10**9 + 1
    shifted("1000001")
    message = "DROPOUT_SCALING_SEED_SHIFT must be in [0, 1000000], got 1000001"
    with pytest.raises(ValueError, match=says(message)):
        shift()


def test_a_number_of_a_seed_that_would_meet_the_next_shift_is_refused():
    with pytest.raises(
        ValueError, match=says("n, the number of a seed, must be in [0, 999], got 1000")
    ):
        seed(1000)


@pytest.mark.parametrize(
    ("value", "said"),
    [(4.148, "4.1"), (-0.126, "-0.13"), (0.5, "+0.5"), (30, "30"), (np.float64(2.0), "2.00")],
)
def test_a_number_that_is_what_the_page_says_passes(value, said):
    number(value, said)


@pytest.mark.parametrize("value", [4.04, 4.151, np.nan, np.inf])
def test_a_number_that_rounds_to_another_is_refused(value):
    message = f"the page says 4.1, the cell computes {value!r}"
    with pytest.raises(AssertionError, match=says(message)):
        number(value, "4.1")


def test_numbers_are_not_compared_under_other_seeds(shifted):
    shifted("1")
    number(1.0, "2.0")
    with pytest.raises(ValueError, match="could not convert"):
        number(1.0, "two")


def test_numbers_are_printed_as_the_page_shows_them(capsys, shifted):
    number([4.148, -0.126], "4.1 -0.13", "errors, change")
    shifted("1")
    number([4.148], "5", "other seeds")
    assert capsys.readouterr().out == "errors, change: 4.1 -0.13\nother seeds: 4\n"


def test_several_numbers_are_compared_in_their_order():
    number(np.array([[4.148, -0.126], [0.5, 30]]), "4.1 -0.13 +0.5 30")
    with pytest.raises(AssertionError, match=says("the page says 4.1, the cell computes 0.5")):
        number([0.5, 4.1], "4.1 0.5")


@pytest.mark.parametrize("values", [[4.1], [4.1, 0.5, 1], []])
def test_numbers_that_are_not_as_many_as_the_values_are_refused(values):
    message = f"said must hold a number for each of {len(values)} values, got '4.1 0.5'"
    with pytest.raises(ValueError, match=says(message)):
        number(values, "4.1 0.5")


def test_claims_are_held_under_other_seeds(shifted):
    shifted("1")
    with pytest.raises(AssertionError, match=says("does not hold: Two is less. (margin -1)")):
        claim("Two is less.", 1 - 2)


@pytest.mark.parametrize("margin", [0, -0.5, [1, 0], [[2, 1], [-1, 3]], np.nan, [1, np.nan]])
def test_a_claim_must_hold_for_each_element(margin):
    with pytest.raises(AssertionError):
        claim("All of it.", margin)


def test_each_claim_of_a_call_must_hold():
    claim("One is less than two.", 2 - 1, "Two is less than four and five.", [4 - 2, 5 - 2])
    with pytest.raises(AssertionError, match="does not hold: Three is less"):
        claim("One is less than two.", 2 - 1, "Three is less than two.", 2 - 3)


@pytest.mark.parametrize(
    "pairs",
    [(), ("A.",), (1, "A."), ("A.", "B."), ("A.", []), ("A.", 1, "B."), ("A.", 1, 2), ("A.", None)],
)
def test_what_is_no_sentence_with_a_margin_is_refused(pairs):
    with pytest.raises(ValueError, match="must be pairs of a sentence and its margin"):
        claim(*pairs)


def test_while_claims_are_written_down_none_stops_the_chapter(monkeypatch):
    monkeypatch.setattr(claims, "recorded", [])
    claim("Below both.", np.array([1.5, 4]) - 1, "Falling.", [5 - 3, 3 - 4])
    assert claims.recorded == [
        {"claim": "Below both.", "held": True, "margin": 0.5},
        {"claim": "Falling.", "held": False, "margin": -1.0},
    ]
