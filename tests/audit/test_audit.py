"""`audit`: finds each fault where it is, is silent on what is right, leaves the model alone."""

import inspect
import json
import random
import runpy
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
import yaml
from helpers import says
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from dropout_scaling.audit import Finding, audit
from dropout_scaling.audit.__main__ import main
from dropout_scaling.nn import InvertedDropout, StandardDropout
from tools.paths import ROOT
from tools.wild.cases import CASES

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


class BuiltInInEval(Net):
    def forward(self, x):
        return self.second(torch.dropout(self.first(x), 0.3, True))  # fault


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
        mean, variance = self.norm.running_mean, self.norm.running_var
        return self.second(F.batch_norm(x, mean, variance, training=True))  # fault


class Double(Net):
    def forward(self, x):
        return self.second(F.dropout(self.drop(self.first(x)), 0.3, self.training))  # fault


class OnTheOutput(Net):
    def __init__(self):
        super().__init__()
        self.second = nn.Linear(4, 3)  # of another shape than the input: not a block

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


class DrawsInEval(Net):
    def forward(self, x):
        return self.second(self.first(x) * torch.bernoulli(torch.full_like(x, 0.5)) * 2)  # fault


class MaskByHandInEval(Net):
    def forward(self, x):
        return self.second(self.first(x) * (torch.rand_like(x) < 0.8) / 0.8)  # fault


class HiddenInAList(Net):
    def __init__(self):
        super().__init__()
        self.drops = [nn.Dropout(0.2)]

    def forward(self, x):
        return self.second(self.drops[0](self.first(x)))  # fault


