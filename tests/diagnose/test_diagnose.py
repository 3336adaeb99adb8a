"""`diagnose`: names each wrong dropout, accepts each right one, survives the rest."""

import functools
import re
import time

import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup
from helpers import says
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from torch import nn
from torch.nn import functional as F

from dropout_scaling.diagnose import Report, diagnose
from dropout_scaling.diagnose._matching_misconceptions import RIGHT
from dropout_scaling.misconceptions import MISCONCEPTIONS
from dropout_scaling.nn import InvertedDropout, StandardDropout
from dropout_scaling.reference import (
    inverted_backward,
    inverted_train,
    standard_backward,
    standard_train,
)

AT_THE_ENDS = {"divides_zero_by_zero": "for p < 1", "keeps_where_u_exceeds_p": "for p > 0"}


@pytest.mark.parametrize("name", [name for name in MISCONCEPTIONS if name not in AT_THE_ENDS])
@pytest.mark.parametrize("p", [0.1, 0.2, 0.3, 0.5, 0.7, 0.8])
def test_each_member_of_the_bank_is_recognised_by_name(name, p):
    report = diagnose(MISCONCEPTIONS[name].layer, p)
    assert (report.ok, report.misconception) == (False, name)
    assert MISCONCEPTIONS[name].cure in report.explanation


@pytest.mark.parametrize(("name", "condition"), AT_THE_ENDS.items())
@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_what_goes_wrong_at_the_ends_alone_is_told_and_no_fault(name, condition, p):
    report = diagnose(MISCONCEPTIONS[name].layer, p)
    assert (report.ok, report.misconception) == (True, None)
    assert str(report).splitlines()[0] == f"right {condition}"
    assert MISCONCEPTIONS[name].cure in report.explanation


# The same mistakes in other shapes.

RNG = np.random.default_rng()  # a layer's own, and no test's


class Wrong(nn.Module):
    """A module with a keep probability and a scale of its own, in training and at evaluation."""

    def __init__(self, keep, train, evaluate=1.0):
        super().__init__()
        self.keep, self.scale, self.evaluate = keep, train, evaluate

    def forward(self, x):
        if not self.training:
            return x * self.evaluate
        return x * (torch.rand_like(x) < self.keep) * self.scale


class StillDrops(nn.Module):
    def forward(self, x):
        return F.dropout(x, 0.2)


def with_keep_prob(x, keep_prob, mode):
    return x * (RNG.random(x.shape) < keep_prob) if mode == "train" else x


def with_rng(x, p, rng):
    return np.where(rng.random(x.shape) < p, x / (1 - p), 0)


def with_cache(x, p):
    mask = RNG.random(x.shape) < 1 - p
    return np.where(mask, x / (1 - p) if p < 1 else 0.0, 0), mask


OTHER_SHAPES = {
    "module, swapped": (Wrong(0.2, 1 / 0.8), "keeps_p", {}),
    "module, keep for p": (nn.Dropout(0.8), "takes_p_for_keep", {}),
    "module, no scale": (Wrong(0.8, 1.0), "forgets_the_scale", {}),
    "module, scaled at both times": (Wrong(0.8, 1 / 0.8, 0.8), "scales_at_both_times", {}),
    "module, divides by p": (Wrong(0.8, 1 / 0.2), "divides_by_p", {}),
    "module, twice": (nn.Sequential(nn.Dropout(0.2), nn.Dropout(0.2)), "drops_twice", {}),
    "module, never": (nn.Identity(), "never_drops", {}),
    "module with a functional": (StillDrops(), "drops_at_evaluation", {}),
    "keep_prob and mode": (with_keep_prob, "forgets_the_scale", {}),
    "rng": (with_rng, "keeps_p", {}),
    "backward without scale": (
        with_cache,
        "backward_without_scale",
        {"backward": lambda grad, mask: grad * mask},
    ),
    "backward without mask": (
        with_cache,
        "backward_without_mask",
        {"backward": lambda grad, mask, p: grad / (1 - p)},
    ),
}


