"""Dropout's relatives: what is shared, what is noise, what is always on."""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tools.wild.layers.case import P, collector

CASES, right, wrong, depends = collector()
Q = 1 - P


class _Layer(nn.Module):
    def __init__(self, p=P):
        super().__init__()
        self.p = p


# One decision for several values.


@right("one for each row of a batch")
class DropPath(_Layer):
    def forward(self, x):
        if self.p == 0.0 or not self.training:
            return x
        shape = (x.shape[0],) + (1,) * (x.ndim - 1)
        kept = x.new_empty(shape).bernoulli_(1 - self.p)
        return x * kept.div_(1 - self.p)


@right("a function of its own default: training is False")
def drop_path(x, drop_prob: float = 0.0, training: bool = False, scale_by_keep: bool = True):
    if drop_prob == 0.0 or not training:
        return x
    keep = 1 - drop_prob
    kept = x.new_empty((x.shape[0],) + (1,) * (x.ndim - 1)).bernoulli_(keep)
    if keep > 0.0 and scale_by_keep:
        kept.div_(keep)
    return x * kept


@right("by the floor of keep_prob + u")
class PathByFloor(_Layer):
    def forward(self, x):
        if not self.training:
            return x
        kept = (1 - self.p + torch.rand((len(x),) + (1,) * (x.ndim - 1))).floor_()
        return x.div(1 - self.p) * kept


@right("a mask for all steps of a sequence, time first", given=())
class LockedDropout(nn.Module):
    def forward(self, x, dropout=0.5):
        if not self.training or not dropout:
            return x
        mask = x.new_empty(1, x.size(1), x.size(2)).bernoulli_(1 - dropout) / (1 - dropout)
        return mask.expand_as(x) * x


@right("a mask for all steps of a sequence, batch first")
class VariationalDropout(_Layer):
    def forward(self, x):
        if not self.training:
            return x
        return x * F.dropout(x.new_ones(x.size(0), 1, x.size(2)), self.p)


@right("a mask for all steps, in NumPy")
class RNNDropout:
    def __init__(self, p):
        self.p = p

    def forward(self, x, training=True):
        steps, rows, units = x.shape
        if not training:
            return x
        self.mask = (np.random.rand(1, rows, units) > self.p) / (1 - self.p)
        return x * self.mask

    def backward(self, d):
        return d * self.mask


@right("whole channels, channels last")
class SpatialDropout2D(_Layer):
    def forward(self, x):
        n, h, w, c = x.shape
        return x * F.dropout(x.new_ones(n, 1, 1, c), self.p) if self.training else x


@right("whole channels of a sequence, channels last")
class SpatialDropout1D(_Layer):
    def forward(self, x):
        x = x.permute(0, 2, 1).unsqueeze(3)
        return F.dropout2d(x, self.p, self.training).squeeze(3).permute(0, 2, 1)


@right("whole words, scaled")
class WordDropout(_Layer):
    def forward(self, x):
        b, t, f = x.shape
        return x * F.dropout(x.new_ones(b, t, 1), self.p) if self.training else x


@depends("whole words, unscaled: usual for words, wrong as plain dropout")
class TokenDropout(_Layer):
    def forward(self, x):
        if not self.training:
            return x
        return x * x.new_empty(x.size(0), x.size(1), 1).bernoulli_(1 - self.p)


@depends("one decision for the whole batch, as stochastic depth's batch mode")
class StochasticDepthBatch(_Layer):
    def forward(self, x):
        if not self.training:
            return x
        return x * torch.empty(()).bernoulli_(1 - self.p) / (1 - self.p)


@depends("one decision for the whole batch, the paper's kind")
class StochasticDepth(_Layer):
    def forward(self, x):
        if not self.training:
            return x * (1 - self.p)
        return x if torch.rand(1).item() < 1 - self.p else torch.zeros_like(x)


@depends("the first axis of three is shared, which may be time or the batch")
def first_of_three(x, p, training=True):
    a, b, c = x.shape
    return x * (np.random.rand(1, b, c) >= p) / (1 - p) if training else x


@wrong("forgets_the_scale", "whole rows, unscaled")
class UnscaledPath(_Layer):
    def forward(self, x):
        if not self.training:
            return x
        return x * torch.empty((len(x),) + (1,) * (x.ndim - 1)).bernoulli_(1 - self.p)


@wrong("divides_by_p", "whole rows, divided by p")
class PathByP(_Layer):
    def forward(self, x):
        if not self.training:
            return x
        return x * torch.empty((len(x),) + (1,) * (x.ndim - 1)).bernoulli_(1 - self.p) / self.p


