"""Which weights dropped units feed: what passes a factor on, and what no graph can tell."""

import pytest
import torch
from helpers import bits, says
from torch import nn
from torch.nn import functional as F

from dropout_scaling.convert import dropped_weights, inverted_model, standard_model
from dropout_scaling.convert._graph import PASSING_FUNCTIONS, PASSING_METHODS, PASSING_MODULES
from dropout_scaling.nn import InvertedDropout, StandardDropout

ALONE = "model must drop by Dropout, StandardDropout, InvertedDropout, FastDropout alone, got"


class Net(nn.Module):
    """A dropout and a linear layer, in a forward that is given as a function of both and of x."""

    def __init__(self, forward, drop=None):
        super().__init__()
        self.drop, self.linear = drop or StandardDropout(0.5), nn.Linear(3, 3)
        self.used = forward

    def forward(self, x):
        return self.used(self, x)


@pytest.fixture
def x(torch_seed):
    return torch.randn(5, 3)


# What passes a factor q on. At q a power of two no product is rounded, so that the bits agree.


@pytest.mark.parametrize("kind", PASSING_MODULES)
def test_each_module_between_passes_a_factor_unchanged(kind, torch_seed):
    name = kind.__name__
    module = kind(2) if "Pool" in name else kind()
    x = torch.randn(2, 3, *[4] * (int(name[-2]) if name[-1] == "d" else 1))
    for q in (0.5, 0.25):
        assert bits(module(q * x)) == bits(q * module(x))


@pytest.mark.parametrize(
    "function",
    [*PASSING_FUNCTIONS, *PASSING_METHODS],
    ids=lambda function: getattr(function, "__name__", function),
)
def test_each_function_and_method_between_passes_a_factor_unchanged(function, x):
    if isinstance(function, str):
        function = getattr(torch.Tensor, function)
    shape = [(-1,)] if function.__name__ in ("reshape", "view") else []
    for q in (0.5, 0.25):
        assert bits(function(q * x, *shape)) == bits(q * function(x, *shape))


# Dropout that cannot be exchanged


@pytest.mark.parametrize("name", [
    "F.dropout", "F.dropout1d", "F.dropout2d", "F.dropout3d", "F.alpha_dropout",
    "F.feature_alpha_dropout", "torch.dropout", "torch.feature_dropout", "torch.native_dropout",
])  # fmt: skip
@pytest.mark.parametrize("convert", [inverted_model, dropped_weights])
def test_every_dropout_function_is_refused(name, convert):
    module, name = name.split(".")
    function = getattr({"F": F, "torch": torch}[module], name)
    model = Net(lambda net, x: net.linear(net.drop(function(x, 0.5, net.training))))
    with pytest.raises(ValueError, match=says(f"{ALONE} {[name]}")):
        convert(model)


class Attends(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, dropout=p)

    def forward(self, x):
        return self.attention(x, x, x)[0]


INSIDE = {
    "RNN": lambda p: nn.Sequential(nn.RNN(4, 4, 2, dropout=p)),
    "LSTM": lambda p: nn.Sequential(nn.LSTM(4, 4, 2, dropout=p)),
    "GRU": lambda p: nn.Sequential(nn.GRU(4, 4, 2, dropout=p)),
    "MultiheadAttention": Attends,
}


@pytest.mark.parametrize(("kind", "make"), INSIDE.items(), ids=INSIDE)
def test_a_layer_that_drops_inside_is_refused_unless_its_p_is_0(kind, make):
    name = "attention" if make is Attends else "0"
    assert dropped_weights(make(0.0)) == {}
    with pytest.raises(ValueError, match=says(f"{ALONE} {[f'{name} ({kind})']}")):
        dropped_weights(make(0.5))


# A layer that writes over its input


def discarded(net, x):
    h = x * 1
    net.drop(h)
    return net.linear(h)


def used_beside(net, x):
    h = x * 1
    return net.linear(net.drop(h)) + h.sum()


def used_by_another_name(net, x):
    h = x * 1
    return net.linear(net.drop(h.view(5, 3))) + h.sum()


def view_from_before(net, x):
    h = x * 1
    view = h.view(5, 3)
    net.drop(h)
    return net.linear(view)


WRITTEN_OVER = {discarded: "mul", used_beside: "mul", used_by_another_name: "mul",
                view_from_before: "view"}  # fmt: skip


@pytest.mark.parametrize("forward", WRITTEN_OVER)
@pytest.mark.parametrize("kind", [nn.Dropout, StandardDropout])
def test_a_value_that_an_inplace_dropout_has_changed_is_refused_where_it_is_used(forward, kind):
    model = Net(forward, kind(0.5, inplace=True))
    text = (
        "model must not use a value that an inplace dropout may have changed before, "
        f"got {WRITTEN_OVER[forward]}"
    )
    with pytest.raises(ValueError, match=says(text)):
        (standard_model if kind is nn.Dropout else inverted_model)(model)


def same_output(model, converted, x, training, seed):
    """Return whether the bits of both outputs agree; each kind draws the same masks from a seed."""
    outputs = []
    for net in (model, converted):
        torch.manual_seed(seed)
        outputs.append(bits(net.train(training)(x)))
    return outputs[0] == outputs[1]


@pytest.mark.parametrize("forward", WRITTEN_OVER)
@pytest.mark.parametrize("training", [True, False])
def test_out_of_place_the_same_models_are_converted(forward, training, x, torch_seed):
    model = Net(forward)
    assert same_output(model, inverted_model(model), x, training, torch_seed)


