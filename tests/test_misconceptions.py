"""The bank: each wrong dropout is told from the others and from the right ones."""

import itertools

import pytest

from dropout_scaling.diagnose._verdict import _agree, _right
from dropout_scaling.diagnose.observe import observe
from dropout_scaling.misconceptions import MISCONCEPTIONS

FUNCTIONS = {name: m for name, m in MISCONCEPTIONS.items() if callable(m.layer)}
members = pytest.mark.parametrize("name", MISCONCEPTIONS)


def test_the_bank_holds_more_than_twenty():
    assert len(MISCONCEPTIONS) >= 20


@members
def test_each_has_a_symptom_a_cure_and_an_address_or_none(name):
    member = MISCONCEPTIONS[name]
    assert member.name == name
    assert len(member.symptom) > 15
    assert len(member.cure) > 15
    assert member.met == "" or member.met.startswith("https://github.com/")


@pytest.mark.parametrize("p", [0.2, 0.3])
def test_no_two_behave_alike(p):
    facts = {name: observe(m.layer, p).facts for name, m in MISCONCEPTIONS.items()}
    alike = [pair for pair in itertools.combinations(facts, 2) if _agree(*(facts[n] for n in pair))]
    assert alike == []


@members
@pytest.mark.parametrize("p", [0.1, 0.2, 0.3, 0.7, 0.8])
def test_none_looks_right(name, p):
    assert _right(observe(MISCONCEPTIONS[name].layer, p).facts) is None


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_marked_as_hidden_at_a_half_is_what_confuses_keep_and_drop(name):
    member = FUNCTIONS[name]

    def at(p):
        # p fixed, as a module has it: the ends p = 0 and p = 1 are then out of sight.
        return _right(observe(lambda x, training=True: member.layer(x, p, training), p).facts)

    hidden_at_half_alone = at(0.5) is not None and at(0.2) is None
    assert member.hidden_at_half == hidden_at_half_alone
