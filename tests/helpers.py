"""What several test files share: exact error texts, bits, and arrays to try."""

import re

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tools.environment import compiler

# `make test` says in its last line that these were left out.
needs_compiler = pytest.mark.skipif(
    compiler.lacking() is not None, reason=f"torch.compile cannot run: {compiler.lacking()}"
)


def says(text):
    """Return the pattern for ``pytest.raises(match=...)`` that allows this text and no other."""
    return f"^{re.escape(text)}$"


def bits(array):
    """Return the array's bits as integers: unlike ==, they tell -0.0 from 0.0, and nan equals nan.

    Works on NumPy arrays and on torch tensors.
    """
    if isinstance(array, np.ndarray):
        return array.view(f"i{array.itemsize}").tolist()
    import torch

    ints = {2: torch.int16, 4: torch.int32, 8: torch.int64}
    return array.detach().contiguous().view(ints[array.element_size()]).tolist()


@st.composite
def x_and_masks(draw, elements=None):
    """Draw x of one or two axes and a mask for it, which may hold several draws in front."""
    shape = draw(hnp.array_shapes(max_dims=2, max_side=4))
    draws = draw(st.sampled_from([(), (3,)]))
    if elements is None:
        x = draw(hnp.arrays(np.float64, shape, elements=st.floats(-1e6, 1e6)))
    else:
        x = draw(hnp.arrays(object, shape, elements=elements))
    return x, draw(hnp.arrays(np.bool_, draws + shape))