def test_what_a_layer_with_weights_returns_may_be_written_over(x, torch_seed):
    drop = StandardDropout(0.5, inplace=True)
    model = nn.Sequential(nn.Linear(3, 3), Net(lambda net, h: net.linear(net.drop(h)), drop))
    whole = Net(lambda net, x: net.drop(x) + x.sum(), model)
    assert dropped_weights(whole) == {"drop.1.linear.weight": 0.5}
    for training in (True, False):
        assert same_output(whole, inverted_model(whole), x, training, torch_seed)


# Both modes


ONE_WAY = "model must feed linear.weight in one way, got"
MODES = {
    "dropout in training alone": (
        lambda net, x: net.linear(net.drop(x) if net.training else x),
        f"{ONE_WAY} (0.5,), ()",
    ),
    "dropout in eval mode alone": (
        lambda net, x: net.linear(x if net.training else net.drop(x)),
        f"{ONE_WAY} (), (0.5,)",
    ),
    "the weight itself in eval mode": (
        lambda net, x: net.linear(net.drop(x)) + (0 if net.training else net.linear.weight.sum()),
        "model must use linear.weight through its layer alone, got a direct use",
    ),
    "another function in eval mode": (
        lambda net, x: net.linear(net.drop(x) if net.training else net.drop(x).sigmoid()),
        "model must lead each dropout layer to linear or convolution layers through ReLU, "
        "reshaping or pooling alone, got sigmoid (sigmoid)",
    ),
}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("forward", "text"), MODES.values(), ids=MODES)
def test_a_model_that_is_another_in_the_other_mode_is_refused(forward, text, training):
    with pytest.raises(ValueError, match=says(text)):
        inverted_model(Net(forward).train(training))


@pytest.mark.parametrize("training", [True, False])
def test_a_head_that_is_used_in_training_alone_is_converted(x, training, torch_seed):
    main, head = StandardDropout(0.5), nn.Sequential(StandardDropout(0.75), nn.Linear(3, 3))

    def forward(net, x):
        y = net.linear(net.drop[0](x))
        return y + net.drop[1](x) if net.training else y

    model = Net(forward, nn.ModuleList([main, head])).train(training)
    assert dropped_weights(model) == {"linear.weight": 0.5, "drop.1.1.weight": 0.75}
    converted = inverted_model(model)
    for mode in (True, False):
        assert same_output(model, converted, x, mode, torch_seed)


# The caller's model


@pytest.mark.parametrize("convert", [dropped_weights, inverted_model])
def test_reading_a_graph_leaves_no_trace_on_the_model(convert):
    def forward(net, x):
        net.count += 1
        net.linear.last = x
        return net.linear(net.drop(x + torch.ones(3)))

    model = Net(forward).eval()
    model.register_buffer("count", torch.zeros(()))
    before = [sorted(vars(module)) for module in model.modules()]
    convert(model)
    assert [sorted(vars(module)) for module in model.modules()] == before
    assert model.count == 0
    assert not any(module.training for module in model.modules())


HOOKS = ["forward_hook", "forward_pre_hook", "full_backward_hook", "full_backward_pre_hook"]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("name", ["2", "3", "4"])
def test_a_hook_is_refused_on_a_dropout_and_where_its_units_go(hook, name):
    model = nn.Sequential(
        nn.Linear(3, 3), nn.ReLU(), StandardDropout(0.5), nn.ReLU(), nn.Linear(3, 3), nn.ReLU()
    )
    for other in ("0", "1", "5"):
        getattr(model.get_submodule(other), f"register_{hook}")(lambda *given: None)
    assert dropped_weights(model) == {"4.weight": 0.5}
    getattr(model.get_submodule(name), f"register_{hook}")(lambda *given: None)
    text = f"model must have no hook on a dropout layer or where its units go, got one on {name}"
    with pytest.raises(ValueError, match=says(text)):
        inverted_model(model)


# What torch.fx does not take


NO_GRAPH = {
    "len": lambda: Net(lambda net, x: net.linear(net.drop(x)) * len(x)),
    "range": lambda: Net(lambda net, x: [net.linear(net.drop(x)) for _ in range(x.size(0))][-1]),
    "a branch": lambda: Net(lambda net, x: net.linear(net.drop(x)) if x.sum() > 0 else x),
    "no forward": lambda: nn.ModuleList([nn.Linear(3, 3)]),
    "compiled": lambda: torch.compile(nn.Sequential(nn.Linear(3, 3))),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch.compile's own making
@pytest.mark.parametrize("convert", [dropped_weights, inverted_model, standard_model])
@pytest.mark.parametrize("make", NO_GRAPH.values(), ids=NO_GRAPH)
def test_a_model_without_a_graph_is_refused_whatever_torch_fx_raises(make, convert):
    with pytest.raises(ValueError, match=r"^model must have a graph that torch.fx can trace: ."):
        convert(make())


@pytest.mark.parametrize("convert", [dropped_weights, inverted_model, standard_model])
@pytest.mark.parametrize(("model", "got"), [(5, "int"), (nn.Linear, "type"), (None, "NoneType")])
def test_anything_but_a_module_is_refused(model, got, convert):
    with pytest.raises(TypeError, match=says(f"model must be a torch.nn.Module, got {got}")):
        convert(model)


@pytest.mark.parametrize(("kind", "convert"), [
    (StandardDropout, standard_model), (InvertedDropout, inverted_model),
    (nn.Dropout, inverted_model),
])  # fmt: skip
def test_a_bare_layer_of_the_kind_that_is_wanted_stays_as_it_is(kind, convert):
    assert repr(convert(kind(0.5))) == repr(kind(0.5))
