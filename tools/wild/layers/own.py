"""All layers that were written here."""

from tools.wild.layers import (
    numpy_classes,
    numpy_functions,
    own_tensors,
    relatives,
    second_reading,
    third_reading,
    torch_layers,
)

CASES = [
    *numpy_functions.CASES, *numpy_classes.CASES, *torch_layers.CASES, *own_tensors.CASES,
    *relatives.CASES, *second_reading.CASES, *third_reading.CASES,
]  # fmt: skip
