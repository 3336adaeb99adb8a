"""Standard and inverted dropout as ``torch`` modules that can replace ``torch.nn.Dropout``.

Both draw the mask as PyTorch does on the CPU: there, the same seed gives the same mask. For finite
input ``InvertedDropout`` then gives the same bits as ``nn.Dropout``. A dropped inf or nan becomes
0 here; PyTorch turns it into nan (0 * inf). ``torch.jit.script`` rejects these modules, because it
does not support keyword-only arguments.
"""

from itertools import pairwise

import torch
from torch import nn

from dropout_scaling._arguments import check_p


def _draw(x, p, generator):
    # F.dropout makes this same call on the CPU: the same seed gives the same mask.
    return torch.empty_like(x).bernoulli_(1 - p, generator=generator)


def _check_given(mask, x, generator):
    if not isinstance(mask, torch.Tensor) or mask.dtype != torch.bool:
        kind = mask.dtype if isinstance(mask, torch.Tensor) else type(mask).__name__
        raise TypeError(f"mask must be a boolean tensor (True = kept), got {kind}")
    if mask.shape != x.shape:
        raise ValueError(f"mask must have input's shape {tuple(x.shape)}, got {tuple(mask.shape)}")
    if generator is not None:
        raise ValueError("generator must be None if a mask is given, since nothing is drawn")


class _Dropout(nn.Module):
    def __init__(self, p=0.5, inplace=False):
        super().__init__()
        p = check_p(p)
        self.p = p if isinstance(p, int) else float(p)
        self.inplace = inplace

    def extra_repr(self):
        return f"p={self.p}, inplace={self.inplace}"

    def _noise(self, x, mask, generator):
        """Return the mask in x's dtype, drawn or given; None if nothing can be dropped."""
        check_p(self.p)  # again: someone may have set another value
        if not torch.overrides.is_tensor_like(x):  # torch.fx traces with proxies for tensors
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
        if self.p == 1:  # as F.dropout: keep nothing, draw nothing
            return torch.zeros_like(x)
        return _draw(x, self.p, generator) if mask is None else mask.to(x.dtype)

    def _check_floating(self, x):
        if not x.is_floating_point():
            self._refuse(x.dtype)

    def _refuse(self, got):
        raise TypeError(f"input must be a floating-point tensor, got {got}")

    def _multiply(self, x, noise):
        # For finite x this is the product that F.dropout computes, even for -0.0. A dropped inf or
        # nan has become nan, since 0 * inf is nan: set it to 0.
        y = x.mul_(noise) if self.inplace else x * noise  # x first: y takes its memory format
        unsafe = y.isnan() & (noise == 0)
        return y.masked_fill_(unsafe, 0) if self.inplace else torch.where(unsafe, 0, y)


class StandardDropout(_Dropout):
    """Dropout as in the paper: drop while training, multiply by q at evaluation.

    train: y = m x; eval: y = q x, with q = 1 - p and m ~ Bernoulli(q) for each element.
    ``p``: the probability of dropping an element, in [0, 1]. ``inplace``: write the result into x.
    Raises TypeError or ValueError for a bad ``p``.

    Source: Srivastava et al. 2014, section 4. The paper multiplies the outgoing weights by q.
    Here q multiplies the activations that feed them, which gives the same product.

    >>> StandardDropout(p=0.2).eval()(torch.ones(3))
    tensor([0.8000, 0.8000, 0.8000])
    """

    def forward(self, input, *, mask=None, generator=None):
        """Return y for x = ``input``, in its shape and dtype.

        ``mask``: boolean, x's shape, True = kept; replaces the drawn mask (training only).
        ``generator``: a ``torch.Generator`` to draw from instead of the global one.
        Raises TypeError for an input that is not a floating-point tensor, a non-boolean mask, or
        another kind of generator. Raises ValueError for a mask of another shape, a mask in eval
        mode, a mask together with a generator, or a ``p`` set outside [0, 1].
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
    """Dropout as in PyTorch: drop and divide by q while training, do nothing at evaluation.

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
            noise.div_(1 - self.p)  # as PyTorch: it divides the mask, then multiplies x by it
        return self._multiply(input, noise)


class MLP(nn.Module):
    """A multilayer perceptron: linear layers, a dropout layer in front of each, ReLU in between.

    h = ReLU(W d(h) + b) for each layer, without the ReLU at the last; d is the dropout.

    Args:
        sizes: the number of units in each layer, inputs first.
        p: the probability of dropping a hidden unit.
        p_input: the probability of dropping an input.
        dropout: the class of d, for example ``StandardDropout``.

    Raises:
        ValueError: for fewer than two sizes, or a ``p`` outside [0, 1].
        TypeError: for a ``p`` that is not a number.

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

        ``masks``: one boolean mask for each dropout layer; they replace the drawn masks.
        Raises ValueError for a wrong number of masks, and the errors of the dropout layers.
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