@pytest.mark.parametrize(("layer", "name", "more"), OTHER_SHAPES.values(), ids=OTHER_SHAPES)
def test_a_misconception_is_recognised_in_another_shape(layer, name, more):
    assert diagnose(layer, 0.2, **more).misconception == name


# What is right.


class Gaussian(nn.Module):
    def forward(self, x):
        return x * (1 + 0.5 * torch.randn_like(x)) if self.training else x


class DropPath(nn.Module):
    def forward(self, x):
        if not self.training:
            return x
        keep = torch.empty(len(x), *[1] * (x.dim() - 1)).bernoulli_(0.8)
        return x * keep / 0.8


def in_reverse(x, p, training=True):
    """A generator of its own, drawn from in chunks and backwards."""
    rng = np.random.default_rng()
    chunks = [rng.random(x.shape[1]) for _ in range(len(x))]
    mask = np.array(chunks[::-1])[:, ::-1] < 1 - p
    return np.where(mask, x / (1 - p) if p < 1 else 0.0, 0) if training else x


def in_half_precision(x, p, training=True):
    return F.dropout(x.half(), p, training)


def to_double_before(x, p, training=True):
    return F.dropout(x.double(), p, training)


def to_double_after(x, p, training=True):
    return F.dropout(x, p, training).double()


def double_by_single(x, p, training=True):
    """A float64 result of a float32 x and a float32 q, as in code that computes in two dtypes."""
    mask = RNG.random(x.shape) < 1 - p
    scale = np.divide(1, np.float32(1 - p), where=p < 1, out=np.zeros(()))
    return x.astype(np.float64) * (mask * scale if training else 1)


RIGHT_LAYERS = {
    "nn.Dropout": (nn.Dropout(0.2), "inverted dropout", {}),
    "nn.Dropout in place": (nn.Dropout(0.2, inplace=True), "inverted dropout", {}),
    "nn.Sequential": (nn.Sequential(nn.Dropout(0.2)), "inverted dropout", {}),
    "InvertedDropout": (InvertedDropout(0.2), "inverted dropout", {}),
    "InvertedDropout in place": (InvertedDropout(0.2, inplace=True), "inverted dropout", {}),
    "StandardDropout": (StandardDropout(0.2), "standard dropout", {}),
    "F.dropout": (F.dropout, "inverted dropout", {}),
    "torch.dropout": (torch.dropout, "inverted dropout", {}),
    "float16": (in_half_precision, "inverted dropout", {}),
    "another order of calls": (in_reverse, "inverted dropout", {}),
    "a given mask, inverted": (inverted_train, "inverted dropout", {}),
    "a cache and a backward": (with_cache, "inverted dropout", {"backward": inverted_backward}),
    "Gaussian noise": (Gaussian(), "noise of mean 1 and variance p/q", {}),
    "DropPath": (DropPath(), "inverted dropout, with one decision for a whole row", {}),
    "Dropout1d": (nn.Dropout1d(0.2), "inverted dropout, with one decision for a whole channel", {}),
    "Dropout2d": (nn.Dropout2d(0.2), "inverted dropout, with one decision for a whole channel", {}),
    "Dropout3d": (nn.Dropout3d(0.2), "inverted dropout, with one decision for a whole channel", {}),
}


@pytest.mark.parametrize(("layer", "kind", "more"), RIGHT_LAYERS.values(), ids=RIGHT_LAYERS)
def test_a_right_layer_is_accepted_and_named(layer, kind, more):
    report = diagnose(layer, 0.2, **more)
    assert report.ok, str(report)
    assert report.misconception is None
    assert report.explanation.startswith(f"This is {kind}")


