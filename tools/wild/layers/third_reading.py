"""More writings of the world, each unlike those before: enums, pairs of functions, hooks, gaps."""

import enum
import random
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tools.wild.layers.case import Case, P, collector

CASES, right, wrong, depends = collector()


# On arrays, how the mask is drawn.


@right("np.random.choice of 0 and 1 / q")
def choice_of_two(x, drop_rate, training=True):
    if not training:
        return x
    q = 1 - drop_rate
    return x * np.random.choice([0.0, 1 / q], size=x.shape, p=[drop_rate, q])


@right("random.choices with weights, as a flat list")
def weighted(x, drop_prob, train=True):
    if not train:
        return x
    flat = random.choices([False, True], weights=[drop_prob, 1 - drop_prob], k=x.size)
    return np.where(np.reshape(flat, x.shape), x, 0) / (1 - drop_prob)


@right("whole numbers below 100, against the percentage")
def of_a_hundred(x, p, training=True):
    if not training:
        return x
    return x * (np.random.randint(0, 100, x.shape) >= round(100 * p)) / (1 - p)


@wrong("", "whole numbers below 10, above p in tenths: 7 of 10 are, not 8")
def of_ten(x, p, training=True):
    return x * (np.random.randint(0, 10, x.shape) > 10 * p) / (1 - p) if training else x


@right("the gaps between dropped values are geometric: independent draws")
def by_gaps(x, p, training=True):
    if not training:
        return x
    y = x.flatten() / (1 - p)
    if p > 0:
        at = np.cumsum(np.random.geometric(p, size=x.size)) - 1
        y[at[at < x.size]] = 0
    return y.reshape(x.shape)


@right("a masked array, filled with zeros")
def masked_array(x, rate, is_training=True):
    if not is_training:
        return x
    return np.ma.array(x, mask=np.random.rand(*x.shape) < rate).filled(0) / (1 - rate)


@right("u in half precision, which is p only by rounding")
def half_uniform(x, p, training=True):
    if not training:
        return x
    return x * (np.random.rand(*x.shape).astype(np.float16) >= p) / (1 - p)


@right("a generator keyed by the number of the call")
class Counted:
    def __init__(self, p):
        self.p, self.step = p, 0

    def forward(self, x, training=True):
        if not training:
            return x
        self.step += 1
        rng = np.random.Generator(np.random.Philox(key=self.step))
        self.mask = (rng.random(x.shape) >= self.p) / (1 - self.p)
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask


@right("the result is written into a buffer that is used again")
class Buffered:
    def __init__(self, p):
        self.p, self.buffer = p, None

    def forward(self, x, training=True):
        if self.buffer is None or self.buffer.shape != x.shape:
            self.buffer = np.empty_like(x)
        factor = (np.random.rand(*x.shape) >= self.p) / (1 - self.p) if training else 1.0
        return np.multiply(x, factor, out=self.buffer)


@right("rows in a loop, one draw each")
def row_by_row(x, drop_prob, training=True):
    if not training:
        return x
    return np.stack([row * (random.random() >= drop_prob) / (1 - drop_prob) for row in x])


@wrong("writes_into_its_input forgets_the_scale", "zeros put into the array, and no scale")
def zeros_put_in(a, p, training=True):
    if training:
        a[np.random.rand(*a.shape) < p] = 0
    return a


@wrong("", "only the first half of the units is ever dropped")
def half_of_the_units(x, p, training=True):
    if not training:
        return x
    factor = np.ones(x.shape)
    half = x.shape[-1] // 2
    factor[..., :half] = (np.random.rand(*x.shape[:-1], half) >= p) / (1 - p)
    return x * factor


@wrong("multiplies_by_uniform_noise", "u times the rate is taken for a mask")
class RandTimesRate:
    def __init__(self, dropout_rate):
        self.dropout_rate = dropout_rate

    def forward(self, input):
        self.mask = np.random.rand(*input.shape) * self.dropout_rate
        return input * self.mask

    def backward(self, derivative, learning_rate):
        return derivative * self.mask


@depends("0 and 1 by choice, and nothing that scales: evaluation would have to")
class UnscaledChoice:
    def __init__(self, rate):
        self.rate = rate

    def __call__(self, inputs):
        self.mask = np.random.choice([0, 1], size=inputs.shape, p=[self.rate, 1 - self.rate])
        return inputs * self.mask

    def backprop(self, prev_dy):
        return prev_dy * self.mask


# How it is told that it trains.


class Phase(enum.Enum):
    TRAIN = "train"
    TEST = "test"


@right("the phase is a member of an enum")
def by_enum(x, keep_prob, phase: Phase = Phase.TRAIN):
    if phase is not Phase.TRAIN:
        return x
    return x * (np.random.rand(*x.shape) < keep_prob) / keep_prob


