"""Layers in forms of repositories that were read after the doctor judged all others rightly."""

import contextlib
import math
import random

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tools.wild.layers.case import P, collector

CASES, right, wrong, depends = collector()


class _Base:
    trainable, testing_phase = False, False


# Frameworks from scratch.


@right("an attribute of the base says that one tests; the number keeps", given=(1 - P,))
class TestingPhase(_Base):
    def __init__(self, probability):
        self.p, self.testing_phase = probability, False

    def forward(self, input_tensor):
        if self.testing_phase:
            return input_tensor
        self.dropped = np.random.random(input_tensor.shape) > 1 - self.p
        return input_tensor * self.dropped * (1 / self.p)

    def backward(self, error_tensor):
        return error_tensor * self.dropped * (1 / self.p)


@wrong("", "the error is multiplied by the output instead of the mask", given=(1 - P,))
class ErrorTimesOutput(_Base):
    def __init__(self, probability):
        self.p, self.testing_phase = probability, False

    def forward(self, input_tensor):
        if self.testing_phase:
            return input_tensor
        self.dropped = input_tensor * (np.random.random(input_tensor.shape) > 1 - self.p)
        return (1 / self.p) * self.dropped

    def backward(self, error_tensor):
        return self.dropped * error_tensor / self.p


class Config:
    train = True


@contextlib.contextmanager
def test_mode():
    Config.train = False
    try:
        yield
    finally:
        Config.train = True


@right("the mode is a global setting, so evaluation is not seen")
def global_mode(x, dropout_ratio=0.5):
    if not Config.train:
        return x
    mask = np.random.rand(*x.shape) > dropout_ratio
    scale = np.array(1.0 - dropout_ratio).astype(x.dtype)
    return x * mask / scale


@right("a function object whose backward takes x and the gradient")
class FunctionObject:
    def __init__(self, dropout_rate):
        self.dropout_rate, self.mask = dropout_rate, None

    def forward(self, x):
        self.mask = np.random.rand(*x.shape) > self.dropout_rate
        return x * self.mask / np.array(1.0 - self.dropout_rate)

    def backward(self, x, grad_y):
        return grad_y * self.mask / (1.0 - self.dropout_rate)


@right("evaluate beside forward")
class EvaluateBeside:
    def __init__(self, drop_prob):
        self.drop_prob = drop_prob

    def forward(self, x):
        self.mask = (np.random.rand(*x.shape) > self.drop_prob).astype(np.float32)
        return x * self.mask / (1.0 - self.drop_prob)

    def evaluate(self, x):
        return x

    def backward(self, prev_grad):
        return prev_grad * self.mask / (1.0 - self.drop_prob)


@wrong("scales_at_both_times", "divided in forward, times q in predict")
class PredictBeside:
    def __init__(self, drop_prob):
        self.drop_prob = drop_prob

    def forward(self, x):
        self.mask = np.random.rand(*x.shape) > self.drop_prob
        return x * self.mask / (1.0 - self.drop_prob)

    def predict(self, x):
        return x * (1.0 - self.drop_prob)

    def backward(self, grad):
        return grad * self.mask / (1.0 - self.drop_prob)


@right(
    "a cache of the base class, and a backward in place that takes what else there is",
    given=(1 - P,),
)
class CacheOfBase:
    def __init__(self, keep_prob):
        self.cache, self.keep_prob = {}, keep_prob

    def forward(self, x):
        self.cache["mask"] = np.random.rand(*x.shape) < self.keep_prob
        y = x * self.cache["mask"]
        y /= self.keep_prob
        return y

    def backward(self, dy, **kw):
        dy *= self.cache["mask"]
        dy /= self.keep_prob
        return dy


@right("the names of Lua's library")
class UpdateOutput:
    def __init__(self, p):
        self.p, self.train = p, True

    def training(self):
        self.train = True

    def evaluate(self):
        self.train = False

    def updateOutput(self, input):
        self.output = input
        if self.train:
            self.noise = np.random.binomial(1, 1 - self.p, input.shape) / (1 - self.p)
            self.output = input * self.noise
        return self.output

    def updateGradInput(self, input, gradOutput):
        self.gradInput = gradOutput * self.noise if self.train else gradOutput
        return self.gradInput


@right("forwardprop and backprop, off by default")
class ForwardProp:
    def __init__(self, ratio):
        self.ratio, self.mask = ratio, None

    def forwardprop(self, X_in, training=False, init_mask=True):
        if not training:
            return X_in
        if init_mask:
            self.mask = np.random.rand(*X_in.shape) >= self.ratio
        return X_in * self.mask / (1 - self.ratio)

    def backprop(self, dX):
        return dX * self.mask / (1 - self.ratio)


