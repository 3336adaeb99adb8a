"""The bank: each wrong dropout is told from the others and from the right ones."""

import inspect
import itertools
import re

import numpy as np
import pytest
import torch

from dropout_scaling import misconceptions
from dropout_scaling.diagnose._matching_misconceptions import agree, kind_of, shown
from dropout_scaling.diagnose.observe import observe
from dropout_scaling.misconceptions import MISCONCEPTIONS

FUNCTIONS = {name: m for name, m in MISCONCEPTIONS.items() if callable(m.layer)}
members = pytest.mark.parametrize("name", MISCONCEPTIONS)


def test_the_bank_holds_more_than_twenty():
    assert len(MISCONCEPTIONS) >= 20


def test_each_wrong_dropout_that_is_written_is_in_the_bank():
    written = {
        function
        for _, function in inspect.getmembers(misconceptions, inspect.isfunction)
        if [*inspect.signature(function).parameters] == ["x", "p", "training"]
    }
    assert len(written) > 20
    assert written <= {layer for m in MISCONCEPTIONS.values() for layer in (m.layer, *m.also)}


@members
def test_each_has_a_symptom_a_cure_and_an_address_or_none(name):
    member = MISCONCEPTIONS[name]
    assert member.name == name
    assert len(member.symptom) > 15
    assert len(member.cure) > 15
    assert member.advice[0].isupper()
    assert member.advice.lower().startswith(f"{member.symptom}. cure: ".lower())
    assert member.met == "" or member.met.startswith("https://github.com/")


@members
def test_what_is_said_of_each_holds_at_any_p(name):
    assert not re.search(r"p = 0\.\d", MISCONCEPTIONS[name].advice)


@members
def test_each_trains_unless_told_otherwise(name):
    layer = MISCONCEPTIONS[name].layer
    function = layer if callable(layer) else layer.forward
    assert inspect.signature(function).parameters["training"].default is True


@pytest.mark.parametrize("p", [0.2, 0.3])
def test_no_two_behave_alike(p):
    facts = {
        (name, i): observe(layer, p).facts
        for name, m in MISCONCEPTIONS.items()
        for i, layer in enumerate((m.layer, *m.also))
    }
    alike = [
        pair
        for pair in itertools.combinations(facts, 2)
        if all(map(agree, *(facts[n] for n in pair)))
    ]
    assert alike == []


AT_THE_ENDS = {"divides_zero_by_zero", "keeps_where_u_exceeds_p"}


