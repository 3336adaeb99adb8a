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
        number(1.0, "about 2")


def test_claims_are_held_under_other_seeds(shifted):
    shifted("1")
    with pytest.raises(AssertionError, match=says("does not hold: Two is less. (2.0 < 1.0)")):
        claim("Two is less.", 2, "<", 1)


@pytest.mark.parametrize(
    "chain",
    [(1, "<", 2, "<", 2), ([1, 3], "<", [2, 3]), (2, ">", 1, ">", 1.5), (np.nan, "<", 1)],
)
def test_a_claim_must_hold_at_each_step_and_for_each_element(chain):
    with pytest.raises(AssertionError):
        claim("All of it.", *chain)


@pytest.mark.parametrize("chain", [(), (1,), (1, "<"), (1, "<=", 2), (1, "<", 2, ">", 1), (1, 2)])
def test_what_is_no_order_is_refused(chain):
    with pytest.raises(ValueError, match="must be an order such as"):
        claim("No order.", *chain)


def test_while_claims_are_written_down_none_stops_the_chapter(monkeypatch):
    monkeypatch.setattr(claims, "recorded", [])
    claim("Below both.", 1, "<", [1.5, 4])
    claim("Falling.", 5, ">", 3, ">", 4)
    assert claims.recorded == [
        {"claim": "Below both.", "held": True, "margin": 0.5},
        {"claim": "Falling.", "held": False, "margin": -1.0},
    ]
