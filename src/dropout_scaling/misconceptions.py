"""A collection of wrong dropouts: each as running code, with its symptom, cure and source.

People really write each of these mistakes. ``layer`` is usually a function f(x, p, training=True)
on NumPy arrays, as a student writes it. It is an object with ``forward`` and ``backward`` if the
mistake is in the backward pass, and a function on tensors if the mistake needs PyTorch. The NumPy
layers draw from NumPy's global generator, as such code does; no other module of the package does.
"""

from typing import Any, NamedTuple

import numpy as np


class Misconception(NamedTuple):
    """One wrong dropout.

    ``name``: for tables and reports. ``layer``: the code. ``symptom``: what a person sees.
    ``cure``: what to change. ``met``: the address of a real case, "" if known only from class.
    ``hidden_at_half``: whether it looks right at p = 0.5, where q = p. ``also``: other code with
    the same mistake, for which other numbers come out.
    """

    name: str
    layer: Any
    symptom: str
    cure: str
    met: str
    hidden_at_half: bool
    also: tuple = ()

    @property
    def advice(self):
        """The symptom and the cure, as two sentences."""
        return f"{self.symptom[0].upper()}{self.symptom[1:]}. Cure: {self.cure}."


MISCONCEPTIONS = {}


def _misconception(symptom, cure, met="", hidden_at_half=False):
    def register(layer):
        name = layer.__name__
        instance = layer() if isinstance(layer, type) else layer
        MISCONCEPTIONS[name] = Misconception(name, instance, symptom, cure, met, hidden_at_half)
        layer.__doc__ = MISCONCEPTIONS[name].advice
        return layer

    return register


def _also(name):
    def register(layer):
        member = MISCONCEPTIONS[name]
        MISCONCEPTIONS[name] = member._replace(also=(*member.also, layer))
        return layer

    return register


def _keep(x, rate):
    return np.random.random_sample(np.shape(x)) < rate  # noqa: NPY002 - as such code does


# The rate, and the meaning of p.


@_misconception(
    "a share p is kept, not a share 1 - p, and what is kept is divided by 1 - p",
    "p is the probability of dropping: keep a value if u < 1 - p",
    "https://github.com/google-research/electra/pull/61",
    hidden_at_half=True,
)
def keeps_p(x, p, training=True):
    return np.where(_keep(x, p), x / (1 - p), 0) if training else x


@_misconception(
    "a share p is kept, not a share 1 - p, and what is kept is divided by p",
    "your p is the probability of keeping, as in the paper; here p is that of dropping",
    "https://github.com/hunkim/DeepLearningZeroToAll/issues/204",
    hidden_at_half=True,
)
def takes_p_for_keep(x, p, training=True):
    return np.where(_keep(x, p), x / max(p, 1e-12), 0) if training else x


@_also("takes_p_for_keep")
def _takes_p_for_keep_as_in_the_paper(x, p, training=True):
    return np.where(_keep(x, p), x, 0) if training else x * p


@_misconception(
    "a kept 1 becomes 1 / p, but it should become 1 / (1 - p)",
    "divide by the probability of keeping, 1 - p, not by p",
    "https://github.com/lmjohns3/theanets/pull/123",
    hidden_at_half=True,
)
def divides_by_p(x, p, training=True):
    return np.where(_keep(x, 1 - p), x / max(p, 1e-12), 0) if training else x


@_misconception(
    "half of the values are dropped whatever p is",
    "compare a uniform number with 1 - p; a fair coin knows nothing of p",
    hidden_at_half=True,
)
def ignores_p(x, p, training=True):
    return np.where(_keep(x, 0.5), x / (1 - p), 0) if training else x


@_also("ignores_p")
def _halves_and_doubles(x, p, training=True):
    return np.where(_keep(x, 0.5), x * 2, 0) if training else x


@_also("ignores_p")
def _halves_as_in_the_paper(x, p, training=True):
    return np.where(_keep(x, 0.5), x, 0) if training else x * 0.5


@_misconception(
    "more is dropped than asked for, 1 - (1 - p)^2 of all, though the mean is right",
    "apply dropout once: a layer and a functional call do it twice",
)
def drops_twice(x, p, training=True):
    if not training:
        return x
    once = np.where(_keep(x, 1 - p), x / (1 - p), 0)
    return np.where(_keep(x, 1 - p), once / (1 - p), 0)


