"""Dropout's relatives are named, with their condition, and a fault beside them keeps its name."""

import numpy as np
import pytest

from dropout_scaling.diagnose import diagnose

RNG = np.random.default_rng()  # a layer's own, and no test's
P = 0.2


def sharing(*axes, scale=1 / (1 - P), name="layer"):
    """A layer with one decision for all along ``axes``, of inputs with three axes."""

    def layer(x, training=True):
        a, b, c = x.shape
        drawn = [1 if axis in axes else size for axis, size in enumerate((a, b, c))]
        return x * (RNG.random(drawn) < 1 - P) * scale if training else x

    layer.__name__ = name
    return layer


@pytest.mark.parametrize(
    ("axes", "how"),
    [
        ((2,), "with one decision for a whole channel, as Dropout2d"),
        ((1,), "with one decision for all of axis 1, as locked dropout or SpatialDropout1D has it"),
        ((1, 2), "with one decision for a whole row, as DropPath"),
    ],
)
def test_what_shares_no_batch_is_right(axes, how):
    report = diagnose(sharing(*axes), P)
    assert report.ok
    assert report.explanation == f"This is inverted dropout, {how}."
    unscaled = diagnose(sharing(*axes, scale=1), P)
    assert unscaled.misconceptions == ("forgets_the_scale",)
    assert unscaled.explanation.endswith(f"Apart from that, this is dropout {how}.")


def test_the_first_of_three_axes_may_be_time_if_a_name_says_so():
    condition = "if axis 0 is time; if it is the batch, all rows lose the same units"
    unsure, sure = (diagnose(sharing(0, name=name), P) for name in ("layer", "locked_dropout"))
    assert (unsure.ok, unsure.judged, unsure.condition) == (False, False, condition)
    assert (sure.ok, sure.judged) == (True, True)
    assert sure.condition.startswith(condition)


def test_all_axes_may_be_stochastic_depth_if_a_name_says_so():
    assert diagnose(sharing(0, 1, 2), P).misconception == "tosses_one_coin"
    report = diagnose(sharing(0, 1, 2, name="stochastic_depth"), P)
    assert report.ok
    assert report.condition.startswith("if that is meant")
    assert diagnose(sharing(0, 1), P).misconception == "shares_the_mask_in_a_batch"


def always(x, training=True):
    return x * (RNG.random(x.shape) < 1 - P) / (1 - P)


def test_what_is_always_on_is_right_if_a_name_says_so():
    assert diagnose(always, P).misconception == "drops_at_evaluation"

    def mc_dropout(x, training=True):
        return always(x)

    report = diagnose(mc_dropout, P)
    assert report.ok
    assert report.condition == "if it is meant to stay on in evaluation"


def test_a_mask_that_stays_is_right_if_a_name_says_that_something_renews_it():
    masks = {}

    def layer(x, training=True):
        mask = masks.setdefault(x.shape, RNG.random(x.shape) < 1 - P)
        return x * mask / (1 - P) if training else x

    assert diagnose(layer, P).misconception == "freezes_the_mask"
    layer.__name__ = "variational_dropout"
    report = diagnose(layer, P)
    assert (report.ok, report.judged) == (False, False)
    assert report.condition.startswith("if something draws a new mask for each batch")


@pytest.mark.parametrize(
    ("spread", "ok"), [((P / (1 - P)) ** 0.5, True), (0.1, False), (1.0, False)]
)
def test_noise_of_another_variance_is_right_only_if_that_is_meant(spread, ok):
    def noise(x, training=True):
        return x * RNG.normal(1, spread, x.shape) if training else x

    report = diagnose(noise, P)
    assert report.ok is ok
    assert report.judged is ok
    if not ok:
        assert report.condition == "if its variance is meant: that of dropout is p/q = 0.25"


@pytest.mark.parametrize(("temperature", "ok"), [(0.1, True), (0.5, True)])
def test_a_relaxed_mask_is_known_at_any_temperature(temperature, ok):
    def relaxed(x, training=True):
        u = RNG.random(x.shape)
        z = (np.log(P / (1 - P)) + np.log(u / (1 - u))) / temperature
        return x / (1 + np.exp(z)) / (1 - P) if training else x

    report = diagnose(relaxed, P)
    assert report.explanation == (
        "This is inverted dropout with a relaxed mask, as concrete dropout."
    )
    assert report.evidence[0].startswith("values are multiplied by anything from 0 to 1.25, ")
    assert report.ok is ok
