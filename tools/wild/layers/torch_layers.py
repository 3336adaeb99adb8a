"""Modules and functions on PyTorch's tensors."""

import functools

import torch
from torch import nn
from torch.nn import functional as F

from tools.wild.layers.case import Case, P, collector

CASES, right, wrong, depends = collector()
Q = 1 - P


def _as_it_is(name, layer, truth, names="", known="its documentation", **options):
    CASES.append(Case(name, layer, truth, frozenset(names.split()), known, options))


_as_it_is("nn.Dropout", nn.Dropout(P), "right")
_as_it_is("nn.Dropout in place", nn.Dropout(P, inplace=True), "right")
_as_it_is("nn.Dropout1d", nn.Dropout1d(P), "right")
_as_it_is("nn.Dropout2d", nn.Dropout2d(P), "right")
_as_it_is("nn.Dropout3d", nn.Dropout3d(P), "right")
_as_it_is("F.dropout", F.dropout, "right")
_as_it_is("F.dropout2d", F.dropout2d, "right")
_as_it_is("torch.dropout", torch.dropout, "right")
_as_it_is("a partial", functools.partial(F.dropout, p=P), "right")
_as_it_is("in a Sequential", nn.Sequential(nn.Identity(), nn.Dropout(P)), "right")
_as_it_is("nn.AlphaDropout", nn.AlphaDropout(P), "wrong", known="it keeps no mean of a value")
_as_it_is("two in a row", nn.Sequential(nn.Dropout(P), nn.Dropout(P)), "wrong", "drops_twice")
_as_it_is("keep for drop", nn.Dropout(Q), "wrong", "takes_p_for_keep")
_as_it_is("none", nn.Identity(), "wrong", "never_drops")


def _drop_in_d2l(X, dropout):
    if dropout == 1:
        return torch.zeros_like(X)
    mask = (torch.rand(X.shape) > dropout).float()
    return mask * X / (1.0 - dropout)


@right("the function of the open book, in a module")
class BookModule(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, X):
        return _drop_in_d2l(X, self.p) if self.training else X


@right("as the open book has it")
def dropout_layer(X, dropout):
    return _drop_in_d2l(X, dropout)


@right("u > p in the input's own dtype")
def rand_like_above(x, p=0.5, training=True):
    if not training:
        return x
    return x * (torch.rand_like(x) > p) / (1 - p)


@right("bernoulli of a full tensor")
class ByBernoulli(nn.Module):
    def __init__(self, drop_p):
        super().__init__()
        self.keep = 1 - drop_p

    def forward(self, input):
        if self.training:
            mask = torch.bernoulli(torch.full_like(input, self.keep))
            return input * mask / self.keep
        return input