@_also("drops_twice")
def _drops_twice_as_in_the_paper(x, p, training=True):
    once = _keep(x, 1 - p) & _keep(x, 1 - p)
    return np.where(once, x, 0) if training else x * (1 - p) ** 2


# The scale, and when it is applied.


@_misconception(
    "evaluation gives larger values than training does on average",
    "divide the kept values by 1 - p while training",
    "https://github.com/nelson-liu/paraphrase-id-tensorflow/pull/33",
)
def forgets_the_scale(x, p, training=True):
    return np.where(_keep(x, 1 - p), x, 0) if training else x


@_misconception(
    "evaluation gives 1 - p times the right values",
    "scale only once: if you divide while training, do nothing at evaluation",
    "https://github.com/clab/dynet/issues/186",
)
def scales_at_both_times(x, p, training=True):
    return np.where(_keep(x, 1 - p), x / (1 - p), 0) if training else x * (1 - p)


@_misconception(
    "evaluation gives 1 / (1 - p) times the right values",
    "if you divide while training, do nothing at evaluation",
)
def divides_at_both_times(x, p, training=True):
    return np.where(_keep(x, 1 - p), x, 0) / (1 - p) if training else x / (1 - p)


@_misconception(
    "kept values are scaled by 1 / (1 - p)^2",
    "divide by 1 - p only once; the mask was already divided",
)
def divides_twice(x, p, training=True):
    return np.where(_keep(x, 1 - p), x / (1 - p) ** 2, 0) if training else x


@_misconception(
    "kept values shrink while training, but they should grow",
    "divide by 1 - p while training; multiplying is for evaluation, in the paper's kind",
)
def multiplies_while_training(x, p, training=True):
    return np.where(_keep(x, 1 - p), x * (1 - p), 0) if training else x


@_also("multiplies_while_training")
def _multiplies_at_both_times(x, p, training=True):
    return np.where(_keep(x, 1 - p), x * (1 - p), 0) if training else x * (1 - p)


@_misconception(
    "evaluation makes values larger, but it should make them smaller",
    "the paper's kind multiplies by the probability of keeping at evaluation",
)
def divides_at_evaluation(x, p, training=True):
    return np.where(_keep(x, 1 - p), x, 0) if training else x / (1 - p)


@_misconception(
    "evaluation is multiplied by the probability of dropping",
    "the paper's p is the probability of keeping: multiply by 1 - p",
    "https://github.com/karpathy/convnetjs/pull/106",
    hidden_at_half=True,
)
def evaluates_with_p(x, p, training=True):
    return np.where(_keep(x, 1 - p), x, 0) if training else x * p


@_misconception(
    "evaluation is halved whatever p is",
    "multiply by 1 - p at evaluation, not by the 0.5 of the paper's example",
    "https://github.com/mp2893/retain/pull/1",
    hidden_at_half=True,
)
def evaluates_with_a_half(x, p, training=True):
    return np.where(_keep(x, 1 - p), x, 0) if training else x * 0.5


@_misconception(
    "the scale differs from call to call, and the sum is always the same",
    "divide by 1 - p: dropout keeps the expected sum, not each sum",
    "https://github.com/modern-fortran/neural-fortran/pull/195",
)
def keeps_the_sum(x, p, training=True):
    if not training:
        return x
    mask = _keep(x, 1 - p)
    return np.where(mask, x * mask.size / max(mask.sum(), 1), 0)


@_misconception(
    "the scale is 1 / sqrt(1 - p)",
    "divide by 1 - p: dropout keeps the mean, not the variance or the norm",
)
def keeps_the_variance(x, p, training=True):
    return np.where(_keep(x, 1 - p), x / np.sqrt(1 - p), 0) if training else x


# The mode.


@_misconception(
    "the same input gives other outputs at each evaluation",
    "return x as it is when training is False; in PyTorch pass training=self.training",
    "https://github.com/pytorch/pytorch/issues/26338",
)
def drops_at_evaluation(x, p, training=True):
    return np.where(_keep(x, 1 - p), x / (1 - p), 0)


@_misconception(
    "nothing is ever dropped",
    "check whether the model is still in eval mode: call model.train() before training",
    "https://github.com/fartashf/vsepp/issues/4",
)
def never_drops(x, p, training=True):
    return np.array(x)


