"""`watch`: one run written down, and nothing of it left behind."""

import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from dropout_scaling.audit import audit
from dropout_scaling.watch import watch

X = torch.ones(8, 4)


class DrawsEverywhere(nn.Module):
    def forward(self, x):
        return x * random.random() * np.random.random() * torch.rand(())  # noqa: NPY002


@pytest.mark.parametrize(
    "state",
    [
        random.getstate,
        lambda: str(np.random.get_state()),  # noqa: NPY002
        lambda: torch.get_rng_state().tolist(),
    ],
    ids=["random", "NumPy", "torch"],
)
def test_a_model_that_draws_leaves_the_generators_as_they_were(state):
    before = state()
    watch(DrawsEverywhere(), (X,), {}, training=True)
    assert state() == before


class Twice(nn.Module):
    def forward(self, x):
        for _ in range(2):
            x = F.dropout(x, 0.2).tanh()
        return x


def test_each_call_is_an_event_and_a_line_that_is_run_twice_is_one_finding():
    events = watch(Twice(), (X,), {}, training=False).events
    assert [event.kind for event in events].count("dropout") == 2
    assert [finding.kind for finding in audit(Twice(), X)] == ["active in eval"]


@pytest.mark.parametrize(
    "returned",
    [
        lambda y: y,
        lambda y: (y, y * 2),
        lambda y: {"a": y},
        lambda y: [None, (y,)],
        lambda y: SimpleNamespace(loss=y.sum(), logits=y),
    ],
    ids=["tensor", "tuple", "dict", "nested", "logits"],
)
def test_the_output_is_followed_in_whatever_it_is_wrapped(returned):
    class Model(nn.Module):
        def forward(self, x):
            return returned(F.dropout(x, 0.2))

    output = watch(Model(), (X,), {}, training=True).output
    assert output.detail["p"] == 0.2
    assert output.detail["function"] is F.dropout


def test_logits_come_before_what_else_a_dict_like_output_holds():
    class Output(dict):
        logits = property(lambda self: self["logits"])

    class Model(nn.Module):
        def forward(self, x):
            return Output(hidden=x * 2, logits=F.dropout(x, 0.2))

    assert watch(Model(), (X,), {}, training=True).output is not None


def test_an_event_names_the_innermost_module():
    model = nn.Sequential(nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.2)), nn.Linear(4, 4))
    events = watch(model, (X,), {}, training=True).events
    assert {event.module for event in events} == {"0.1"}