@right("a distribution's sample")
class BySample(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        mask = torch.distributions.Bernoulli(probs=1 - self.p).sample(x.size())
        return x * mask * (1.0 / (1 - self.p))


@right("masked_fill")
class ByFill(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if self.training and self.p > 0:
            x = x.masked_fill(torch.rand_like(x) < self.p, 0.0) * (1 / (1 - self.p))
        return x


@right("the paper's kind in a module")
class PapersModule(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if self.training:
            return x * torch.empty_like(x).bernoulli_(1 - self.p)
        return x * (1 - self.p)


@right("an autograd function with its own backward", given=None)
class OwnBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, p, training=True):
        mask = (torch.rand_like(x) < 1 - p).to(x.dtype) / (1 - p) if training else 1.0
        ctx.mask = mask
        return x * mask

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.mask, None, None


@right("forward takes the rate", given=())
class RateToForward(nn.Module):
    def forward(self, x, dropout=0.5):
        if not self.training or not dropout:
            return x
        return x * x.new_empty(x.shape).bernoulli_(1 - dropout) / (1 - dropout)


@right("a module that has a flag of its own")
class OwnFlag(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x, is_training=False):
        return F.dropout(x, self.p, training=is_training)


@right("each head and value, five axes", given=())
class FiveAxes(nn.Module):
    def forward(self, x):
        b, t, h, w, c = x.shape
        return F.dropout(x, P, self.training)


@right("of images alone")
class ImagesOnly(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.drop = nn.Dropout(p)

    def forward(self, x):
        if x.dim() != 4:
            raise ValueError(f"expected 4D input (got {x.dim()}D input)")
        return self.drop(x)


@right("in half precision")
def in_half(x, p, training=True):
    return F.dropout(x.half(), p, training)


@right("uniform_ and ge")
def by_uniform(tensor, drop_ratio, train=True):
    if not train:
        return tensor
    keep = tensor.new_empty(tensor.size()).uniform_().ge(drop_ratio).type_as(tensor)
    return tensor.mul(keep).div(1 - drop_ratio)


@right("keeps a mask for the user")
class ReturnsMask(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        mask = torch.ones_like(x, dtype=torch.bool)
        if self.training:
            mask = torch.rand(x.shape) > self.p
            return x * mask / (1 - self.p), mask
        return x, mask


# Right only under a condition.


@depends("unscaled, and evaluation is elsewhere")
def just_zero(x, drop_rate):
    return x * (torch.rand_like(x) > drop_rate)


# Wrong.


class _Wrong(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p


@wrong("forgets_the_scale", "unscaled, evaluation as it is")
class UnscaledModule(_Wrong):
    def forward(self, x):
        if self.training:
            return x * (torch.rand(x.shape) > self.p)
        return x


@wrong("drops_at_evaluation", "a functional without training=")
class StillOn(_Wrong):
    def forward(self, x):
        return F.dropout(x, self.p)


@wrong("drops_at_evaluation", "a module made in each forward")
class MadeInForward(_Wrong):
    def forward(self, x):
        return nn.Dropout(self.p)(x)


@wrong("never_drops", "the result of the dropout is thrown away")
class ThrownAway(_Wrong):
    def forward(self, x):
        F.dropout(x, self.p, self.training)
        return x


@wrong("never_drops", "a functional that is told training=False")
class ToldFalse(_Wrong):
    def forward(self, x):
        return F.dropout(x, self.p, training=False)


@wrong("swaps_the_modes", "not self.training")
class NotTraining(_Wrong):
    def forward(self, x):
        return F.dropout(x, self.p, training=not self.training)


@wrong("divides_by_p", "divided by p")
class ByP(_Wrong):
    def forward(self, x):
        return x * (torch.rand_like(x) > self.p) / self.p if self.training else x


@wrong("keeps_p", "bernoulli(p) keeps p")
class BernoulliOfP(_Wrong):
    def forward(self, x):
        if not self.training:
            return x
        return x * torch.bernoulli(torch.full(x.shape, self.p)) / (1 - self.p)


@wrong("takes_p_for_keep", "bernoulli(p) divided by p")
class BernoulliByP(_Wrong):
    def forward(self, x):
        if not self.training:
            return x
        return x * torch.bernoulli(torch.full(x.shape, self.p)) / self.p


@wrong("freezes_the_mask", "a manual seed in each forward")
class SeededForward(_Wrong):
    def forward(self, x):
        torch.manual_seed(0)
        return F.dropout(x, self.p, self.training)


@wrong("freezes_the_mask", "a mask in a buffer")
class MaskInBuffer(_Wrong):
    def __init__(self, p):
        super().__init__(p)
        self.mask = None

    def forward(self, x):
        if not self.training:
            return x
        if self.mask is None or self.mask.shape != x.shape:
            self.mask = (torch.rand(x.shape) > self.p) / (1 - self.p)
        return x * self.mask


@wrong("shares_the_mask_in_a_batch", "a mask of one row")
class RowMask(_Wrong):
    def forward(self, x):
        return x * F.dropout(torch.ones(x.shape[1:]), self.p) if self.training else x


@wrong("tosses_one_coin", "one number for all")
class OneCoin(_Wrong):
    def forward(self, x):
        return x * (torch.rand(1) > self.p) / (1 - self.p) if self.training else x


@wrong("scales_at_both_times", "q in evaluation besides")
class QBesides(_Wrong):
    def forward(self, x):
        return F.dropout(x, self.p) if self.training else x * (1 - self.p)


@wrong("multiplies_while_training", "times q in training")
class TimesQ(_Wrong):
    def forward(self, x):
        return x * (torch.rand_like(x) > self.p) * (1 - self.p) if self.training else x


@wrong("keeps_the_sum", "divided by the mask's mean")
class MaskMean(_Wrong):
    def forward(self, x):
        if not self.training:
            return x
        mask = (torch.rand_like(x) > self.p).float()
        return x * mask / mask.mean()


@wrong("divides_twice", "scaled by F.dropout and by hand")
class ScaledAgain(_Wrong):
    def forward(self, x):
        return F.dropout(x, self.p) / (1 - self.p) if self.training else x


@wrong("writes_into_its_input backward_without_mask", "mul_ on its input, unseen by autograd")
class InPlaceModule(_Wrong):
    def forward(self, x):
        if not self.training:
            return x
        with torch.no_grad():
            return x.mul_(torch.rand_like(x) > self.p).div_(1 - self.p)


@wrong("backward_without_mask", "a straight-through gradient", given=None)
class StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, p):
        return x * (torch.rand_like(x) > p) / (1 - p)

    @staticmethod
    def backward(ctx, grad):
        return grad, None


@wrong("backward_with_another_mask", "drawn anew in backward", given=None)
class DrawnAnew(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, p, training=True):
        ctx.p = p
        return F.dropout(x, p, training)

    @staticmethod
    def backward(ctx, grad):
        return F.dropout(grad, ctx.p), None, None


@wrong("ignores_p", "the functional's own half")
class HalfForP(_Wrong):
    def forward(self, x):
        mask = torch.randint(0, 2, x.shape)
        return x * mask / (1 - self.p) if self.training else x


@wrong("ignores_p", "F.dropout without p: a half is dropped and doubled")
class DefaultHalf(_Wrong):
    def forward(self, x):
        return F.dropout(x, training=self.training)


@wrong("drops_at_evaluation forgets_the_scale", "neither mode nor scale")
class NeitherModule(_Wrong):
    def forward(self, x):
        return x * (torch.rand_like(x) > self.p)


@wrong("drops_an_exact_share", "a random permutation")
class ExactShare(_Wrong):
    def forward(self, x):
        if not self.training:
            return x
        mask = torch.ones(x.numel())
        mask[torch.randperm(x.numel())[: round(x.numel() * self.p)]] = 0
        return x * mask.view(x.shape) / (1 - self.p)