@wrong("forgets_the_scale", "unscaled, with a learning rate in backward")
class UnscaledWithRate:
    def __init__(self, drop_prob=0.5):
        self.drop_prob, self.mask = drop_prob, None

    def forward(self, x: np.ndarray, training: bool):
        if training:
            self.mask = (np.random.rand(*x.shape) > self.drop_prob).astype(float)
            self._x = x
            self._y = x * self.mask
            return self._y
        return x

    def backward(self, grad, lr):
        return grad * self.mask


@right("mode is a boolean, false at first")
class ModeIsBoolean:
    def __init__(self, rate):
        self.rate = rate

    def forward(self, input_data, mode=False):
        self.mask = (np.random.rand(*input_data.shape) > self.rate) / (1 - self.rate)
        return input_data * self.mask if mode else input_data

    def backward(self, output_error, learning_rate, mode=True):
        return output_error * self.mask


@wrong("drops_an_exact_share", "a mask that is shuffled")
class Shuffled:
    def __init__(self, drop_ratio):
        self.drop_ratio = drop_ratio

    def forward(self, x):
        keep = np.ones(x.size, dtype=x.dtype)
        keep[: int(round(x.size * self.drop_ratio))] = 0
        np.random.shuffle(keep)
        self.keep = keep.reshape(x.shape) / (1 - self.drop_ratio)
        return x * self.keep

    def backward(self, dy):
        return dy * self.keep


@right("slots, a generator of its own, and a call")
class WithSlots:
    __slots__ = ("is_train", "mask", "p", "rng")

    def __init__(self, p, rng=None):
        self.p, self.rng, self.is_train = p, np.random.default_rng(rng), True

    def __call__(self, data):
        if not self.is_train or self.p == 0:
            return data
        self.mask = self.rng.binomial(1, 1 - self.p, data.shape) / (1 - self.p)
        return data * self.mask


@right("several layers of a network, each with its mask, by a name in camel case")
class CamelCase:
    def __init__(self, dropoutRate):
        self.dropoutRate, self.isTraining = dropoutRate, True

    def setTraining(self, isTraining):
        self.isTraining = isTraining

    def feedForward(self, a):
        if not self.isTraining:
            return a
        self.maskMatrix = (np.random.rand(*a.shape) >= self.dropoutRate) / (1 - self.dropoutRate)
        return a * self.maskMatrix

    def backPropagate(self, delta):
        return delta * self.maskMatrix


@wrong("shares_the_mask_in_a_batch", "a mask for the units, in columns", given=(1 - P,))
class ColumnMask:
    def __init__(self, keep_prob):
        self.keep_prob = keep_prob

    def forward(self, a_prev, training):
        if training:
            self.cached_mask = np.random.rand(a_prev.shape[1]) < self.keep_prob
            return a_prev * self.cached_mask / self.keep_prob
        return a_prev

    def backward(self, da):
        return da * self.cached_mask / self.keep_prob


CASES[6] = CASES[6]._replace(layer=CacheOfBase(1 - P))


@wrong("backward_without_scale", "the mask is stored before it is scaled")
class StoredTooEarly:
    def __init__(self, rate):
        self.rate = rate

    def forward(self, x, training=True):
        if not training:
            return x
        self.mask = np.random.rand(*x.shape) > self.rate
        scaled = self.mask / (1.0 - self.rate)
        return x * scaled

    def backward(self, grad):
        return np.where(self.mask, grad, 0.0)


@wrong("freezes_the_mask", "the generator is made anew from a stored seed")
class StoredSeed:
    def __init__(self, p, seed=3):
        self.p, self.seed = p, seed

    def forward(self, x, train=True):
        if not train:
            return x
        rng = np.random.RandomState(self.seed)
        self.m = (rng.uniform(size=x.shape) > self.p) / (1 - self.p)
        return x * self.m

    def backward(self, g):
        return g * self.m


# Functions.


@wrong("forgets_the_scale", "as in an exercise: rand > rate, and a flag to ignore it")
def dropout_with_ignore(input, rate, ignore=False):
    if ignore:
        return input
    return input * (np.random.rand(*input.shape) > rate)


@right("the generator first, and a probability of keeping by its place alone")
def generator_first(rng, values, keep_prob):
    mask = rng.binomial(n=1, p=keep_prob, size=values.shape)
    return values * mask * np.float32(1.0 / keep_prob)


@right("use_noise switches, the paper's kind")
def with_use_noise(state_before, use_noise, p_dropped=0.5):
    kept = np.random.binomial(1, 1 - p_dropped, state_before.shape)
    return np.where(use_noise, state_before * kept, state_before * (1 - p_dropped))


