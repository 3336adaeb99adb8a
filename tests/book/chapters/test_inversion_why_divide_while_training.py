"""The two kinds as the page writes them out are the package's, bit for bit."""

import re

import numpy as np
import pytest
from said import markdown

from dropout_scaling import reference
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
    assert (written["evaluate"](x, P) == evaluate(x, P)).all()
