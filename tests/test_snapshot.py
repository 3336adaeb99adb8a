"""`Snapshot`: all that a module holds is put back in place, and what has changed is named."""

import random
from collections import deque
from functools import partial
from types import SimpleNamespace

import numpy as np
import torch
from torch import nn

from dropout_scaling._snapshot import Snapshot


class Holder(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.number, self.nothing, self.words = 1, None, ["a"]
        self.table = {"x": [torch.ones(2)]}
        self.queue, self.seen = deque([1], maxlen=3), {1}
        self.array = np.zeros(2)
        self.other = SimpleNamespace(cache=torch.zeros(2), p=0.2)
        self.call = partial(max, [1])
        self.generators = [torch.Generator(), np.random.default_rng(0), random.Random(0)]
        self.pair = (torch.zeros(1), [0])


def held(module):
    return {
        "weight": (id(module.linear.weight), module.linear.weight.tolist()),
        "parameters": list(module.linear._parameters),
        "asks": module.linear.weight.requires_grad,
        "modules": list(module._modules),
        "attributes": list(vars(module)),
        "plain": (module.number, module.nothing, list(module.words)),
        "table": (list(module.table), id(module.table["x"]), module.table["x"][0].tolist()),
        "queue": (list(module.queue), module.queue.maxlen, set(module.seen)),
        "array": module.array.tolist(),
        "other": (module.other.cache.tolist(), module.other.p),
        "call": list(module.call.args[0]),
        "generators": [
            module.generators[0].get_state().tolist(),
            str(module.generators[1].bit_generator.state),
            module.generators[2].getstate(),
        ],
        "pair": (module.pair[0].tolist(), list(module.pair[1])),
        "type": type(module.linear),
        "hooks": len(module.linear._forward_hooks),
        "modes": [part.training for part in module.modules()],
    }


def change(module):
    """Change each of them, in place and by another object."""
    with torch.no_grad():
        module.linear.weight += 1
        module.linear.weight.data = torch.zeros(3)
    module.linear.weight.requires_grad_(False)
    bias = module.linear._parameters.pop("bias")
    module.linear.bias = bias.detach()
    module.number, module.nothing, module.new = 2, 3, 4
    module.words.append("b")
    module.table["x"][0].zero_()
    module.table["x"] = module.table["y"] = [torch.zeros(1)]
    module.more = nn.Linear(1, 1)
    module.queue.append(2)
    module.seen.clear()
    module.array += 1
    module.other.cache, module.other.p = torch.ones(2), 0.3
    module.call.args[0].append(5)
    for generator in module.generators:
        draw = getattr(generator, "random", None)
        draw() if draw else torch.rand(3, generator=generator)
    module.pair[0].fill_(7)
    module.pair[1].append(1)
    module.linear.__class__ = Holder
    module.linear.register_forward_hook(print)
    module.linear.training = False


def test_each_thing_that_a_module_holds_is_put_back():
    module = Holder()
    module.linear.register_forward_hook(lambda *args: None)
    before, snapshot = held(module), Snapshot(module)
    change(module)
    changed = held(module)
    assert [key for key in before if changed[key] == before[key]] == []
    snapshot.put_back()
    assert held(module) == before


def test_a_parameter_that_moved_memory_is_in_its_old_place_again():
    module = nn.Linear(2, 2)
    view, snapshot = module.weight.data.view(4), Snapshot(module)
    module.weight.data = torch.zeros(2, 2)
    snapshot.put_back()
    module.weight.data += 1
    assert torch.equal(view, module.weight.data.view(4))


def test_what_has_changed_is_named_and_rounding_is_not():
    module = Holder()
    snapshot = Snapshot(module)
    assert snapshot.differences() == []
    with torch.no_grad():
        module.linear.bias += 1
        module.linear.weight *= 1 + 1e-6
    module.number = 2
    module.train(False)
    assert sorted(snapshot.differences()) == ["linear.bias", "number"]


def test_meta_half_and_expanded_tensors_can_be_remembered():
    module = nn.Linear(2, 2, device="meta")
    module.half, module.wide = torch.ones(2).bfloat16(), torch.ones(1).expand(3)
    snapshot = Snapshot(module)
    module.half += 1
    snapshot.put_back()
    assert module.half.tolist() == [1, 1]
    assert snapshot.differences() == []


class Unmeasured(tuple):
    """A tuple that refuses to tell its length, as the irreps of e3nn do."""

    def __len__(self):
        raise NotImplementedError


def test_what_is_in_a_tuple_without_a_length_is_put_back_too():
    module = nn.Identity()
    module.pair = Unmeasured([torch.zeros(1)])
    snapshot = Snapshot(module)
    next(iter(module.pair)).fill_(1)
    snapshot.put_back()
    assert next(iter(module.pair)).tolist() == [0]
