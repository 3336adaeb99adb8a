"""`watch`: one run written down, and nothing of it left behind."""

import contextlib
import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.modules import module as module_hooks

from dropout_scaling.audit import audit
from dropout_scaling.audit._recorded_functions import PASSING_FUNCTIONS
from dropout_scaling.audit.watch import watch

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
    watch(DrawsEverywhere(), (X,), {}, training=True, seed=0)
    assert state() == before


def test_no_hook_is_left_of_which_torch_compile_would_warn():
    watch(nn.Dropout(0.2), (X,), {}, training=True, seed=0)
    assert not module_hooks._has_any_global_hook()


def test_a_compiled_model_is_watched_and_what_watches_is_not_compiled(caplog):
    compiled = torch.compile(Twice(), backend="eager")
    compiled(X)
    assert [finding.kind for finding in audit(compiled, X)] == ["active in eval"]
    assert caplog.text == ""  # PyTorch's compiler warns of what it cannot compile


class Twice(nn.Module):
    def forward(self, x):
        for _ in range(2):
            x = F.dropout(x, 0.2).tanh()
        return x


def test_each_call_is_an_event_and_a_line_that_is_run_twice_is_one_finding():
    events = watch(Twice(), (X,), {}, training=False, seed=0).events
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

    output = watch(Model(), (X,), {}, training=True, seed=0).output
    assert output.detail["p"] == 0.2
    assert output.detail["function"] is F.dropout


def test_logits_come_before_what_else_a_dict_like_output_holds():
    class Output(dict):
        logits = property(lambda self: self["logits"])

    class Model(nn.Module):
        def forward(self, x):
            return Output(hidden=x * 2, logits=F.dropout(x, 0.2))

    assert watch(Model(), (X,), {}, training=True, seed=0).output is not None


# What passes on the same values, and comes out as (8, 4) at a batch norm.
PASSING_ON = {
    "Tensor.view": lambda x: x.view(8, 4),
    "Tensor.reshape": lambda x: x.reshape(8, 4),
    "reshape": lambda x: torch.reshape(x, (8, 4)),
    "Tensor.flatten": lambda x: x.flatten(1),
    "flatten": lambda x: torch.flatten(x, 1),
    "Tensor.contiguous": lambda x: x.contiguous(),
    "Tensor.permute": lambda x: x.permute(0, 1),
    "permute": lambda x: torch.permute(x, (0, 1)),
    "Tensor.transpose": lambda x: x.transpose(0, 0),
    "transpose": lambda x: torch.transpose(x, 0, 0),
    "Tensor.squeeze": lambda x: x.squeeze(),
    "squeeze": lambda x: torch.squeeze(x),
    "Tensor.unsqueeze": lambda x: x.unsqueeze(-1),
    "unsqueeze": lambda x: torch.unsqueeze(x, -1),
}


@pytest.mark.parametrize("passes", PASSING_ON.values(), ids=PASSING_ON)
def test_a_dropout_is_followed_through_what_passes_on_its_values(passes):
    class Model(nn.Module):
        def forward(self, x):
            return F.batch_norm(
                passes(F.dropout(x, 0.2)), torch.zeros(4), torch.ones(4), training=True
            )

    events = watch(Model(), (X,), {}, training=True, seed=0).events
    assert [e.detail["source"].kind for e in events if e.kind == "batch norm"] == ["dropout"]


def test_each_function_that_passes_values_on_is_tried():
    tried = {getattr(torch.Tensor if "." in n else torch, n.split(".")[-1]) for n in PASSING_ON}
    assert tried == PASSING_FUNCTIONS


WITH_WEIGHTS = {
    "linear": (lambda x, w: F.linear(x, w), (8, 4), (4, 4)),
    "conv1d": (lambda x, w: F.conv1d(x, w), (1, 4, 8), (2, 4, 3)),
    "conv2d": (lambda x, w: F.conv2d(x, w), (1, 4, 8, 8), (2, 4, 3, 3)),
    "conv3d": (lambda x, w: F.conv3d(x, w), (1, 4, 8, 8, 8), (2, 4, 3, 3, 3)),
    "torch.conv1d": (lambda x, w: torch.conv1d(x, w), (1, 4, 8), (2, 4, 3)),
    "torch.conv2d": (lambda x, w: torch.conv2d(x, w), (1, 4, 8, 8), (2, 4, 3, 3)),
    "torch.conv3d": (lambda x, w: torch.conv3d(x, w), (1, 4, 8, 8, 8), (2, 4, 3, 3, 3)),
}


@pytest.mark.parametrize(("weigh", "size", "weight"), WITH_WEIGHTS.values(), ids=WITH_WEIGHTS)
def test_a_dropout_behind_weights_is_known_as_one(weigh, size, weight):
    class Model(nn.Module):
        def forward(self, x):
            return F.dropout(weigh(x, torch.ones(weight)), 0.2)

    assert watch(Model(), (torch.ones(size),), {}, training=True, seed=0).output.detail["weighted"]


def test_a_dropout_behind_anything_else_is_not_behind_weights():
    class Model(nn.Module):
        def forward(self, x):
            return F.dropout(x.tanh(), 0.2)

    assert not watch(Model(), (X,), {}, training=True, seed=0).output.detail["weighted"]


class Stops(nn.Module):
    """Catches what a part of it raises, and goes on."""

    def __init__(self):
        super().__init__()
        self.part = nn.Linear(3, 3)

    def forward(self, x):
        with contextlib.suppress(RuntimeError):
            self.part(x)  # of another size
        return F.dropout(x, 0.2)


def test_a_part_that_raises_is_left_all_the_same():
    events = watch(nn.Sequential(Stops()), (X,), {}, training=True, seed=0).events
    assert {event.module for event in events} == {"0"}


def test_an_event_names_the_innermost_module():
    model = nn.Sequential(nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.2)), nn.Linear(4, 4))
    events = watch(model, (X,), {}, training=True, seed=0).events
    assert {event.module for event in events} == {"0.1"}