@members
@pytest.mark.parametrize("p", [0.1, 0.2, 0.3, 0.7, 0.8])
def test_none_looks_right_but_for_what_fails_only_at_the_ends(name, p):
    kind = kind_of(shown(observe(MISCONCEPTIONS[name].layer, p).facts))
    assert (kind is not None) == (name in AT_THE_ENDS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_marked_as_hidden_at_a_half_is_what_confuses_keep_and_drop(name):
    member = FUNCTIONS[name]

    def at(p):
        # p fixed, as a module has it: the ends p = 0 and p = 1 are then out of sight.
        seen = observe(lambda x, training=True: member.layer(x, p, training), p)
        return kind_of(shown(seen.facts))

    hidden_at_half_alone = at(0.5) is not None and at(0.2) is None
    assert member.hidden_at_half == hidden_at_half_alone


# What differs from inverted dropout at p = 0.2; all else is as there. A word for a set of names is
# one of its names.
PLAIN = {
    "kind": "mask", "rate": frozenset({"q"}), "scale": frozenset({"1/q"}), "shared": (),
    "dependent": (), "count": "free", "evaluation": frozenset({"1"}), "backward": "same",
    "at_zero": "keeps all", "at_one": "zeros", "mutates": False,
}  # fmt: skip
DIFFERS = {
    "keeps_p": {"rate": "p", "at_zero": "drops many", "at_one": "other"},
    "takes_p_for_keep": {"rate": "p", "scale": "1/p", "at_zero": "drops many", "at_one": "other"},
    "divides_by_p": {"scale": "1/p"},
    "ignores_p": {"rate": "1/2", "at_zero": "drops many", "at_one": "other"},
    "drops_twice": {"rate": "q^2", "scale": "1/q^2"},
    "forgets_the_scale": {"scale": "1"},
    "scales_at_both_times": {"evaluation": "q"},
    "divides_at_both_times": {"evaluation": "1/q", "at_one": "nan"},
    "divides_twice": {"scale": "1/q^2"},
    "multiplies_while_training": {"scale": "q"},
    "divides_at_evaluation": {"scale": "1", "evaluation": "1/q"},
    "evaluates_with_p": {"scale": "1", "evaluation": "p"},
    "evaluates_with_a_half": {"scale": "1", "evaluation": "1/2"},
    "keeps_the_sum": {"kind": "mask, scale varies", "scale": "n/K"},
    "keeps_the_variance": {"scale": "1/sqrt(q)"},
    "drops_at_evaluation": {"evaluation": "drops"},
    "never_drops": {"rate": "1", "scale": "1", "at_one": "other"},
    "swaps_the_modes": {"rate": "1", "scale": "1", "evaluation": "drops", "at_one": "other"},
    "shares_the_mask_in_a_batch": {"shared": ("row",)},
    "tosses_one_coin": {"shared": ("row", "unit")},
    "freezes_the_mask": {"shared": ("call",)},
    "drops_an_exact_share": {"count": "fixed"},
    "multiplies_by_uniform_noise": {
        "kind": "noise",
        "rate": None,
        "scale": None,
        "at_one": "other",
    },
    "divides_zero_by_zero": {"at_one": "nan"},
    "keeps_where_u_exceeds_p": {"at_zero": "drops"},
    "writes_into_its_input": {"mutates": True},
    "backward_without_mask": {"backward": "no mask"},
    "backward_without_scale": {"backward": "no scale"},
    "backward_with_another_mask": {"backward": "other mask"},
}


@members
def test_each_differs_from_inverted_dropout_in_its_mistake_alone(name):
    facts = observe(MISCONCEPTIONS[name].layer, 0.2).facts
    own = {
        fact: frozenset({word}) if fact in ("rate", "scale", "evaluation") and word else word
        for fact, word in DIFFERS[name].items()
    }
    expected = PLAIN | own
    rows = [(field, getattr(facts, field), fact) for field, fact in expected.items()]
    assert [row for row in rows if not agree(*row[1:])] == []
    assert facts.error is None  # after an error nothing is seen, which agrees with everything


@pytest.fixture
def u(monkeypatch):
    """The four uniform numbers that a layer then draws, each time."""
    u = np.array([0.0, 0.125, 0.25, 0.75])
    monkeypatch.setattr(np.random, "random_sample", lambda shape: u.reshape(shape))
    return u


def test_uniform_noise_is_inverted_dropout_without_the_comparison(u):
    layer = MISCONCEPTIONS["multiplies_by_uniform_noise"].layer
    assert layer(np.full(4, 3.0), 0.75).tolist() == (3 * u / 0.25).tolist()


def test_another_mask_s_gradient_is_right_but_for_the_mask(u):
    layer, x = MISCONCEPTIONS["backward_with_another_mask"].layer, np.full(4, 3.0)
    assert layer.forward(x, 0.75).tolist() == [12, 12, 0, 0]
    assert layer.backward(x).tolist() == [12, 12, 0, 0]


def test_u_above_p_drops_one_bfloat16_of_some_hundreds_at_0(torch_seed):
    # PyTorch 2.13 rounds a float32 in [0, 1) to bfloat16, and makes 0 of what rounds to 1: one of
    # 512. Drawn on the grid of 256ths, it would be one of 256. The number of dropped ones has a
    # standard deviation of 45 or 64: a false alarm in less than one run of 10^9.
    n = 2**20
    layer = MISCONCEPTIONS["keeps_where_u_exceeds_p"].layer
    dropped = (layer(torch.ones(n, dtype=torch.bfloat16), 0.0) == 0).sum().item()
    assert n / 600 < dropped < n / 225


@pytest.fixture
def numpy_seed(rng):
    """A seed of this test's own in NumPy's global generator, from which the bank draws."""
    before = np.random.get_state()  # noqa: NPY002
    np.random.seed(rng.integers(2**32))  # noqa: NPY002
    yield
    np.random.set_state(before)  # noqa: NPY002


@pytest.mark.parametrize("name", [name for name, member in MISCONCEPTIONS.items() if member.also])
def test_a_variant_keeps_as_many_as_its_namesake(name, numpy_seed):
    member, ones = MISCONCEPTIONS[name], np.ones(100_000)
    namesake, *variants = (
        np.count_nonzero(layer(ones, 0.2)) / ones.size for layer in (member.layer, *member.also)
    )
    for share in variants:
        q = (share + namesake) / 2  # five standard deviations of the difference of two shares
        assert abs(share - namesake) <= 5 * (2 * q * (1 - q) / ones.size) ** 0.5


AS_IN_THE_PAPER = [
    layer
    for member in MISCONCEPTIONS.values()
    for layer in member.also
    if layer.__name__.endswith("_as_in_the_paper")
]


@pytest.mark.parametrize("layer", AS_IN_THE_PAPER)
def test_a_variant_as_in_the_paper_multiplies_at_evaluation_by_the_share_it_keeps(
    layer, numpy_seed
):
    ones = np.ones(100_000)
    kept = layer(ones, 0.2).mean()
    (q,) = set(layer(ones, 0.2, training=False))
    # Five standard deviations of a share: a false alarm in less than one run of 10^6.
    assert abs(kept - q) <= 5 * (q * (1 - q) / ones.size) ** 0.5