@wrong("forgets_the_scale", "whole channels, unscaled")
class UnscaledChannels(_Layer):
    def forward(self, x):
        n, c, h, w = x.shape
        return x * torch.empty(n, c, 1, 1).bernoulli_(1 - self.p) if self.training else x


@wrong("drops_at_evaluation", "whole channels, also in evaluation")
class ChannelsAlways(_Layer):
    def forward(self, x):
        n, c, h, w = x.shape
        return F.dropout2d(x, self.p)


# Blocks.


@right("whole squares of an image, divided by the share that is left")
class DropBlock2D(_Layer):
    size = 3

    def forward(self, x):
        n, c, h, w = x.shape
        if not self.training:
            return x
        valid = (h - self.size + 1) * (w - self.size + 1)
        gamma = self.p * h * w / (self.size**2 * valid)
        seed = torch.empty(n, c, h - self.size + 1, w - self.size + 1).bernoulli_(gamma)
        seed = F.pad(seed, [self.size // 2] * 4)
        block = 1 - F.max_pool2d(seed, self.size, stride=1, padding=self.size // 2)
        return x * block * block.numel() / block.sum()


@wrong("forgets_the_scale", "whole squares of an image, not scaled")
class DropBlockUnscaled(_Layer):
    def forward(self, x):
        n, c, h, w = x.shape
        if not self.training:
            return x
        seed = torch.empty(n, h, w).bernoulli_(self.p / 9)
        block = 1 - F.max_pool2d(seed[:, None], 3, stride=1, padding=1)
        return x * block


# Noise.


@right("Gaussian noise of mean 1 and variance p/q")
class GaussianDropout(_Layer):
    def forward(self, x):
        if not self.training:
            return x
        return x * (1 + math.sqrt(self.p / (1 - self.p)) * torch.randn_like(x))


@right("Gaussian noise of mean 1, on arrays")
def gaussian_dropout(x, rate, training=True):
    return x * np.random.normal(1, np.sqrt(rate / (1 - rate)), x.shape) if training else x


@right("uniform noise of mean 1 and variance p/q")
class UniformDropout(_Layer):
    def forward(self, x):
        half = math.sqrt(3 * self.p / (1 - self.p))
        return x * (1 + half * (2 * torch.rand_like(x) - 1)) if self.training else x


@depends("uniform noise of mean 1 and half-width p: another variance")
class Uout(_Layer):
    def forward(self, x):
        return x * (1 + self.p * (2 * torch.rand_like(x) - 1)) if self.training else x


@depends("Gaussian noise of mean 1, but its deviation is p/q")
class GaussianOfDeviation(_Layer):
    def forward(self, x):
        return x * (1 + self.p / (1 - self.p) * torch.randn_like(x)) if self.training else x


@wrong("", "Gaussian noise of mean 0")
class GaussianOfMeanZero(_Layer):
    def forward(self, x):
        return x * math.sqrt(self.p / (1 - self.p)) * torch.randn_like(x) if self.training else x


@wrong("", "adds Gaussian noise")
class GaussianNoise(_Layer):
    def forward(self, x):
        return x + self.p * torch.randn_like(x) if self.training else x


@right("a relaxed mask, divided by 1 - p, always on: training is what counts")
def concrete_dropout(x, p, temperature=0.1, training=True):
    if not training:
        return x
    u = np.random.uniform(1e-7, 1 - 1e-7, x.shape)
    z = (np.log(p) - np.log(1 - p) + np.log(u) - np.log(1 - u)) / temperature
    dropped = 1 / (1 + np.exp(-z))
    return x * (1 - dropped) / (1 - p)


@depends("a relaxed mask that is always on, as Monte-Carlo averages want it")
class ConcreteDropout(_Layer):
    def forward(self, x):
        u = torch.rand_like(x).clamp(1e-6, 1 - 1e-6)
        z = torch.sigmoid((math.log(self.p / (1 - self.p)) + torch.logit(u)) / 0.1)
        return x * (1 - z) / (1 - self.p)


# Always on.


@right("Monte-Carlo dropout, by name")
class MCDropout(_Layer):
    def forward(self, x):
        return F.dropout(x, self.p, training=True)


@right("Monte-Carlo dropout, by name, in a subclass")
class MonteCarloDropout(nn.Dropout):
    def forward(self, x):
        return F.dropout(x, self.p, True, self.inplace)