# fault -> (kind, module)
FAULTS = {
    FunctionalInEval: ("active in eval", ""),
    BuiltInInEval: ("active in eval", ""),
    AttentionInEval: ("active in eval", ""),
    BeforeNorm: ("dropout before batch norm", "norm"),
    BeforeNormThroughView: ("dropout before batch norm", ""),
    Double: ("double dropout", ""),
    OnTheOutput: ("dropout on the output", "drop"),
    WrongDimension: ("wrong dimension", ""),
    Redrawn: ("redrawn mask", "drop"),
    RedrawnReentrant: ("redrawn mask", "drop"),
    DrawsInEval: ("active in eval", ""),
    MaskByHandInEval: ("random in eval", ""),
    HiddenInAList: ("active in eval", ""),
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


@pytest.mark.parametrize(
    ("kind", "cure"),
    [
        (FunctionalInEval, "pass training=self.training"),
        (BuiltInInEval, "pass training=self.training"),
        (AttentionInEval, "pass dropout_p=p if self.training else 0.0"),
        (HiddenInAList, "model.eval() does not reach this layer"),
        (DrawsInEval, "draw only if self.training"),
        (MaskByHandInEval, "draw only if self.training"),
    ],
)
def test_what_drops_in_eval_mode_has_the_cure_for_its_kind(kind, cure):
    (finding,) = audit(kind(), X)
    assert cure in finding.message


class MaskFromNumPy(Net):
    def forward(self, x):
        return self.second(self.first(x) * torch.tensor(np.random.rand(*x.shape) < 0.8))  # noqa: NPY002


def test_a_mask_that_pytorch_does_not_draw_is_found_by_its_effect():
    (finding,) = audit(MaskFromNumPy(), X)
    assert (finding.kind, finding.location) == ("random in eval", "")
    assert "though PyTorch draws nothing" in finding.message


class Counts(Net):
    """Another output at each call, whatever the seed."""

    calls = 0

    def forward(self, x):
        self.calls += 1
        return self.second(self.first(x)) + self.calls


class DrawsForNothing(Net):
    def forward(self, x):
        torch.rand(3)
        return super().forward(x)


@pytest.mark.parametrize("kind", [Counts, DrawsForNothing])
def test_what_no_seed_changes_is_not_said_to_be_random(kind):
    assert audit(kind(), X) == []


def test_a_draw_in_eval_mode_is_not_said_to_be_of_attention():
    (finding,) = audit(DrawsInEval(), X)
    assert finding.message.startswith("draws a mask in eval mode. If it is dropout, ")


def replaced(**parts):
    model = Net()
    for name, part in parts.items():
        setattr(model, name, part)
    return model


def partly(model, name, training):
    model.get_submodule(name).train(training)
    return model


STANDING = {
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


class AlwaysTrains(nn.LSTM):
    def forward(self, x):
        state = (torch.zeros(self.num_layers, len(x), self.hidden_size),) * 2
        how = True, self.num_layers, self.dropout, True, False, self.batch_first
        return torch.lstm(x, state, self._flat_weights, *how)[0]


@pytest.mark.filterwarnings("ignore:dropout option adds dropout:UserWarning")
@pytest.mark.parametrize(("layers", "kind"), [(1, "single-layer dropout"), (2, "active in eval")])
def test_an_lstm_that_always_trains_drops_between_layers_alone(layers, kind):
    (finding,) = audit(AlwaysTrains(4, 4, layers, dropout=0.2, batch_first=True), X[None])
    assert finding.kind == kind


@pytest.mark.parametrize("make", [Net, lambda: nn.LSTM(4, 4, 2, dropout=0.2)])
def test_a_model_in_eval_mode_gets_a_note(make):
    (finding,) = audit(make().eval(), X)
    assert (finding.kind, finding.module, finding.note) == ("eval mode", "", True)
    assert str(finding).startswith("note: (model): the model is in eval mode")


@pytest.mark.parametrize("kind", FAULTS)
def test_all_else_is_a_fault(kind):
    assert not any(f.note for f in audit(kind(), X))


@pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch's own
@pytest.mark.parametrize(
    ("layer", "shape", "does"),
    [(nn.Dropout2d, (2, 3), "does what Dropout1d does"), (nn.Dropout3d, (2, 3, 1), "drops other")],
)
def test_a_wrong_dimension_is_told_what_is_dropped(layer, shape, does):
    model = nn.Sequential(layer(0.5), nn.Flatten(), nn.Linear(6, 2))
    (finding,) = audit(model, torch.ones(64, *shape))
    assert does in finding.message


@pytest.mark.filterwarnings("ignore:dropout2d. Received a 3D input:UserWarning")
def test_dropout2d_does_on_three_axes_what_dropout1d_does():
    x = torch.ones(64, 8, 4)
    drawn = []
    for drop in (F.dropout1d, F.dropout2d):
        torch.manual_seed(0)
        drawn.append(drop(x, 0.5))
    assert torch.equal(*drawn)


class Checkpointed(Net):
    def forward(self, x):
        return checkpoint(super().forward, x, use_reentrant=False)


class CheckpointedMethod(Net):
    """The method is run again without its module, so that the mask seems to be nobody's."""

    def inner(self, x):
        return self.second(F.dropout(self.first(x), 0.5, self.training)).tanh()

    def forward(self, x):
        return checkpoint(self.inner, x, use_reentrant=False)


class TwoCheckpoints(CheckpointedMethod):
    """The second is recomputed first, and left by an exception in the middle of the layer."""

    def __init__(self):
        super().__init__()
        self.last = Net()

    def forward(self, x):
        x = checkpoint(self.inner, x, use_reentrant=False)
        return self.second(checkpoint(self.last.drop, x.sin(), use_reentrant=False).cos())


class ByKeyword(Net):
    def __init__(self, dropout):
        super().__init__()
        self.drop = dropout(0.2)
        self.name = next(iter(inspect.signature(self.drop.forward).parameters))

    def forward(self, x):
        return self.second(self.drop(**{self.name: self.first(x)}))


class SparseOutput(Net):
    def forward(self, x):
        return super().forward(x).to_sparse()


class BooleanOutput(Net):
    def forward(self, x):
        return super().forward(x) > 0


QUIET = {
    "sparse output": (SparseOutput, X),
    "boolean output": (BooleanOutput, X),
    "checkpoint that keeps the random state": (Checkpointed, X),
    "checkpoint of a method": (lambda: nn.Sequential(CheckpointedMethod()), X),
    "two checkpoints": (TwoCheckpoints, X),
    "ours, by keyword": (lambda: ByKeyword(InvertedDropout), X),
    "PyTorch's, by keyword": (lambda: ByKeyword(nn.Dropout), X),
    "Dropout1d": (lambda: nn.Sequential(nn.Dropout1d(0.2), nn.Linear(4, 4)), X[None]),
    "p = 0 everywhere": (
        lambda: nn.Sequential(nn.Dropout(0.0), nn.Linear(4, 4), nn.Dropout(0.0)),
        X,
    ),
    "dropout after a norm at the end": (
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


@pytest.mark.parametrize("leaf", [False, True])
def test_the_example_is_left_as_it_was_found(leaf):
    class Overwrites(nn.Module):
        seen = None

        def forward(self, x, more):
            Overwrites.seen = x.clone()
            assert x.requires_grad  # as the example does
            return F.dropout(x * 1, 0.2, self.training, inplace=True) + more["a"].mul(2)

    class Inplace(nn.Module):
        seen = None

        def forward(self, x, more):
            Inplace.seen = x.clone()
            F.dropout(x, 0.99, self.training, inplace=True)
            return more["a"].mul_(x)

    x, other = X.clone(), X.clone()
    if leaf:  # into which nothing can be written
        x.requires_grad_()
    kind = Overwrites if leaf else Inplace
    audit(kind(), (x, {"a": other}))
    assert torch.equal(x, X)
    assert torch.equal(other, X)
    assert x.grad is None
    assert torch.equal(kind.seen, X)  # the evaluation run's input is not what training left


def test_an_example_that_is_given_three_times_is_still_one_tensor():
    class Same(nn.Module):
        def forward(self, query, key, value):
            assert query is key is value
            return query

    assert audit(Same(), (X, X, X)) == []


def test_a_model_with_a_scripted_part_is_refused():
    text = "model must hold no torch.jit.ScriptModule, whose calls cannot be seen, got one at "
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of scripting, in newer versions
        scripted = torch.jit.script(nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.2)))
    with pytest.raises(TypeError, match=says(text + "(model)")):
        audit(scripted, X)
    with pytest.raises(TypeError, match=says(text + "1")):
        audit(nn.Sequential(nn.Linear(4, 4), scripted, nn.Linear(4, 4)), X)


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

def evaluated():
    return right().eval()

def tokens():
    return nn.Sequential(nn.Embedding(9, 4), nn.Dropout(0.2), nn.Linear(4, 2))

class Loud(nn.Linear):
    def __init__(self):
        print("made")
        super().__init__(4, 4)

    def forward(self, x):
        print("run")
        return super().forward(x)

def number():
    return 5

constant = 5
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    (folder / "mine.py").write_text(MODELS)
    (folder / "broken.py").write_text("def f(:")
    (folder / "leaves.py").write_text("raise SystemExit(0)")
    return folder


@pytest.fixture(scope="module")
def command(folder):

    def run(*arguments, safe_path=False):
        python = [sys.executable, *(["-P"] if safe_path else [])]
        line = [*python, "-m", "dropout_scaling.audit", *arguments]
        return subprocess.run(line, cwd=folder, capture_output=True, text=True)

    return run


def test_the_command_exits_with_0_where_there_is_no_finding(folder, monkeypatch, capsys):
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(sys, "argv", ["", "mine:right", "--input", "8,4"])
    with pytest.raises(SystemExit) as left:
        runpy.run_path(inspect.getsourcefile(main), run_name="__main__")
    assert (left.value.code, capsys.readouterr().out) == (0, "0 findings\n")


def test_the_command_exits_with_1_and_names_the_fault(command):
    ended = command("mine:wrong", "--input", "8,4")
    assert ended.returncode == 1, ended.stderr
    assert ended.stdout.startswith("1: p = 1 drops everything")
    assert ended.stdout.endswith("\n1 finding\n")


def test_the_command_exits_with_0_where_there_is_but_a_note(called):
    status, out, _ = called("mine:evaluated", "--input", "8,4")
    assert (status, out[:14]) == (0, "note: (model):")
    assert out.endswith("\n0 findings and a note\n")


@pytest.fixture
def called(folder, monkeypatch, capsys):
    """The same in this process, which has imported PyTorch: status, stdout and stderr."""
    monkeypatch.syspath_prepend(folder)
    return lambda *arguments: (main(arguments), *capsys.readouterr())


def test_the_command_prints_json_for_tools(called):
    _, out, _ = called("mine:wrong", "--input", "8,4", "--json")
    assert [set(finding) for finding in json.loads(out)] == [set(Finding._fields)]


def test_the_command_takes_inputs_of_another_dtype(called):
    status, *_ = called("mine:tokens", "--input", "2,5:int64")
    assert status == 0


def test_what_a_model_prints_is_kept_apart_from_the_findings(called):
    status, out, err = called("mine:Loud", "--input", "8,4", "--json")
    assert (status, json.loads(out)) == (0, [])
    assert err == "made\n" + "run\n" * 4


def test_the_model_is_looked_for_where_python_looks_and_nowhere_else(command):
    # In the folder that `python -m` is called in, and as little as any other module without it.
    ended = command("mine:right", "--input", "8,4", safe_path=True)
    assert ended.returncode == 2
    assert ended.stderr.endswith("ModuleNotFoundError: No module named 'mine'\n")


FORM = "argument --input: must be like 8,3,32,32 or 2,16:int64 or ids=2,16:int64<100 or None or "
FORM += "0.5 or 3:int, got "
SOURCE = "argument model: must be package.module:name or file.py:name, got "
UNREADABLE = {
    ("mine", "8,4"): SOURCE + "mine",
    (":right", "8,4"): SOURCE + ":right",
    ("mine:", "8,4"): SOURCE + "mine:",
    (".mine:right", "8,4"): SOURCE + ".mine:right",
    ("mine:right", "8;4"): FORM + "8;4",
    ("mine:right", "-1,4"): FORM + "-1,4",
    ("mine:right", "8,4:text"): FORM + "8,4:text",
    ("mine:right", "8,4:nn"): FORM + "8,4:nn",
    ("mine:right", "8,4:tensor"): FORM + "8,4:tensor",
    ("mine:right", "8,4:int64<0"): FORM + "8,4:int64<0",
    ("mine:right", "8,4:int64<x"): FORM + "8,4:int64<x",
    ("mine:right", "x=8;4"): FORM + "x=8;4",
    ("mine:right", "x:int"): FORM + "x:int",
    ("mine.py", "8,4"): SOURCE + "mine.py",
}


@pytest.mark.parametrize(("model", "form"), UNREADABLE)
def test_the_command_refuses_what_it_cannot_read(capsys, model, form):
    with pytest.raises(SystemExit) as left:
        main([model, f"--input={form}"])
    assert left.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith(f"error: {UNREADABLE[model, form]}\n")


UNJUDGED = {
    "no such module": ("nowhere:right", "8,4", "ModuleNotFoundError: No module named 'nowhere'"),
    "no such function": (
        "mine:nothing", "8,4", "AttributeError: module 'mine' has no attribute 'nothing'",
    ),
    "not callable": ("mine:constant", "8,4", "TypeError: 'int' object is not callable"),
    "no module": ("mine:number", "8,4", "TypeError: model must be a torch.nn.Module, got int"),
    "no Python": ("broken:f", "8,4", "SyntaxError: "),
    "leaves": ("leaves:f", "8,4", "SystemExit: 0"),
    "another shape": ("mine:right", "8,5", "RuntimeError: mat1 and mat2 shapes cannot be "),
    "too large": ("mine:right", "999999999,999999", "RuntimeError: "),
}  # fmt: skip


@pytest.mark.parametrize(("model", "form", "reason"), UNJUDGED.values(), ids=UNJUDGED)
def test_what_keeps_the_command_from_judging_is_no_finding(
    folder, monkeypatch, capsys, model, form, reason
):
    monkeypatch.syspath_prepend(folder)
    with pytest.raises(SystemExit) as left:
        main([model, "--input", form])
    assert left.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"python -m dropout_scaling.audit: error: cannot judge {model}: {reason}")
    assert err.count("\n") == 1


MORE = """
import torch
from torch import nn

class Branch(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.drop, self.last = nn.Embedding(9, 4), nn.Dropout(0.2), nn.Linear(4, 2)

    def forward(self, ids, *, scale, mask=None, batch=None):
        if batch is not None:
            ids = batch["ids"]
        assert ids.max() > 1, "ids are ones"
        return self.last(self.drop(self.embed(ids))) * scale

class Samples(Branch):
    def forward(self, ids):
        return nn.functional.dropout(self.embed(ids), 0.2)

def with_example():
    return Branch(), {"ids": torch.arange(8)[None], "scale": 0.5}
"""


@pytest.fixture
def more(folder):
    (folder / "more.py").write_text(MORE)
    return str(folder / "more.py")


def test_the_command_takes_a_file_and_arguments_by_name(more, capsys):
    inputs = ["ids=2,16:int64<9", "scale=0.5", "mask=None"]
    assert main([f"{more}:Branch", *(f"--input={each}" for each in inputs)]) == 0
    assert capsys.readouterr().out == "0 findings\n"


def test_the_command_takes_nested_arguments(more):
    inputs = ["1:int", "scale=2:int", "batch.ids=2,16:int64<9"]
    assert main([f"{more}:Branch", *(f"--input={each}" for each in inputs)]) == 0


def test_the_command_takes_the_example_that_the_function_returns(more, capsys):
    assert main([f"{more}:with_example"]) == 0
    with pytest.raises(SystemExit):
        main([f"{more}:with_example", "--input", "2,16:int64"])
    assert "--input must be left out, since the function returns" in capsys.readouterr().err


def test_the_command_ignores_what_it_is_told_to_with_a_reason(more, capsys):
    model = [f"{more}:Samples", "--input", "2,16:int64<9"]
    assert main(model) == 1
    capsys.readouterr()
    assert main([*model, "--ignore", "active in eval=it samples"]) == 0
    assert "ignored, because it samples" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main([*model, "--ignore", "active in eval"])
    assert "must be like kind:module=reason" in capsys.readouterr().err


def test_the_command_moves_the_model_and_its_example(called):
    status, out, _ = called("mine:right", "--input", "8,4", "--device", "meta")
    assert (status, out) == (0, "0 findings\n")


def test_the_hook_for_other_repositories_runs_the_command(command):
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf8"))
    python, *line = hook["entry"].split()
    assert (python, line) == ("python", ["-m", "dropout_scaling.audit"])
    assert not hook["pass_filenames"]


# What keeps a model from being audited, and what of its arguments.


def test_an_argument_that_cannot_be_copied_is_refused_by_its_name():
    class Reads(nn.Module):
        def forward(self, x, rows):
            return x

    text = "^example's argument rows must be one that copy.deepcopy copies, got generator"
    with pytest.raises(TypeError, match=text):
        audit(Reads(), {"x": X, "rows": (row for row in X)})


def test_a_lazy_layer_is_refused():
    text = (
        "model must hold no lazy layer: run it once, which gives its weights a shape, got one at 0"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lazy = nn.Sequential(nn.LazyLinear(4), nn.Dropout(0.2))
    with pytest.raises(TypeError, match=says(text)):
        audit(lazy, X)


def test_what_a_model_writes_into_an_object_that_it_is_given_stays_in_the_copy():
    class Graph:
        x, seen = X, 0

    class Writes(nn.Module):
        def forward(self, graph):
            graph.seen += 1
            assert graph.seen == 1
            return graph.x * 2

    graph = Graph()
    graph.x = X.clone()
    assert audit(Writes(), graph) == []
    assert (graph.seen, graph.x.tolist()) == (0, X.tolist())


class Hidden(nn.Module):
    """Layers where `eval` does not reach them, each elsewhere."""

    def __init__(self, where):
        super().__init__()
        self.last, self.where, self.again = nn.Linear(4, 2), where, nn.Dropout(0.3)
        self.drops = [nn.Dropout(0.3)] if where == "list" else {"a": nn.Dropout(0.3)}

    def forward(self, x):
        layers = {
            "list": lambda: self.drops[0],
            "dict": lambda: self.drops["a"],
            "made": lambda: nn.Dropout(0.3),
            "again": lambda: self.again.train(),
        }
        return self.last(layers[self.where]()(x).cos())


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("list", "stands in the plain list drops: take nn.ModuleList"),
        ("dict", "stands in the plain dict drops: take nn.ModuleList"),
        ("made", "is no part of the model: if it is made at each call, make it in __init__"),
        ("again", "the model's own code puts it back into train mode"),
    ],
)
def test_a_layer_that_eval_does_not_reach_is_told_why(where, said):
    messages = [f.message for f in audit(Hidden(where), X) if f.kind == "active in eval"]
    assert len(messages) == 1
    assert said in messages[0]


def test_a_recomputation_by_hand_has_a_cure_of_its_own():
    case = {case.name: case for case in CASES}
    cures = {
        name: audit(*case[name].make())[0].message
        for name in ("recomputed by hand", "checkpoint without the random state")
    }
    assert "torch.get_rng_state()" in cures["recomputed by hand"]
    assert "preserve_rng_state=True" in cures["checkpoint without the random state"]


def test_in_place_dropout_is_said_to_be_so_only_where_backward_passes_without_it():
    class Fails(nn.Module):
        def forward(self, x):
            y = (x.requires_grad_() * 2).sigmoid()
            z = y * 3
            y.add_(1)
            return F.dropout(z, 0.2, self.training, inplace=True)

    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        audit(Fails(), X)