@pytest.mark.parametrize("layer", [to_double_before, to_double_after, double_by_single])
@pytest.mark.parametrize("p", [0.1, 0.3, 0.4, 0.7])  # a q that float32 rounds
def test_float64_beside_float32_is_accepted(layer, p):
    report = diagnose(layer, p)
    assert report.ok, str(report)


@pytest.mark.parametrize("p", [0.01, 0.05, 0.45, 0.5, 0.55, 0.95, 0.99])
def test_any_p_that_can_be_judged_is_judged(p):
    assert diagnose(nn.Dropout(p), p).ok


def test_fifty_right_layers_are_all_called_right(torch_seed):
    # At fewer than ten comparisons of ALPHA = 1e-7 each, one of these runs fails in 20 000.
    for i, p in enumerate(np.linspace(0.05, 0.95, 50)):
        torch.manual_seed((torch_seed + i) % 2**63)  # diagnose leaves the generator where it was
        assert diagnose(nn.Dropout(p), p).ok


def test_a_run_makes_fewer_comparisons_with_chance_than_the_promised_rate_allows(monkeypatch):
    from dropout_scaling.diagnose import _multipliers as multipliers

    calls = []
    agrees = multipliers.agrees
    monkeypatch.setattr(multipliers, "agrees", lambda *args: calls.append(args) or agrees(*args))
    diagnose(nn.Dropout2d(0.2), 0.2)
    # One test of the rate against each of six names, of which only q's can raise a false alarm,
    # the same test once more for the evidence, and one for each axis.
    assert len({args for args in calls if args[2] not in (0.2, 0.5, 1.0, 0.0, 0.8**2)}) < 10


def test_the_seed_decides_nothing():
    for seed in (0, 1):
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - the bank draws from it
        assert diagnose(nn.Dropout(0.2), 0.2).ok
        assert diagnose(MISCONCEPTIONS["keeps_p"].layer, 0.2).misconception == "keeps_p"


@pytest.mark.parametrize(
    "layer", [nn.AlphaDropout(0.2), nn.FeatureAlphaDropout(0.2), F.alpha_dropout]
)
def test_alpha_dropout_is_named_and_is_no_plain_dropout(layer):
    report = diagnose(layer, 0.2)
    assert (report.ok, report.misconception) == (False, None)
    assert report.explanation.startswith("This is alpha dropout, made for SELU networks")


def test_one_decision_for_all_units_and_positions_of_a_row_is_named():
    report = diagnose(DropPath(), 0.2, shape=(32, 8, 4))
    assert report.explanation.endswith("with one decision for a whole row, as DropPath.")


@pytest.mark.parametrize(
    ("layer", "ok"),
    [
        (functools.partial(F.dropout, p=0.9), False),
        (functools.partial(F.dropout, p=0.2), True),
        (functools.partial(F.dropout, p=0.2, training=False), False),
    ],
)
def test_what_is_bound_in_a_partial_is_what_is_judged(layer, ok):
    assert diagnose(layer, 0.2).ok is ok


def test_a_partial_whose_mode_is_bound_has_its_evaluation_unseen():
    report = diagnose(functools.partial(F.dropout, p=0.2, training=True), 0.2)
    assert report.evidence[-1].startswith("evaluation was not seen")
    assert str(report).splitlines()[0] == "right while training; evaluation was not seen"
    assert str(diagnose(nn.Dropout(0.2), 0.2)).splitlines()[0] == "right"


@pytest.mark.parametrize("layer", [standard_train, functools.partial(with_keep_prob, mode="train")])
def test_what_does_not_scale_is_right_only_if_evaluation_does(layer):
    report = diagnose(layer, 0.2)
    assert (report.ok, report.judged, report.misconception) == (False, False, None)
    headline = "right only if evaluation multiplies by 0.8, which was not seen"
    assert str(report).splitlines()[0] == headline
    assert "forgets_the_scale" in report.explanation