@right("the phase is an enum on the object")
class EnumAttribute:
    def __init__(self, p):
        self.p, self.phase = p, Phase.TRAIN

    def forward(self, x):
        if self.phase == Phase.TEST:
            return x
        return x * (np.random.rand(*x.shape) >= self.p) / (1 - self.p)


@right("stochastic= says it")
def when_stochastic(x, corruption_level, stochastic=True):
    if not stochastic or corruption_level == 0:
        return x
    retain = 1 - corruption_level
    return x * np.random.binomial(1, retain, x.shape) / retain


@right("a keep probability of the call stands in for its own", given=(1 - P,))
class OwnOrGiven:
    def __init__(self, keep):
        self.keep = keep

    def __call__(self, x, training, dropout_keep=None):
        keep = dropout_keep or self.keep
        if not training or keep >= 1:
            return x
        return np.where(np.random.rand(*x.shape) < keep, x / keep, 0)


@right("a frozen dataclass, which is given a generator")
@dataclass(frozen=True)
class Frozen:
    rate: float

    def __call__(self, x, *, rng, train):
        return x * (rng.random(x.shape) >= self.rate) / (1 - self.rate) if train else x


# What comes back, and the way back.


@right("the second result is the function that runs backward")
def with_pullback(x, p, is_train=True):
    if not is_train:
        return x, lambda dy: dy
    mask = (np.random.rand(*x.shape) >= p) / (1 - p)
    return x * mask, lambda dy: dy * mask


@wrong("backward_without_scale", "the function that runs backward knows the mask alone")
def with_unscaled_pullback(x, p, is_train=True):
    if not is_train:
        return x, lambda dy: dy
    mask = np.random.rand(*x.shape) >= p
    return x * mask / (1 - p), lambda dy: dy * mask


@right("a dictionary with the output and the mask")
def in_a_dictionary(x, p, training=True):
    mask = (np.random.rand(*x.shape) >= p) / (1 - p) if training else np.ones(x.shape)
    return {"output": x * mask, "mask": mask}


@right("pure: params and state go in, and the state comes out beside the output")
def pure_apply(params, state, rng, inputs, drop_rate, is_training=True):
    if not is_training:
        return inputs, state
    return inputs * (rng.random(inputs.shape) >= drop_rate) / (1 - drop_rate), state


@right("backward is given the input, then the gradient")
class InputThenGradient:
    def __init__(self, init_p):
        self.p, self.train_mode = init_p, True

    def training(self):
        self.train_mode = True

    def evaluate(self):
        self.train_mode = False

    def forward(self, input):
        self.noise = np.ones(input.shape)
        if self.train_mode:
            self.noise = np.random.binomial(1, 1 - self.p, input.shape) / (1 - self.p)
        return input * self.noise

    def backward(self, input, grad_output):
        return grad_output * self.noise


@right("the mask is in a dictionary on the object; backward changes what it is given")
class CacheDictionary:
    def __init__(self, keep_prob):
        self.keep_prob, self.cache = 1 - keep_prob, {}

    def forward(self, x, training=True):
        keep = self.keep_prob if training else 1.0
        self.cache["mask"] = np.random.rand(*x.shape) < keep
        self.cache["keep"] = keep
        return x * self.cache["mask"] / keep

    def backward(self, dy, **kw):
        dy *= self.cache["mask"]
        dy /= self.cache["keep"]
        return dy


@wrong("backward_with_another_mask", "the gradient goes to those that were dropped")
class GradientToDropped:
    def __init__(self, p):
        self.p = p

    def forward(self, x, training=True):
        self.mask = np.random.rand(*x.shape) >= self.p if training else np.ones(x.shape, bool)
        return x * self.mask / (1 - self.p if training else 1)

    def backprop(self, d_out):
        return (d_out - d_out * self.mask) / (1 - self.p)


@wrong("", "the scale is in the mask, and backward divides once more")
class DividesBackwardAgain:
    def __init__(self, p):
        self.p = p

    def forward(self, x, training=True):
        self.mask = (np.random.rand(*x.shape) >= self.p) / (1 - self.p)
        return x * self.mask if training else x

    def backward(self, grad):
        return grad * self.mask / (1 - self.p)


# In PyTorch.


def _drop_output(module, inputs, output):
    return F.dropout(output, P, module.training)


def _always_drop_output(module, inputs, output):
    return F.dropout(output, P)


@right("a forward hook, which looks at the mode", given=())
class HookedDropout(nn.Module):
    def __init__(self):
        super().__init__()
        self.hooked = nn.Identity()
        self.hooked.register_forward_hook(_drop_output)

    def forward(self, x):
        return self.hooked(x)


@wrong("drops_at_evaluation", "a forward hook, which does not look at the mode", given=())
class DeafHook(nn.Module):
    def __init__(self):
        super().__init__()
        self.hooked = nn.Identity()
        self.hooked.register_forward_hook(_always_drop_output)

    def forward(self, x):
        return self.hooked(x)


