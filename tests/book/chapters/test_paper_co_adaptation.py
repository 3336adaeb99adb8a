"""The split of the variance over the masks: of what is linear in its mask, units make all of it."""

import numpy as np
from said import stands

from dropout_scaling.masks import all_masks

PAGE = "paper/co-adaptation"


def test_groups_make_nothing_of_what_is_linear_in_its_mask():
    stands(PAGE, "A sum over units has no part that only groups make")
    masks = all_masks(6)
    output = np.where(masks, np.arange(1.0, 7), 0).sum(axis=1)
    alone = [output[unit].mean() - output[~unit].mean() for unit in masks.T]
    assert np.isclose(np.square(alone).sum() / 4, output.var(), rtol=1e-12)
