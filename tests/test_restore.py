"""`as_found`: what running a layer changes is put back, whatever happens inside."""

import random
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from dropout_scaling._restore import as_found


class Counts(nn.Module):
    """A module with a buffer that it overwrites, one that it replaces and one that is None."""

    def __init__(self):
        super().__init__()
        self.part = nn.Linear(2, 2)
        self.register_buffer("calls", torch.zeros(()))
        self.register_buffer("last", torch.zeros(2))
        self.register_buffer("none", None)

    def forward(self, x):
        self.calls += 1
        self.last = x.detach()
        return self.part(x)


def states():
    return random.getstate(), str(np.random.get_state()), torch.get_rng_state().tolist()  # noqa: NPY002


def draw():
    random.random(), np.random.random(), torch.rand(())  # noqa: NPY002


@pytest.mark.parametrize("raising", [False, True])
def test_a_module_and_the_random_states_are_put_back(raising):
    module = Counts().eval()
    module.part.train()
    module.part.weight.grad = gradient = torch.ones(2, 2)
    buffers, before = dict(module._buffers), states()
    try:
        with as_found(module):
            assert module.part.weight.grad is None
            module.train()(torch.ones(2)).sum().backward()
            draw()
            if raising:
                raise ZeroDivisionError
    except ZeroDivisionError:
        assert raising
    assert [part.training for part in module.modules()] == [False, True]
    assert all(module._buffers[name] is buffer for name, buffer in buffers.items())
    assert (module.calls.tolist(), module.last.tolist()) == (0, [0, 0])
    assert module.part.weight.grad is gradient
    assert gradient.tolist() == [[1, 1], [1, 1]]
    assert module.part.bias.grad is None
    assert states() == before


def test_without_a_module_the_random_states_are_put_back():
    before = states()
    with as_found():
        draw()
        assert all(a != b for a, b in zip(states(), before, strict=True))
    assert states() == before


def test_without_torch_the_other_states_are_put_back():
    code = """
import sys, random, numpy as np
from dropout_scaling._restore import as_found
before = random.getstate(), str(np.random.get_state())
with as_found():
    random.random(), np.random.random()
assert (random.getstate(), str(np.random.get_state())) == before
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
