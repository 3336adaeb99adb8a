"""The arithmetic of the explorables is the package's; it runs in the browser that readers have."""

import math
import re
from fractions import Fraction

import numpy as np
import pytest
import torch
from helpers import bits

from dropout_scaling.convert import inverted_sgd
from dropout_scaling.exact import expectation, variance
from dropout_scaling.lab import same_network
from dropout_scaling.nn import InvertedDropout, StandardDropout
from dropout_scaling.reference import inverted_eval, inverted_train, standard_eval, standard_train
from dropout_scaling.theory import kept_count_probabilities
from dropout_site import explorables
from tools.book.notebooks import chapters, read

KINDS = ["standard", "inverted"]
SLIDERS = (explorables.HERE / "learning-rate.js").read_text("utf8").partition("sliders:")[2]
U = 2.0**-53  # half a unit in the last place of a float64: the error of one operation

each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def arithmetic(page):
    page.goto("about:blank")
    for name in ("explorable", *explorables.NAMES):
        page.add_script_tag(path=explorables.HERE / f"{name}.js")

    def call(function, *arguments):
        return page.evaluate(f"arguments => {function}(...arguments)", list(arguments))

    return call


@each_kind
def test_a_one_and_a_sum_of_ten_are_the_package_s(arithmetic, kind):
    one, kept = np.ones(1), np.array([True])
    for step in range(1, 13):
        p = step / 20
        of = arithmetic("scaleMoves.of", kind, p)
        trained = standard_train(one, kept) if kind == "standard" else inverted_train(one, kept, p)
        evaluated = standard_eval(one, p) if kind == "standard" else inverted_eval(one)
        assert bits(np.array([of["kept"]], dtype=float)) == bits(trained)
        assert bits(np.array([of["evaluation"]], dtype=float)) == bits(evaluated)
        assert of["sums"] == [count * trained[0] for count in range(11)]
        # q is rounded once and its power ten times, and so is p's; the product has three more.
        exact = kept_count_probabilities(10, Fraction(p))
        for probability, wanted in zip(of["probabilities"], exact, strict=True):
            assert abs(Fraction(probability) - wanted) <= 25 * Fraction(U) * wanted
        assert arithmetic("scaleMoves.mean", of) == pytest.approx(10 * evaluated[0], rel=40 * U)


@each_kind
@pytest.mark.parametrize("p", [0.05, 0.2, 0.5])
def test_mean_and_variance_of_each_layer_are_those_over_all_masks(arithmetic, kind, p):
    exact_p = Fraction(p)
    moments = arithmetic("depth.moments", kind, p, 10)
    for layers in (0, 1, 2, 5, 10):

        def chain(masks, layers=layers):
            h = np.full(len(masks), Fraction(1))
            for layer in range(layers):
                mask = masks[:, layer]
                train = standard_train if kind == "standard" else inverted_train
                h = train(h, mask) if kind == "standard" else train(h, mask, exact_p)
            return h[:, None]

        units = max(layers, 1)  # a mask more makes no difference
        (mean,), (var,) = expectation(chain, units, exact_p), variance(chain, units, exact_p)
        second = var + mean**2
        # q is rounded once, its power `layers` times; the difference has the larger's error.
        bound = (3 * layers + 3) * Fraction(U)
        assert abs(Fraction(moments[layers]["mean"]) - mean) <= bound * mean
        assert abs(Fraction(moments[layers]["variance"]) - var) <= bound * second
        if kind == "inverted":
            assert second == (1 - exact_p) ** -layers  # the chapter's formula


def trained(kind, p, lr, data):
    """Losses at evaluation of a linear unit of PyTorch, with the package's dropout."""
    dropout = StandardDropout(p) if kind == "standard" else InvertedDropout(p)
    unit = torch.nn.Linear(data["inputs"].shape[1], 1, bias=False, dtype=torch.float64)
    torch.nn.init.zeros_(unit.weight)
    optimizer = torch.optim.SGD(unit.parameters(), lr=lr)

    def half_mse(x, y):
        return 0.5 * (unit(x)[:, 0] - y).square().mean()

    def at_evaluation():
        return half_mse(dropout.eval()(data["inputs"]), data["targets"]).item()

    losses = [at_evaluation()]
    for x, y, mask in zip(data["inputs"], data["targets"], data["masks"], strict=True):
        optimizer.zero_grad()
        half_mse(dropout.train()(x[None], mask=mask[None]), y[None]).backward()
        optimizer.step()
        losses.append(at_evaluation())
    return losses


def test_the_still_picture_shows_the_slider_s_first_state_and_its_answer(arithmetic):
    (picture,) = [
        cell.source
        for cell in read(chapters()["inversion/same-network"]).cells
        if "explorable-learning-rate" in cell.metadata.get("tags", [])
    ]
    chapter = {}
    exec(picture.partition("same_network.draw")[0], chapter)
    q, rate = chapter["q"], chapter["rate"]
    first = re.search(r"ratio: .*value: ([\d.]+).*\n.*p: .*value: ([\d.]+)", SLIDERS)
    assert (float(first[1]), 1 - float(first[2])) == (1, q)
    for ratio in (1, q**2):
        both = arithmetic("learningRate.both", 1 - q, ratio)
        for kind, lr in (("standard", rate), ("inverted", ratio * rate)):
            # The sums of four are rounded in another order, at each of 40 steps.
            found = same_network.losses(kind, q, lr)
            assert found == pytest.approx(both[kind], rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.8])
def test_the_two_units_train_as_pytorch_s_do(arithmetic, page, p):
    rate = page.evaluate("learningRate.RATE")
    given = {
        "inputs": torch.tensor(page.evaluate("learningRate.inputs"), dtype=torch.float64),
        "targets": torch.tensor(page.evaluate("learningRate.targets"), dtype=torch.float64),
        "masks": torch.tensor(arithmetic("learningRate.masks", p)),
    }
    converted = inverted_sgd(rate, 0, p)["lr"]
    # Rounding grows with the steps, and no step here is longer than what it goes towards.
    near = {"rel": 1e-10, "abs": 1e-12}
    standard = trained("standard", p, rate, given)
    assert arithmetic("learningRate.train", "standard", p, rate) == pytest.approx(standard, **near)
    for lr in (converted, 0.3 * converted):
        inverted = trained("inverted", p, lr, given)
        losses = arithmetic("learningRate.train", "inverted", p, lr)
        assert losses == pytest.approx(inverted, **near)
    assert trained("inverted", p, converted, given) == pytest.approx(standard, **near)


def test_the_lines_are_one_at_the_converted_rate_and_at_no_other_one(arithmetic):
    for step in range(9):
        p = step / 10
        wanted = round(100 * inverted_sgd(1, 0, p)["lr"])  # the slider has steps of a hundredth
        apart = {n: arithmetic("learningRate.both", p, n / 100)["apart"] for n in range(1, 151)}
        assert apart.pop(wanted) < 1e-12
        assert all(math.isfinite(a) and a > 1e-3 for a in apart.values()), p
    assert arithmetic("learningRate.both", 0.5, 0.25)["apart"] == 0


def test_as_p_grows_no_dropped_unit_comes_back(page, arithmetic):
    masks = np.array([arithmetic("learningRate.masks", step / 10) for step in range(9)])
    assert masks[0].all()
    assert (masks[1:] <= masks[:-1]).all()
    assert len(np.unique(masks, axis=0)) == 9
