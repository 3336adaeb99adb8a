"""The two kinds as the page writes them out are the package's, bit for bit."""

import inspect
import re

import numpy as np
import pytest
from said import made_by, markdown, stands

from dropout_scaling import reference
from dropout_scaling.exact import expectation
from dropout_scaling.masks import bernoulli_mask

PAGE, P = "inversion/why-divide-while-training", 0.2
OURS = {
    "standard": (lambda x, m, p: reference.standard_train(x, m), reference.standard_eval),
    "inverted": (reference.inverted_train, lambda x, p: reference.inverted_eval(x)),
}


@pytest.mark.parametrize("kind", OURS)
def test_the_code_on_the_page_is_that_of_the_package(kind, rng):
    (code,) = re.findall(rf"\*\*{kind}\*\* kind,.*?```python\n(.*?)```", markdown(PAGE), re.DOTALL)
    written = {"np": np}
    exec(code, written)
    x, mask = np.linspace(-1, 1, 100), bernoulli_mask((100,), P, rng=rng)
    train, evaluate = OURS[kind]
    assert (written["train"](x, mask, P) == train(x, mask, P)).all()
    asked = inspect.signature(written["evaluate"]).parameters  # PyTorch's kind asks for no p
    given = (x, P)[: len(asked)]
    assert (written["evaluate"](*given) == evaluate(x, P)).all()


def test_each_kind_s_sum_at_evaluation_is_its_mean_over_all_masks():
    stands(PAGE, "So evaluation gives 8 under the standard kind, and 10 under the inverted one.")
    ones = np.ones(10)
    at_evaluation = {"standard": 8, "inverted": 10}
    for kind, (train, evaluate) in OURS.items():
        mean = expectation(lambda masks, train=train: train(ones, masks, P).sum(axis=1), 10, P)
        both = [mean, evaluate(ones, P).sum()]
        np.testing.assert_allclose(both, at_evaluation[kind], rtol=1e-14)


def test_the_way_back_is_the_package_s(rng):
    stands(PAGE, "So the backward pass is the function `train` again, applied to the gradient")
    backward = made_by(PAGE, "code-01", "code-04").backward
    grad, mask = rng.normal(size=100), bernoulli_mask((100,), P, rng=rng)
    assert (backward(grad, mask, P) == reference.inverted_backward(grad, mask, P)).all()


def test_a_forgotten_factor_on_the_way_back_is_wrong_before_the_dropout_alone():
    stands(PAGE, "**`w1` is 0.8 times the right one, `w2` is right.**")
    made = made_by(PAGE, "code-01", "imports", "code-05", "code-06", "code-07")
    for wrong, right in zip(made.wrong[:2], made.gradients[:2], strict=True):  # x and w1
        np.testing.assert_allclose(wrong, 0.8 * right, rtol=1e-12, atol=1e-12)
    assert np.array_equal(made.wrong[2], made.gradients[2])
