"""`audit`: finds each fault where it is, is silent on what is right, leaves the model alone."""

import inspect
import json
import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from helpers import says
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from dropout_scaling.audit import Finding, audit
from dropout_scaling.nn import InvertedDropout, StandardDropout

X = torch.ones(8, 4)


class Net(nn.Module):
    """A right model, into which each subclass plants one fault."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
        self.drop, self.norm = nn.Dropout(0.2), nn.BatchNorm1d(4)

    def forward(self, x):
        return self.second(self.drop(self.norm(self.first(x)).relu()))


class FunctionalInEval(Net):
    def forward(self, x):
        return self.second(F.dropout(self.first(x), 0.3))  # fault


class AttentionInEval(Net):
    def forward(self, x):
        x = self.first(x)[None, None]
        return self.second(F.scaled_dot_product_attention(x, x, x, dropout_p=0.3))[0, 0]  # fault


class BeforeNorm(Net):
    def forward(self, x):
        return self.second(self.norm(self.drop(self.first(x))))  # fault


class BeforeNormThroughView(Net):
    def forward(self, x):
        x = self.drop(self.first(x)).view(8, 4)
        return self.second(F.batch_norm(x, None, None, training=True))  # fault


class Double(Net):
    def forward(self, x):
        return self.second(F.dropout(self.drop(self.first(x)), 0.3, self.training))  # fault


class OnTheOutput(Net):
    def forward(self, x):
        return self.drop(self.second(x))  # fault


class WrongDimension(Net):
    def forward(self, x):
        return self.second(F.dropout2d(self.first(x)[None], 0.3, self.training)[0])  # fault


class Redrawn(Net):
    reentrant = False

    def block(self, x):
        return self.drop(self.first(x)).tanh()  # fault

    def forward(self, x):
        x = x.requires_grad_()
        kept = {"use_reentrant": self.reentrant, "preserve_rng_state": False}
        return self.second(checkpoint(self.block, x, **kept))


class RedrawnReentrant(Redrawn):
    reentrant = True


# fault -> (kind, module)
FAULTS = {
    FunctionalInEval: ("active in eval", ""),
    AttentionInEval: ("active in eval", ""),
    BeforeNorm: ("dropout before batch norm", "norm"),
    BeforeNormThroughView: ("dropout before batch norm", ""),
    Double: ("double dropout", ""),
    OnTheOutput: ("dropout on the output", "drop"),
    WrongDimension: ("wrong dimension", ""),
    Redrawn: ("redrawn mask", "drop"),
    RedrawnReentrant: ("redrawn mask", "drop"),
}


def fault_line(kind):
    """Return file:line of the line that is marked as the fault."""
    kind = next(base for base in kind.__mro__ if "# fault" in inspect.getsource(base))
    lines, start = inspect.getsourcelines(kind)
    at = next(i for i, line in enumerate(lines) if line.rstrip().endswith("# fault"))
    return f"{inspect.getsourcefile(kind)}:{start + at}"


def test_a_right_model_has_no_finding():
    assert audit(Net(), X) == []


@pytest.mark.parametrize("kind", FAULTS)
def test_a_planted_fault_is_found_at_its_module_and_line(kind):
    findings = audit(kind(), X)
    assert [(f.kind, f.module, f.location) for f in findings] == [(*FAULTS[kind], fault_line(kind))]
    assert len(findings[0].message) > 30


def replaced(**parts):
    model = Net()
    for name, part in parts.items():
        setattr(model, name, part)
    return model


def partly(model, name, training):
    model.get_submodule(name).train(training)
    return model


STANDING = {
    "the whole in eval": (lambda: Net().eval(), "eval mode", ""),
    "dropout left in eval": (lambda: partly(Net(), "drop", False), "mixed modes", "drop"),
    "dropout left in train": (lambda: partly(Net().eval(), "drop", True), "mixed modes", "drop"),
    "p = 1": (lambda: replaced(drop=nn.Dropout(1.0)), "p is 1", "drop"),
    "p = 0": (lambda: replaced(drop=nn.Dropout(0.0)), "p is 0", "drop"),
    "ours, p = 0": (lambda: replaced(drop=StandardDropout(0.0)), "p is 0", "drop"),
    "LSTM": (lambda: nn.Sequential(nn.LSTM(4, 4, dropout=0.2)), "single-layer dropout", "0"),
    "GRU": (lambda: nn.Sequential(nn.GRU(4, 4, dropout=0.2)), "single-layer dropout", "0"),
    "ours, double": (
        lambda: replaced(drop=nn.Sequential(InvertedDropout(0.2), nn.Dropout(0.1))),
        "double dropout",
        "drop.1",
    ),
    "ours, on the output": (
        lambda: nn.Sequential(nn.Linear(4, 4), StandardDropout(0.2)),
        "dropout on the output",
        "1",
    ),
    "Dropout2d on three axes": (
        lambda: nn.Sequential(
            nn.Unflatten(1, (2, 2)), nn.Dropout2d(0.2), nn.Flatten(), nn.Linear(4, 2)
        ),
        "wrong dimension",
        "1",
    ),
}


@pytest.mark.filterwarnings("ignore:dropout option adds dropout:UserWarning")  # an LSTM's own
@pytest.mark.parametrize(("make", "kind", "module"), STANDING.values(), ids=STANDING)
def test_a_fault_of_a_layer_is_found_at_the_layer(make, kind, module):
    assert [(f.kind, f.module) for f in audit(make(), X)] == [(kind, module)]


class Checkpointed(Net):
    def forward(self, x):
        return checkpoint(super().forward, x, use_reentrant=False)


QUIET = {
    "checkpoint that keeps the random state": (Checkpointed, X),
    "p = 0 everywhere": (
        lambda: nn.Sequential(nn.Dropout(0.0), nn.Linear(4, 4), nn.Dropout(0.0)),
        X,
    ),
    "dropout behind a norm at the end": (
        lambda: nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4), nn.Dropout(0.1)),
        X,
    ),
    "no dropout, in eval": (lambda: nn.Linear(4, 4).eval(), X),
    "LSTM of two layers": (lambda: nn.LSTM(4, 4, 2, dropout=0.2), X[None]),
    "attention": (lambda: nn.MultiheadAttention(4, 2, dropout=0.2), (X[:, None],) * 3),
    "Transformer": (
        lambda: nn.Transformer(4, 2, 1, 1, 8, dropout=0.2, batch_first=True),
        (X[None], X[None]),
    ),
    "encoder": (
        lambda: nn.TransformerEncoder(
            nn.TransformerEncoderLayer(4, 2, 8, dropout=0.2, batch_first=True), 2
        ),
        {"src": X[None]},
    ),
}


@pytest.mark.parametrize(("make", "example"), QUIET.values(), ids=QUIET)
def test_what_is_right_has_no_finding(make, example):
    assert audit(make(), example) == []


class RaisesInForward(Net):
    def forward(self, x):
        self.norm(x)
        torch.rand(3)
        raise ZeroDivisionError("in forward")


class RaisesInEval(Net):
    def forward(self, x):
        if not self.training:
            raise ZeroDivisionError("in eval")
        return super().forward(x)


class Bad(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, grad):
        raise ZeroDivisionError("in backward")


class RaisesInBackward(Net):
    def forward(self, x):
        return Bad.apply(super().forward(x))


def state(model):
    from torch.nn.modules import module as hooks

    return {
        "modes": [part.training for part in model.modules()],
        "buffers": [(id(b), b.tolist()) for b in model.buffers()],
        "parameters": [p.tolist() for p in model.parameters()],
        "gradients": [
            (id(p.grad), None if p.grad is None else p.grad.tolist()) for p in model.parameters()
        ],
        "torch": torch.get_rng_state().tolist(),
        "numpy": str(np.random.get_state()),  # noqa: NPY002
        "random": random.getstate(),
        "hooks": [len(part._forward_hooks) for part in model.modules()]
        + [len(hooks._global_forward_hooks), len(hooks._global_forward_pre_hooks)],
    }


@pytest.mark.parametrize("kind", [Net, RaisesInForward, RaisesInEval, RaisesInBackward, *FAULTS])
def test_the_model_is_left_as_it_was_found(kind):
    model = kind()
    model.norm(X * torch.arange(8.0)[:, None])  # statistics that are not the initial ones
    model.first.weight.grad = torch.ones(4, 4)
    model.drop.eval()
    model.second.register_forward_hook(lambda *args: None)
    x = X.clone()
    before = state(model)
    if kind.__name__.startswith("Raises"):
        with pytest.raises(ZeroDivisionError, match=r"^in "):
            audit(model, x)
    else:
        audit(model, x)
    assert state(model) == before
    assert torch.equal(x, X)


def test_what_is_not_a_module_is_refused():
    with pytest.raises(TypeError, match=says("model must be a torch.nn.Module, got function")):
        audit(F.dropout, X)


def test_a_finding_reads_as_a_line():
    assert str(Finding("p is 1", "a.b", "", "why")) == "a.b: why [p is 1]"
    assert str(Finding("p is 1", "", "f.py:3", "why")) == "(model) f.py:3: why [p is 1]"


# The command.

MODELS = """
import torch
from torch import nn

