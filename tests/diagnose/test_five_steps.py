"""The five steps: right dropouts pass, and a fault is found at the step that is about it."""

import numpy as np
import pytest
from helpers import says
from torch import nn
from torch.nn import functional as F

from dropout_scaling.diagnose.five_steps import STEPS, first_failed
from dropout_scaling.misconceptions import MISCONCEPTIONS
from dropout_scaling.nn import StandardDropout

# The step that the fault is about, under both kinds of dropout.
AT = {
    "divides_by_p": "values",
    "drops_at_evaluation": "eval",
    "freezes_the_mask": "masks",
    "shares_the_mask_in_a_batch": "masks",
    "backward_without_scale": "gradient",
    "keeps_p": "mean",
}


@pytest.mark.parametrize("layer", [nn.Dropout(0.2), F.dropout, StandardDropout(0.2)])
def test_right_dropouts_pass_all_five(layer):
    # It fails one of these three by chance in less than one of 500 000 runs: five deviations.
    assert first_failed(layer, 0.2) == len(STEPS) + 1


@pytest.mark.parametrize("name", AT)
def test_a_fault_is_found_at_its_step(name):
    assert STEPS[first_failed(MISCONCEPTIONS[name].layer, 0.2) - 1] == AT[name]


def test_of_the_two_kinds_the_later_step_counts():
    def unscaled(x, p, training):  # not inverted by step 1, not standard by step 2
        return np.where(np.random.default_rng().random(x.shape) < 1 - p, x, 0) if training else x

    assert STEPS[first_failed(unscaled, 0.2) - 1] == "eval"


@pytest.mark.parametrize("p", [0, 1])
def test_nothing_can_be_seen_where_all_is_kept_or_dropped(p):
    with pytest.raises(ValueError, match=says(f"drop probability p must be in (0, 1), got {p}")):
        first_failed(F.dropout, p)