def test_a_layer_that_cannot_be_run_is_neither_right_nor_wrong():
    report = diagnose(nn.Linear(3, 3), 0.2)  # wants other inputs
    assert (report.ok, report.judged) == (False, False)
    assert str(report).splitlines()[0] == "not judged"
    assert diagnose(nn.Dropout(0.2), 0.2).judged


def unscaled_that_drops_at_0(x, p, training=True):
    return x * (torch.rand_like(x) > p) if training else x


def by_p_with_nan_at_1(x, p, training=True):
    return x * (torch.rand_like(x) < 1 - p) / p * (1 - p) / (1 - p) if training else x


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (unscaled_that_drops_at_0, "forgets_the_scale"),
        (by_p_with_nan_at_1, "divides_by_p"),
    ],
)
def test_what_is_wrong_at_p_0_or_1_hides_no_fault_in_between(layer, name):
    assert diagnose(layer, 0.2).misconception == name


def unscaled_and_coarse(x, p, training=True):
    return (F.dropout(x, p, training) * (1 - p if training else 1)).bfloat16()


def test_names_of_a_scale_that_the_precision_does_not_tell_apart_are_told():
    report = diagnose(unscaled_and_coarse, 0.02)
    assert report.ok
    note = "the scale may be 1 or 1/q or 1/sqrt(q) or q: here they cannot be told apart"
    assert note in report.evidence
    assert not any("told apart" in line for line in diagnose(nn.Dropout(0.2), 0.2).evidence)
    assert not diagnose(unscaled_and_coarse, 0.2).ok


@pytest.mark.parametrize(
    ("layer", "word"), [(F.dropout, "may explain"), (nn.Dropout(0.2), "cannot explain")]
)
def test_the_evidence_says_in_words_how_many_draws_and_how_often_it_is_wrong(layer, word):
    (line,) = (line for line in diagnose(layer, 0.3).evidence if "draws were kept" in line)
    assert re.match(r"\d+ of \d+ independent draws were kept, a share of 0\.\d{4}: chance", line)
    assert f"chance alone {word}" in line
    assert line.endswith("the distance from q = 0.7 (false alarms: one in 10 million at most)")


@pytest.mark.parametrize(("p", "moved"), [(0.44, 0), (0.46, 1), (0.54, 1), (0.56, 0)])
def test_near_a_half_a_function_is_judged_elsewhere_and_a_module_told_so(p, moved):
    assert sum("judged at p = 0.2" in line for line in diagnose(F.dropout, p).evidence) == moved
    assert sum("try another p" in line for line in diagnose(nn.Dropout(p), p).evidence) == moved


# What cannot be judged.


def returns(value):
    return lambda x, p: value


def raises(x, p):
    raise ZeroDivisionError("no such luck")


def raises_at_evaluation(x, p, training=True):
    return F.dropout(x, p) if training else raises(x, p)


UNUSABLE = {
    "raises": (raises, "raised ZeroDivisionError: no such luck"),
    "raises at evaluation": (raises_at_evaluation, "raised ZeroDivisionError: no such luck"),
    "shape": (lambda x, p: x[:1], "returned shape (1, 32) for an input of shape (64, 32)"),
    "integers": (lambda x, p: x.astype(int), "returned dtype int64, which is not floating point"),
    "nothing": (returns(None), "returned a NoneType for a ndarray"),
    "a number": (returns(1.0), "returned a float for a ndarray"),
    "wrong size": (nn.Linear(3, 4), "raised RuntimeError: mat1 and mat2 shapes cannot be"),
}


@pytest.mark.parametrize(("layer", "text"), UNUSABLE.values(), ids=UNUSABLE)
def test_what_gives_nothing_to_judge_is_reported_and_not_raised(layer, text):
    report = diagnose(layer, 0.2)
    assert not report.ok
    assert report.misconception is None
    assert report.evidence[0].startswith(text)


def refuses_the_ends(x, p, training=True):
    if not 0 < p < 1:
        raise ValueError("p must be inside (0, 1)")
    return np.where(RNG.random(x.shape) < 1 - p, x / (1 - p), 0) if training else x