@_also("never_drops")
def _only_scales(x, p, training=True):
    return x / max(1 - p, 1e-12) if training else x


@_misconception(
    "evaluation drops and training does not",
    "the condition on training is the wrong way round",
)
def swaps_the_modes(x, p, training=True):
    return x if training else np.where(_keep(x, 1 - p), x / (1 - p), 0)


# The mask.


@_misconception(
    "all rows of a batch lose the same units",
    "draw a mask of x's whole shape, one for each row",
)
def shares_the_mask_in_a_batch(x, p, training=True):
    return np.where(_keep(x[:1], 1 - p), x / (1 - p), 0) if training else x


@_misconception(
    "a call keeps everything or nothing",
    "draw a mask of x's shape, not a single number",
)
def tosses_one_coin(x, p, training=True):
    return np.where(_keep(0.0, 1 - p), x / (1 - p), 0) if training else x


@_misconception(
    "the same units are dropped at each call",
    "draw a new mask in each call; do not seed the generator again or reuse a mask",
)
def freezes_the_mask(x, p, training=True):
    mask = np.random.RandomState(0).random_sample(x.shape) < 1 - p
    return np.where(mask, x / (1 - p), 0) if training else x


@_misconception(
    "each call drops exactly the same number of values",
    "toss a coin for each value; p is a probability, not a share",
)
def drops_an_exact_share(x, p, training=True):
    if not training:
        return x
    order = np.random.permutation(x.size).reshape(x.shape)  # noqa: NPY002
    return np.where(order < round(x.size * (1 - p)), x / (1 - p), 0)


@_misconception(
    "no value is dropped, and each value is scaled by a different number",
    "compare the uniform numbers with 1 - p: the mask is 0 or 1",
)
def multiplies_by_uniform_noise(x, p, training=True):
    if not training:
        return x
    return x * np.random.random_sample(x.shape) / (1 - p)  # noqa: NPY002


# p = 0 and p = 1, and the input.


@_misconception(
    "at p = 1 the outputs are nan",
    "0 / 0 is nan: handle p = 1 separately, or use np.where on the mask before you divide",
)
def divides_zero_by_zero(x, p, training=True):
    with np.errstate(invalid="ignore", divide="ignore"):
        return x * _keep(x, 1 - p) / np.float64(1 - p) if training else x


@_misconception(
    "values are sometimes dropped even at p = 0; in bfloat16 one of 512 or so",
    "keep a value if u < 1 - p: u is uniform on [0, 1) and can be exactly 0",
)
def keeps_where_u_exceeds_p(x, p, training=True):
    import torch

    if not training:
        return x
    scale = 1 / (1 - p) if p < 1 else 0.0
    return torch.where(torch.rand(x.shape, dtype=x.dtype) > p, x * scale, 0.0)


@_misconception(
    "the array that was passed in has changed after the call",
    "write into a new array, unless the caller asked for inplace",
)
def writes_into_its_input(x, p, training=True):
    if training:
        x *= _keep(x, 1 - p) / (1 - p if p < 1 else 1.0)
    return x


# The backward pass.


class _Layer:
    def forward(self, x, p, training=True):
        self.p, self.training = p, training
        self.mask = _keep(x, 1 - p)
        scale = 1 / (1 - p) if p < 1 else 0.0
        return np.where(self.mask, x * scale, 0) if training else x


@_misconception(
    "dropped units get a gradient, though they did not affect the loss",
    "multiply the gradient by the mask of the forward pass",
    "https://github.com/iamtrask/Grokking-Deep-Learning/issues/68",
)
class backward_without_mask(_Layer):
    def backward(self, grad):
        return grad / (1 - self.p)


@_misconception(
    "gradients below the layer are 1 - p times the right ones",
    "divide the gradient by 1 - p too, as the forward pass did",
)
class backward_without_scale(_Layer):
    def backward(self, grad):
        return np.where(self.mask, grad, 0)


@_misconception(
    "the gradient does not belong to the output: a gradient check fails at random places",
    "store the mask of the forward pass, and use it again",
    "https://github.com/pytorch/pytorch/issues/14253",
)
class backward_with_another_mask(_Layer):
    def backward(self, grad):
        return np.where(_keep(grad, 1 - self.p), grad / (1 - self.p), 0)