@right("a guard in the divisor")
def guarded_divisor(x, drop_rate, training=True):
    if not training:
        return x
    return x * (np.random.rand(*x.shape) > drop_rate) / (1 - drop_rate + 1e-8)


@right("lists in lists, by hand")
def nested_lists(rows, drop_rate, training=True):
    if not training:
        return [row[:] for row in rows]
    keep = 1.0 - drop_rate
    return [[v / keep if random.random() < keep else 0.0 for v in row] for row in rows]


@wrong("keeps_p", "lists in lists, dropped if u is above the rate")
def nested_lists_swapped(rows, drop_rate, training=True):
    if not training:
        return [row[:] for row in rows]
    return [[v / (1 - drop_rate) if random.random() < drop_rate else 0.0 for v in r] for r in rows]


@wrong("takes_p_for_keep", "p is said to keep in a note of the author")
def p_keeps(x, p=0.5, mode="train"):
    if mode == "train":
        mask = (np.random.rand(*x.shape) < p) / p
        return x * mask
    return x


@depends("the mask is made elsewhere and not scaled")
def apply_mask(x, mask):
    return x * mask


# PyTorch.


@wrong("drops_at_evaluation", "it calls train() where it means training")
class CallsTrain(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if self.train():
            return F.dropout(x, self.p)
        return x


@wrong("drops_at_evaluation", "Gaussian noise that calls train() where it means training")
class GaussianCallsTrain(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.std = math.sqrt(p / (1 - p))

    def forward(self, x):
        if self.train():
            return x * (torch.randn(x.size()) * self.std + 1)
        return x


@wrong("", "flips what it should drop")
class Flips(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.bernoulli = torch.distributions.Bernoulli(probs=p)

    def forward(self, x):
        mask = self.bernoulli.sample(x.size())
        return torch.where(mask.bool(), 1.0 - x, x) if self.training else x


@wrong("writes_into_its_input", "mul_ of the input of a block of four axes")
class DropConnectInPlace(nn.Module):
    def __init__(self, drop_rate):
        super().__init__()
        self.drop_rate = drop_rate

    def forward(self, x):
        if not self.training:
            return x
        kept = torch.floor(1 - self.drop_rate + torch.rand([x.size(0), 1, 1, 1], dtype=x.dtype))
        x.mul_(kept / (1 - self.drop_rate))
        return x


@right("one decision for each row of four axes, by the floor")
class DropConnect(nn.Module):
    def __init__(self, drop_rate):
        super().__init__()
        self.p = drop_rate

    def forward(self, inputs):
        if not self.training:
            return inputs
        keep_prob = 1 - self.p
        binary = torch.floor(keep_prob + torch.rand([inputs.shape[0], 1, 1, 1]))
        return inputs / keep_prob * binary


@wrong("drops_at_evaluation", "whole channels, without a look at the mode")
class DropConnectChannels(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, inputs):
        n, c = inputs.shape[:2]
        _ = inputs.shape[2], inputs.shape[3]
        binary = torch.floor(1 - self.p + torch.rand([n, c, 1, 1]))
        return inputs / (1 - self.p) * binary


@depends("words are replaced and not scaled", shape=(16, 12, 8))
class WordDropout2(nn.Module):
    def __init__(self, dropprob):
        super().__init__()
        self.dropprob = dropprob

    def forward(self, x, replacement=None):
        if not self.training or self.dropprob == 0:
            return x
        size = [*x.size()]
        size[-1] = 1
        mask = torch.rand(*size) < self.dropprob
        res = x.masked_fill(mask, 0)
        return res if replacement is None else res + mask.float() * replacement


@right("a noise of batch and units, expanded over the steps")
class SpatialByRepeat(nn.Module):
    def __init__(self, drop_prob):
        super().__init__()
        self.drop_prob = drop_prob

    def forward(self, inputs):
        output = inputs.clone()
        if not self.training or self.drop_prob == 0:
            return inputs
        noise = inputs.new_empty(inputs.size(0), *[1] * (inputs.dim() - 2), inputs.size(2))
        noise.bernoulli_(1 - self.drop_prob).div_(1 - self.drop_prob)
        return output.mul_(noise.expand_as(inputs))


@wrong("shares_the_mask_in_a_batch", "Dropout2d over one row that holds the whole batch")
class SpatialOfFakeBatch(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.spatial_dropout = nn.Dropout2d(p)

    def forward(self, x):
        x = x.permute(2, 1, 0).unsqueeze(0)
        return self.spatial_dropout(x).squeeze(0).permute(2, 1, 0)


@right("one mask for the steps of a row, in a subclass of nn.Dropout", shape=(16, 12, 8))
class InputVariationalDropout(nn.Dropout):
    def forward(self, input_tensor):
        ones = input_tensor.data.new_ones(input_tensor.shape[0], input_tensor.shape[-1])
        mask = F.dropout(ones, self.p, self.training, inplace=False)
        return mask.unsqueeze(1) * input_tensor


@right("a wrapper with a residual name")
class DropoutWrapper(nn.Module):
    def __init__(self, dropout_rate=0.5):
        super().__init__()
        self.dropout = nn.Dropout(p=dropout_rate)

    def forward(self, x):
        return self.dropout(x)


@right("p as a tensor in a buffer")
class PInBuffer(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.register_buffer("keep", torch.tensor(1 - p))

    def forward(self, x):
        if self.training:
            return x * torch.bernoulli(self.keep.expand(x.shape)) / self.keep
        return x


@wrong("shares_the_mask_in_a_batch", "the probabilities are expanded to one row")
class ExpandedToARow(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.register_buffer("keep", torch.tensor(1 - p))

    def forward(self, x):
        if not self.training:
            return x
        return x * torch.bernoulli(self.keep.expand(x.shape[1:])) / self.keep


@right("in float64, scaled by a Python number")
class ScaledFirst(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        return (x.double() / (1 - self.p) * (torch.rand_like(x) >= self.p)).to(x.dtype)


@right("the mask and the output come in another order")
class MaskFirst(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        mask = torch.ones_like(x)
        if self.training:
            mask = torch.bernoulli(torch.full_like(x, 1 - self.p)) / (1 - self.p)
        return mask, x * mask


@wrong("drops_twice", "a layer and a functional after it")
class LayerAndFunctional(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p, self.layer = p, nn.Dropout(p)

    def forward(self, x):
        return F.dropout(self.layer(x), self.p, self.training)


@wrong("never_drops", "p is stored and not passed on")
class PNotPassed(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p, self.drop = p, nn.Dropout(0.0)

    def forward(self, x):
        return self.drop(x)


@wrong("evaluates_with_p", "the paper's kind in PyTorch, evaluation times p")
class PaperByP(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if self.training:
            return x * torch.bernoulli(torch.full_like(x, 1 - self.p))
        return x * self.p


@wrong("keeps_the_variance", "divided by the root, so that the norm stays")
class ByRoot(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        return x * (torch.rand_like(x) >= self.p) * (1 - self.p) ** -0.5


# Objects on PyTorch's tensors, with a backward of their own.


@right("a mask of tensors, by hand in both directions")
class TensorPair:
    def __init__(self, p):
        self.p = p

    def forward(self, x, training=True):
        if not training:
            return x
        self.mask = torch.bernoulli(torch.full(x.shape, 1 - self.p)) / (1 - self.p)
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask


@wrong("backward_without_mask", "the gradient passes, though autograd would have known better")
class TensorPairPasses(TensorPair):
    def backward(self, grad):
        return grad


# Numbers in lists, in both directions.


@right("one row of numbers, by hand in both directions")
class RowOfNumbers:
    def __init__(self, p):
        self.p, self.training = p, True

    def forward(self, inputs):
        if not self.training:
            return inputs
        self.kept = [random.random() >= self.p for _ in inputs]
        return [v / (1 - self.p) if k else 0.0 for v, k in zip(inputs, self.kept)]

    def backward(self, grads):
        return [g / (1 - self.p) if k else 0.0 for g, k in zip(grads, self.kept)]


@wrong("backward_without_scale", "one row of numbers, the gradient is not scaled")
class RowOfNumbersUnscaled(RowOfNumbers):
    def backward(self, grads):
        return [g if k else 0.0 for g, k in zip(grads, self.kept)]


# Modules again.


@wrong("never_drops", "it puts its own layer in eval mode")
class AlwaysEval(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.drop = nn.Dropout(p)

    def forward(self, x):
        self.drop.eval()
        return self.drop(x)


@wrong("drops_at_evaluation", "its layer is in a plain list, which eval() does not reach")
class NotRegistered(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.layers = [nn.Dropout(p)]

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


@right("whole steps along an axis that is chosen")
def dimension_wise(x, dropout_rate=0.0, dim=-1, training=False):
    if dropout_rate == 0.0 or not training:
        return x
    shape = [1] * x.dim()
    shape[0], shape[dim] = x.shape[0], x.shape[dim]
    return x.div(1 - dropout_rate) * torch.floor(1 - dropout_rate + torch.rand(shape))


@wrong("freezes_the_mask", "a generator of PyTorch's is made with a seed in each call")
class SeededGenerator:
    def __init__(self, p):
        self.p = p

    def forward(self, x, training=True):
        if not training:
            return x
        generator = torch.Generator().manual_seed(5)
        return x * (torch.rand(x.shape, generator=generator) > self.p) / (1 - self.p)