def test_a_layer_that_refuses_p_of_0_and_1_may_be_right():
    report = diagnose(refuses_the_ends, 0.2)
    assert report.ok
    assert "at p = 1 it raised ValueError: p must be inside (0, 1)" in report.evidence


def test_a_layer_that_never_returns_is_stopped():
    stopped = []

    def hangs(x, p):
        try:
            while True:
                time.sleep(0.01)
        finally:
            stopped.append(True)

    report = diagnose(hangs, 0.2, limit=0.3)
    assert report.evidence == ("did not return within 0.3 s",)
    for _ in range(500):
        if stopped:
            break
        time.sleep(0.01)
    assert stopped


def test_a_module_gets_its_modes_back_part_by_part():
    module = nn.Sequential(nn.Dropout(0.2), nn.Identity())
    module.eval()
    module[0].train()
    diagnose(module, 0.2)
    assert [part.training for part in module.modules()] == [False, True, False]


def test_an_unknown_mixture_is_described_by_what_differs():
    report = diagnose(Wrong(0.9, 3.0), 0.2)
    assert report.misconception is None
    assert report.explanation.startswith("No known misconception explains this: 7")
    assert "while training, every kept value is multiplied by 3." in report.explanation


def test_a_module_at_a_half_is_told_what_cannot_be_told():
    report = diagnose(nn.Dropout(0.5), 0.5)
    assert report.ok
    assert "keeps_p" in report.evidence[-1]


def test_a_report_reads_as_text():
    text = str(Report(False, "keeps_p", "Why.", ("one", "two")))
    assert text == "wrong: keeps_p\nWhy.\n  - one\n  - two"


@pytest.mark.parametrize("p", [0.0, 0.005, 1.0])
def test_a_p_that_leaves_too_little_to_judge_is_refused(p):
    text = f"p must be in [0.01, 0.99] to be judged by sampling, got {p}"
    with pytest.raises(ValueError, match=says(text)):
        diagnose(nn.Dropout(0.2), p)


def test_what_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match=says("layer must be callable, got int")):
        diagnose(3, 0.2)
    with pytest.raises(TypeError, match=says("layer must be an instance, got the class Dropout")):
        diagnose(nn.Dropout, 0.2)
    text = "layer must take x and arguments named like p, keep, either, training, "
    text += "evaluation, mode, settings, mask, rng, seed, got w"
    with pytest.raises(TypeError, match=says(text)):
        diagnose(lambda x, w: x, 0.2)


def test_there_are_two_right_kinds():
    assert set(RIGHT) == {
        "inverted dropout",
        "standard dropout",
    }
    assert inverted_backward is not standard_backward


# --- in a notebook ---


def rendered(report):
    html = MarkdownIt("commonmark").use(dollarmath_plugin).render(report._repr_markdown_())
    return BeautifulSoup(html, "html.parser")


SIGNS = Report(False, "a_b", "Cure: f(*x_, **y) < `q` of [0, 1) | $2 or $3.", ("self.training_",))


def test_what_a_notebook_shows_is_the_text_of_the_report():
    known = [diagnose(MISCONCEPTIONS[n].layer, 0.2) for n in ("divides_by_p", *AT_THE_ENDS)]
    for report in [*known, SIGNS]:
        page = rendered(report)
        headline = str(report).partition("\n")[0]
        assert page.p.get_text() == f"{headline[0].upper()}{headline[1:]}. {report.explanation}"
        assert [item.get_text() for item in page.select("details li")] == list(report.evidence)


def test_names_of_code_are_set_as_code_and_numbers_are_not():
    report = Report(False, "divides_by_p", "Use np.where at 1.25, or self.training.", ("1.5e3",))
    assert [c.get_text() for c in rendered(report).select("code")] == [
        "divides_by_p",
        "np.where",
        "self.training",
    ]
