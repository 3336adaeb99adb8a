"""Standard and inverted dropout as ``torch`` modules, drop-in for ``torch.nn.Dropout``.

Both draw the mask as PyTorch's CPU kernel does, so that on the CPU the same seed gives the same
mask, and ``InvertedDropout`` the same bits as ``nn.Dropout`` for finite input. Where PyTorch
turns a dropped inf or nan into nan (0 * inf), these give 0. ``torch.jit.script`` does not take
them, since it knows no keyword-only arguments.
"""

from itertools import pairwise

import torch
from torch import nn

from dropout_scaling._arguments import check_p


def _draw(x, p, generator):
    # The call that F.dropout itself makes on the CPU: the same seed, the same mask.
    return torch.empty_like(x).bernoulli_(1 - p, generator=generator)


def _check_given(mask, x, generator):
    if not isinstance(mask, torch.Tensor) or mask.dtype != torch.bool:
        kind = mask.dtype if isinstance(mask, torch.Tensor) else type(mask).__name__
        raise TypeError(f"mask must be a boolean tensor (True = kept), got {kind}")
    if mask.shape != x.shape:
        raise ValueError(f"mask must have input's shape {tuple(x.shape)}, got {tuple(mask.shape)}")
    if generator is not None:
        raise ValueError("generator must be None where a mask is given, since nothing is drawn")


class _Dropout(nn.Module):
    def __init__(self, p=0.5, inplace=False):
        super().__init__()
        p = check_p(p)
        self.p = p if isinstance(p, int) else float(p)
        self.inplace = inplace

    def extra_repr(self):
        return f"p={self.p}, inplace={self.inplace}"

    def _noise(self, x, mask, generator):
        """Return the mask in x's dtype, drawn or given; None where nothing can be dropped."""
        check_p(self.p)  # again, since it may have been set to another value
        if not torch.overrides.is_tensor_like(x):  # torch.fx traces with what is like a tensor
            self._refuse(type(x).__name__)
        if generator is not None and not isinstance(generator, torch.Generator):
            raise TypeError(f"generator must be a torch.Generator, got {type(generator).__name__}")
        if mask is not None:
            _check_given(mask, x, generator)
            if not self.training:
                raise ValueError("mask must be None in eval mode, where nothing is dropped")
        if not self.training or x.numel() == 0 or (mask is None and self.p == 0):
            return None
        self._check_floating(x)
        if self.p == 1:  # as F.dropout: nothing is kept, and nothing is drawn
            return torch.zeros_like(x)
        return _draw(x, self.p, generator) if mask is None else mask.to(x.dtype)

    def _check_floating(self, x):
        if not x.is_floating_point():
            self._refuse(x.dtype)

    def _refuse(self, got):
        raise TypeError(f"input must be a floating-point tensor, got {got}")

    def _multiply(self, x, noise):
        # A dropped inf or nan is cleared first, since 0 * inf is nan. For finite x this changes
        # nothing, and the product below is the one that F.dropout computes, -0.0 included.
        unsafe = ~x.isfinite() & (noise == 0)  # x first: the result takes its memory format
        if self.inplace:
            return x.masked_fill_(unsafe, 0).mul_(noise)
        return torch.where(unsafe, 0, x) * noise


class StandardDropout(_Dropout):
    """Dropout as the paper has it: drop while training, scale by q at evaluation.

    train: y = m x; eval: y = q x, with q = 1 - p and m ~ Bernoulli(q) for each element.
    ``p``: the probability of dropping an element, in [0, 1]. ``inplace``: write the result into x.
    Raises TypeError or ValueError for a bad ``p``.

    Source: Srivastava et al. 2014, section 4. There q multiplies the outgoing weights; here it
    multiplies the activations that they are fed with, which is the same product.

    >>> StandardDropout(p=0.2).eval()(torch.ones(3))
    tensor([0.8000, 0.8000, 0.8000])
    """

    def forward(self, input, *, mask=None, generator=None):
        """Return y for x = ``input``, in its shape and dtype.

        ``mask``: boolean, x's shape, True = kept, instead of a drawn one (training only).
        ``generator``: a ``torch.Generator`` to draw from instead of the global one.
        Raises TypeError for an input that is no floating-point tensor, a mask that is not boolean
        or another generator, ValueError for a mask of another shape, in eval mode, or beside a
        generator, and for a ``p`` set outside [0, 1].
        """
        noise = self._noise(input, mask, generator)
        if noise is not None:
            return self._multiply(input, noise)
        if self.training or self.p == 0 or input.numel() == 0:
            return input
        self._check_floating(input)
        if self.p == 1:
            return self._multiply(input, torch.zeros_like(input))
        return input.mul_(1 - self.p) if self.inplace else input * (1 - self.p)


class InvertedDropout(_Dropout):
    """Dropout as PyTorch has it: drop and divide by q while training, do nothing at evaluation.

    train: y = m x / q; eval: y = x, with q = 1 - p and m ~ Bernoulli(q) for each element.
    ``p``: the probability of dropping an element, in [0, 1]. ``inplace``: write the result into x.
    Raises TypeError or ValueError for a bad ``p``.

    Source: Srivastava et al. 2014, section 10; ``torch.nn.Dropout``.

    >>> InvertedDropout(p=0.2)(torch.ones(3), mask=torch.tensor([True, False, True]))
    tensor([1.2500, 0.0000, 1.2500])
    """

    def forward(self, input, *, mask=None, generator=None):
        """Return y for x = ``input``; arguments and errors as ``StandardDropout.forward``."""
        noise = self._noise(input, mask, generator)
        if noise is None:
            return input
        if self.p < 1:
            noise.div_(1 - self.p)  # PyTorch too divides the mask, and multiplies x by it
        return self._multiply(input, noise)


class MLP(nn.Module):
    """Linear layers with ReLU between them, and a dropout layer in front of each.

    h = ReLU(W d(h) + b) for each layer, without the ReLU at the last; d is the dropout.
    ``sizes``: units in each layer, inputs first. ``p``: drop probability of the hidden units,
    ``p_input`` of the inputs. ``dropout``: the class of d, for example ``StandardDropout``.
    Raises ValueError for fewer than two sizes; TypeError, ValueError for a bad ``p``.

    >>> MLP([64, 100, 10], dropout=StandardDropout)(torch.zeros(5, 64)).shape
    torch.Size([5, 10])
    """

    def __init__(self, sizes, *, p=0.5, p_input=0.0, dropout=InvertedDropout):
        super().__init__()
        if len(sizes) < 2:
            raise ValueError(f"sizes must hold at least an input and an output size, got {sizes}")
        pairs = list(pairwise(sizes))
        self.dropouts = nn.ModuleList(dropout(p if i else p_input) for i in range(len(pairs)))
        self.linears = nn.ModuleList(nn.Linear(*pair) for pair in pairs)

    def forward(self, x, *, masks=None):
        """Return the outputs, shape (..., sizes[-1]), of x, shape (..., sizes[0]).

        ``masks``: one boolean mask a dropout layer, to be used instead of drawn ones.
        Raises ValueError for another number of masks; errors of the dropout layers.
        """
        if masks is not None and len(masks) != len(self.dropouts):
            raise ValueError(
                f"masks must hold one mask for each of the {len(self.dropouts)} dropout layers, "
                f"got {len(masks)}"
            )
        for i, (dropout, linear) in enumerate(zip(self.dropouts, self.linears, strict=True)):
            x = dropout(x) if masks is None else dropout(x, mask=masks[i])
            x = linear(x)
            if i < len(self.linears) - 1:
                x = x.relu()
        return x