@right("the rate is a parameter, in logits")
class LogitRate(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.logit = nn.Parameter(torch.logit(torch.tensor(p)))

    def forward(self, x):
        if not self.training:
            return x
        keep = 1 - torch.sigmoid(self.logit).detach()
        return x * torch.bernoulli(keep.expand_as(x)) / keep


@right("its own torch.Generator, seeded once")
class OwnGenerator(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p, self.generator = p, torch.Generator().manual_seed(7)

    def forward(self, x):
        if not self.training:
            return x
        u = torch.rand(x.shape, generator=self.generator)
        return torch.where(u < self.p, 0.0, x / (1 - self.p))


@right("a normal number against the normal quantile of p")
class NormalQuantile(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p, self.least = p, torch.special.ndtri(torch.tensor(p)).item()

    def forward(self, x):
        if not self.training:
            return x
        return x * (torch.randn_like(x) > self.least) / (1 - self.p)


@right("two halves, each dropped by itself")
class InChunks(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        return torch.cat([F.dropout(part, self.p, self.training) for part in x.chunk(2, -1)], -1)


@right("the values of a sparse tensor")
class SparseDropout(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        sparse = x.to_sparse()
        values = F.dropout(sparse.values(), self.p, self.training)
        return torch.sparse_coo_tensor(sparse.indices(), values, x.shape).to_dense()


@right("deterministic= has to be said, by its name")
class KeywordOnly(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x, *, deterministic):
        return x if deterministic else F.dropout(x, self.p)


@right("any number of tensors, and a list of results")
class Several(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.drop = nn.Dropout(p)

    def forward(self, *tensors):
        return [self.drop(tensor) for tensor in tensors]


@depends("a mask for all steps until it is reset, which nothing was seen to do")
class RecurrentDropout(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p, self.mask = p, None

    def reset(self):
        self.mask = None

    def forward(self, x):
        if not self.training:
            return x
        if self.mask is None or self.mask.shape != x.shape:
            self.mask = torch.bernoulli(torch.full_like(x, 1 - self.p)).detach() / (1 - self.p)
        return x * self.mask


@wrong("keeps_p", "Bernoulli(probs) gives ones with the probability of dropping")
class SpatialDropout3D(nn.Module):
    def __init__(self, probs):
        super().__init__()
        self.sampler, self.probs = torch.distributions.Bernoulli(probs=probs), probs

    def forward(self, data):
        if not self.training:
            return data
        n, c, x, y, z = data.shape
        return data * self.sampler.sample((n, 1, x, y, z)) / (1 - self.probs)


# What the packages showed.


@right("its mode is about rows and batches, not about training")
class ModeOfRows(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p, self.mode = p, "row"

    def forward(self, x):
        if self.mode not in ("row", "batch"):
            raise ValueError("mode must be row or batch")
        if not self.training:
            return x
        shape = [len(x)] + [1] * (x.ndim - 1)
        return x * torch.empty(shape).bernoulli_(1 - self.p) / (1 - self.p)


@right("forward passes all on to call, which says what it takes")
class CalledByCall(nn.Module):
    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, *args, **kwargs):
        return self.call(*args, **kwargs)

    def call(self, inputs, training=False):
        return F.dropout(inputs, self.rate) if training else inputs


@right("it changes what it is given, and returns nothing")
class ReturnsNothing(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        x *= F.dropout(torch.ones_like(x), self.p, self.training)


@depends("three numbers, a vector, are dropped together")
class VectorDropout(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        vectors = x[..., : x.shape[-1] // 3 * 3].unflatten(-1, (-1, 3))
        kept = F.dropout(torch.ones_like(vectors[..., :1]), self.p, self.training)
        rest = F.dropout(x[..., x.shape[-1] // 3 * 3 :], self.p, self.training)
        return torch.cat([(vectors * kept).flatten(-2), rest], -1)


@depends("one mask along axis 0, which is time, as batch_first says")
class SharedDropout(nn.Module):
    def __init__(self, p, batch_first=False):
        super().__init__()
        self.p, self.batch_first = p, batch_first

    def forward(self, x):
        if not self.training:
            return x
        like = x[:, :1] if self.batch_first else x[:1]
        return x * F.dropout(torch.ones_like(like), self.p)


# What is no dropout yet.


def _unfinished(name, layer, known):
    CASES.append(Case(name, layer, "none", frozenset(), known, {}))


def mask_alone(x, p, training=True):
    return (np.random.rand(*x.shape) >= p) / (1 - p) if training else np.ones(x.shape)


class ReturnsTheBuiltIn(nn.Module):
    def forward(self, x):
        return F.dropout(x, P) if self.training else input


_unfinished("the mask alone", mask_alone, "whoever calls it multiplies")
_unfinished("input, the function", ReturnsTheBuiltIn(), "its argument is called x")
