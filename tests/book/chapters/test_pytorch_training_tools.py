"""What checkpoint and 16 bits do to dropout, exactly."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from said import made_by, stands
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from dropout_scaling.lab.training_tools import bias, biases

PAGE = "pytorch/training-tools"


@pytest.mark.parametrize("reentrant", [True, False])
def test_both_implementations_of_a_checkpoint_behave_alike(reentrant, torch_seed):
    stands(PAGE, "Both implementations that PyTorch has (`use_reentrant`) behave alike")

    def wrong(**settings):
        x = torch.ones(1000, requires_grad=True)
        y = checkpoint(F.dropout, x, 0.2, use_reentrant=reentrant, **settings)
        y.sum().backward()
        return (x.grad != y).sum().item()

    assert wrong() == 0  # the default preserves
    # Bin(1000, 2pq = .32) is 14.8 wide: eight of it, less than 1e-14 on either side.
    assert abs(wrong(preserve_rng_state=False) - 320) < 120


@pytest.mark.parametrize("preserve", [True, False])
def test_the_error_is_of_the_first_run_and_the_dropped_inputs_of_the_second(preserve, torch_seed):
    stands(PAGE, "the dropped inputs that multiply it from the second")
    inputs, runs = torch.arange(1.0, 1001), []

    def unit(weights):
        runs.append(F.dropout(inputs, 0.2))
        return runs[-1] @ weights

    weights = torch.full((1000,), 1e-3, requires_grad=True)
    y = checkpoint(unit, weights, use_reentrant=False, preserve_rng_state=preserve)
    ((y - 1) ** 2 / 2).backward()
    first, second = runs
    assert torch.equal(weights.grad, (y.detach() - 1) * second)
    assert torch.equal(first, second) == preserve


def test_under_autocast_dropout_works_in_the_type_that_it_is_given():
    stands(PAGE, "Dropout takes the type that it is given, and after a linear layer that is bfloat")
    chapter = made_by(PAGE, "code-01", "code-03")
    assert chapter.alone.dtype == torch.float32
    assert chapter.behind_a_layer.dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("dtype", "exact"),
    [(torch.bfloat16, "-1/640 0 1/1280 0"), (torch.float16, "1/5120 0 1/10240 0")],
)
def test_in_half_precision_the_mean_is_biased_by_so_much(dtype, exact):
    stands(PAGE, "At `p = 0.1` in bfloat16 each unit is a 640th too small on average; at `p = 0.3`")
    ps = ["0.1", "0.2", "0.3", "0.5"]
    assert [bias(Fraction(p), dtype) for p in ps] == [*map(Fraction, exact.split())]
    assert biases(["0.1"]).endswith("| 0.1 | −1/640 | 1/5120 |")


def test_the_bias_of_the_factor_stays_below_a_256th():
    stands(PAGE, "to `0.999` it stays below $2^{-8}$, as a single rounding must")
    for p in np.arange(1, 1000) / 1000:  # divided as in F.dropout
        scale = Fraction(torch.ones(1, dtype=torch.bfloat16).div(1 - p).item())
        assert abs((1 - Fraction(str(p))) * scale - 1) < Fraction(1, 2**8)


def test_a_factor_in_float32_leaves_no_bias_to_speak_of():
    stands(PAGE, "its mean bias at `p = 0.1` is below a 10 000th")
    x = (1 + torch.arange(128) / 128).bfloat16()  # all from 1 up to 2
    factor = 1 / torch.tensor(0.9)
    means = []
    for y in (x * factor.bfloat16(), (x.float() * factor).bfloat16()):
        pairs = zip(y.tolist(), x.tolist(), strict=True)
        biases = [Fraction(9, 10) * Fraction(b) / Fraction(a) - 1 for b, a in pairs]
        assert 0 < sum(bias > 0 for bias in biases) < 128
        means.append(sum(biases) / 128)
    assert 600 < -1 / means[0] < 700
    assert abs(means[1]) < Fraction(1, 10_000)


@pytest.mark.parametrize(("dtype", "overflows"), [(torch.float16, True), (torch.bfloat16, False)])
def test_float16_ends_where_bfloat16_does_not(dtype, overflows):
    stands(PAGE, "float16 ends at 65 504")
    assert torch.finfo(torch.float16).max == 65_504
    doubled = F.dropout(torch.full((1000,), 60_000, dtype=dtype), 0.5)
    assert doubled.isinf().any() == overflows


def test_a_compiled_layer_has_a_graph_for_each_mode_and_its_draw_stays_a_draw(torch_seed):
    stands(PAGE, "Two: the mode is a constant of the graph")
    stands(PAGE, "The draw stays a draw")
    chapter = made_by(PAGE, "code-01", "code-08")
    assert [graphs for *_, graphs in chapter.calls.values()] == [1, 2, 2]
    for name, (ours, first, second, _) in chapter.calls.items():
        assert torch.equal(ours, first)
        assert torch.equal(first, second) == (name == "eval")
    assert torch.equal(chapter.calls["eval"][1], chapter.x)
    train, evaluation = chapter.graphs
    assert "0.2, True" in train.code
    assert "0.2, False" in evaluation.code
