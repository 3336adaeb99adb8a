"""How many numbers the networks of the first step have to adjust."""

import pytest
from said import stands

from dropout_scaling.nn import MLP

PAGE = "paper/why-drop"


@pytest.mark.parametrize(
    ("hidden", "numbers", "said"),
    [
        ([100, 100], 17_610, "two hidden layers of 100 ReLU units: 17 610 numbers to adjust"),
        ([], 650, "With 650 numbers to adjust"),
    ],
)
def test_the_numbers_to_adjust(hidden, numbers, said):
    stands(PAGE, said)
    model = MLP([64, *hidden, 10], p=0.5)
    assert sum(parameter.numel() for parameter in model.parameters()) == numbers
