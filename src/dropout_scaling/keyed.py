"""Dropout masks from coordinates for any PyTorch model: the same masks on every machine."""

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from dropout_scaling._arguments import check_count, check_p
from dropout_scaling._dropouts import ALPHA_FUNCTIONS, CHANNEL_FUNCTIONS
from dropout_scaling.masks import bernoulli_mask, keyed_rng


class KeyedMasks(TorchFunctionMode):
    """Give each dropout call in this context a fixed mask: call l gets the mask (seed, l, step).

    The mask is ``bernoulli_mask(..., rng=keyed_rng(seed, layer=l, step=step))`` for l = 0, 1, ...
    NumPy draws it, since PyTorch's own draws differ between processors and devices. The output has
    PyTorch's bits: x times the rounded 1/q.

    It covers ``F.dropout`` and ``F.dropout1d`` to ``3d``, so also ``nn.Dropout`` and
    ``nn.Dropout1d`` to ``3d``. It covers ``Tensor.bernoulli_`` with a number, so also this
    package's layers. It does not cover draws inside another PyTorch operation, such as attention or
    an LSTM's ``dropout=``.
    ``seed``, ``step``: integers in [0, 2^64). Raises TypeError or ValueError for others,
    NotImplementedError for alpha dropout.

    Source: Salmon et al. 2011, section 2, for masks that are a function of their coordinates.

    >>> with KeyedMasks(7, step=30):
    ...     y = F.dropout(torch.ones(5), 0.2)
    >>> with KeyedMasks(7, step=30):
    ...     torch.equal(F.dropout(torch.ones(5), 0.2), y)
    True
    """

    def __init__(self, seed: int, *, step: int = 0):
        super().__init__()
        top = 2**64 - 1
        self.seed = check_count("seed", seed, 0, top)
        self.step = check_count("step", step, 0, top)
        self.calls = 0

    def _mask(self, shape, p, like):
        rng = keyed_rng(self.seed, layer=self.calls, step=self.step)
        self.calls += 1
        mask = bernoulli_mask(tuple(shape), p, rng=rng)
        return torch.from_numpy(mask).to(device=like.device, dtype=like.dtype)

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if function is F.dropout or function in CHANNEL_FUNCTIONS:
            return self._dropout(function, *args, **kwargs)
        if function is torch.Tensor.bernoulli_ and _draws_a_number(*args, **kwargs):
            return self._bernoulli_(*args, **kwargs)
        if function in ALPHA_FUNCTIONS:
            raise NotImplementedError(f"KeyedMasks has no mask for {function.__name__}")
        return function(*args, **kwargs)

    def _dropout(self, function, input, p=0.5, training=True, inplace=False):
        if not training or not 0 < check_p(p) < 1:
            return function(input, p, training, inplace)  # draws nothing
        shape = list(input.shape)
        if function in CHANNEL_FUNCTIONS:
            channel = 0 if function is F.dropout1d and input.dim() == 2 else 1
            shape[channel + 1 :] = [1] * (input.dim() - channel - 1)
        noise = self._mask(shape, p, input).div_(1 - p)
        return input.mul_(noise) if inplace else input * noise

    def _bernoulli_(self, tensor, p=0.5, *, generator=None):
        return tensor.copy_(self._mask(tensor.shape, 1 - p, tensor))


def _draws_a_number(tensor, p=0.5, *, generator=None):
    # A call with its own generator, or with a probability for each element, is left alone.
    return generator is None and not isinstance(p, torch.Tensor) and 0 < p < 1