def right():
    return nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.2), nn.Linear(4, 2))

def wrong():
    return nn.Sequential(nn.Linear(4, 4), nn.Dropout(1.0), nn.Linear(4, 2))

def tokens():
    return nn.Sequential(nn.Embedding(9, 4), nn.Dropout(0.2), nn.Linear(4, 2))
"""


@pytest.fixture(scope="module")
def command(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    (folder / "mine.py").write_text(MODELS)

    def run(*arguments):
        line = [sys.executable, "-m", "dropout_scaling.audit", *arguments]
        return subprocess.run(line, cwd=folder, capture_output=True, text=True)

    return run


def test_the_command_exits_with_0_where_there_is_no_finding(command):
    ended = command("mine:right", "--input", "8,4")
    assert (ended.returncode, ended.stdout) == (0, "0 findings\n"), ended.stderr


def test_the_command_exits_with_1_and_names_the_fault(command):
    ended = command("mine:wrong", "--input", "8,4")
    assert ended.returncode == 1, ended.stderr
    assert ended.stdout.startswith("1: p = 1 drops everything")
    assert ended.stdout.endswith("\n1 findings\n")


def test_the_command_prints_json_for_tools(command):
    ended = command("mine:wrong", "--input", "8,4", "--json")
    assert [set(finding) for finding in json.loads(ended.stdout)] == [set(Finding._fields)]


def test_the_command_takes_inputs_of_another_dtype(command):
    assert command("mine:tokens", "--input", "2,5:int64").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["mine", "--input", "8,4"], "model must be package.module:function, got mine"),
        (["nowhere:right", "--input", "8,4"], "model must name a function that can be imported"),
        (["mine:nothing", "--input", "8,4"], "model must name a function that can be imported"),
        (["mine:right", "--input", "8;4"], "--input must be like 8,3,32,32 or 2,16:int64"),
        (["mine:right", "--input", "8,4:text"], "--input must be like 8,3,32,32 or 2,16:int64"),
    ],
)
def test_the_command_refuses_what_it_cannot_read(command, arguments, text):
    ended = command(*arguments)
    assert ended.returncode == 2
    assert text in ended.stderr
