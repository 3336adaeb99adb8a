"""Objects with a forward and mostly a backward method, as frameworks from scratch have them."""

import numpy as np

from tools.wild.layers.case import collector

CASES, right, wrong, depends = collector()
RNG = np.random.default_rng()


@right("the Japanese book's layer: unscaled, q in evaluation")
class FishDropout:
    def __init__(self, dropout_ratio=0.5):
        self.dropout_ratio, self.mask = dropout_ratio, None

    def forward(self, x, train_flg=True):
        if train_flg:
            self.mask = np.random.rand(*x.shape) > self.dropout_ratio
            return x * self.mask
        return x * (1.0 - self.dropout_ratio)

    def backward(self, dout):
        return dout * self.mask


@right("results are left on the object, evaluation is elsewhere")
class LayerDropout:
    def __init__(self, rate):
        self.rate = 1 - rate

    def forward(self, inputs):
        self.inputs = inputs
        self.binary_mask = np.random.binomial(1, self.rate, size=inputs.shape) / self.rate
        self.output = inputs * self.binary_mask

    def backward(self, dvalues):
        self.dinputs = dvalues * self.binary_mask


@right("results are left on the object, with a mode")
class LayerDropoutInModes:
    def __init__(self, rate):
        self.keep = 1 - rate

    def forward(self, inputs, training):
        self.inputs = inputs
        if not training:
            self.outputs = inputs.copy()
            return
        self.mask = np.random.binomial(1, self.keep, size=inputs.shape) / self.keep
        self.outputs = inputs * self.mask

    def backward(self, dvalues):
        self.dinputs = dvalues * self.mask


@right("forward_pass and backward_pass, and the mode's name last")
class PassDropout:
    def __init__(self, p=0.2):
        self.p, self._mask, self.input_shape, self.trainable = p, None, None, True

    def forward_pass(self, X, training=True):
        c = 1 - self.p
        if training:
            self._mask = np.random.uniform(size=X.shape) > self.p
            c = self._mask
        return X * c

    def backward_pass(self, accum_grad):
        return accum_grad * self._mask


@right("fprop, bprop and a phase")
class PropDropout:
    def __init__(self, dropout):
        self.dropout = dropout

    def fprop(self, x, phase):
        if phase == "train":
            self._tmp = np.random.uniform(size=x.shape) > self.dropout
            return x * self._tmp
        if phase == "test":
            return x * (1.0 - self.dropout)
        raise ValueError("Invalid phase: %s" % phase)

    def bprop(self, y_grad, to_x=True):
        return y_grad * self._tmp


@right("the phase is an attribute")
class PhaseDropout:
    def __init__(self, rate):
        self.rate, self.phase = rate, "train"

    def fprop(self, x):
        if self.phase == "train":
            self.kept = (RNG.random(x.shape) >= self.rate) / (1 - self.rate)
            return self.kept * x
        return x

    def bprop(self, grad):
        return self.kept * grad


@right("a backward that wants a learning rate", given=(0.8,))
class LearningDropout:
    def __init__(self, keep_probability):
        self.keep_probability, self.mask = keep_probability, None

    def forward_propagation(self, input, training: bool):
        if training:
            self.mask = np.random.rand(*input.shape) < self.keep_probability
            return input * self.mask / self.keep_probability
        return input

    def backward_propagation(self, output_gradient, learning_rate):
        return output_gradient * self.mask / self.keep_probability


@right("self.training with train() and eval()")
class ModuleLike:
    def __init__(self, p):
        self.p, self.training = p, True

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        if not self.training:
            return x
        self.mask = np.random.binomial(1, 1 - self.p, x.shape) / (1 - self.p)
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask


@right("train(mode) as PyTorch has it")
class TrainWithMode:
    def __init__(self, p):
        self.p, self._train = p, True

    def train(self, mode=True):
        self._train = bool(mode)
        return self

    def eval(self):
        return self.train(False)

    def __call__(self, x):
        if not self._train:
            return x
        return x * (RNG.random(x.shape) >= self.p) / (1 - self.p)


@right("set_mode of a word")
class SetModeDropout:
    def __init__(self, p):
        self.p, self.mode = p, "train"

    def set_mode(self, mode):
        if mode not in {"train", "test"}:
            raise ValueError(mode)
        self.mode = mode

    def forward(self, x):
        if self.mode == "test":
            return x
        self.mask = RNG.random(x.shape) > self.p
        return x * self.mask / (1 - self.p)

    def backward(self, dy):
        return dy * self.mask / (1 - self.p)


@right("an attribute is_training, false at first")
class IsTraining:
    def __init__(self, prob):
        self.prob, self.is_training = prob, False

    def forward(self, x):
        if self.is_training:
            self.mask = np.random.binomial(1, 1 - self.prob, x.shape) / (1 - self.prob)
            return np.multiply(x, self.mask)
        return x

    def backward(self, grad_y):
        return np.multiply(grad_y, self.mask) if self.is_training else grad_y


@right("an attribute train, a boolean")
class TrainAttribute:
    def __init__(self, p):
        self.p, self.train = p, True

    def forward(self, X):
        self.mask = np.random.binomial(1, 1 - self.p, X.shape) / (1 - self.p) if self.train else 1
        self.O = X * self.mask
        return self.O

    def backward(self, grad):
        return grad * self.mask


@right("gradient instead of backward")
class GradientDropout:
    def __init__(self, p):
        self.p = p

    def __call__(self, x, test=False):
        if test:
            return x
        self._kept = np.random.rand(*x.shape) >= self.p
        return np.where(self._kept, x / (1 - self.p), 0)

    def gradient(self, g):
        return np.where(self._kept, g / (1 - self.p), 0)


@right("propagate and backpropagate")
class Propagate:
    def __init__(self, drop_prob):
        self.drop_prob = drop_prob

    def propagate(self, x, in_training=True):
        self.s = (np.random.rand(*x.shape) >= self.drop_prob) / (1 - self.drop_prob)
        return self.s * x if in_training else x

    def backpropagate(self, delta):
        return self.s * delta


@right("backward gives a tuple")
class TupleBack:
    def __init__(self, p):
        self.p = p

    def forward(self, x, train=True):
        self.m = RNG.random(x.shape) >= self.p
        return (x * self.m / (1 - self.p), self.m) if train else (x, None)

    def backward(self, dout):
        return dout * self.m / (1 - self.p), None, None


@right("backward changes its gradient in place")
class InPlaceBack:
    def __init__(self, p):
        self.p = p

    def forward(self, x, training=True):
        if not training:
            return x
        self.m = (RNG.random(x.shape) >= self.p).astype(x.dtype) / (1 - self.p)
        return x * self.m

    def backward(self, grad):
        grad *= self.m
        return grad


@right("keras's names: call and training")
class KerasLike:
    def __init__(self, rate):
        self.rate, self.built = rate, False

    def call(self, inputs, training=None):
        if not training:
            return inputs
        return inputs * np.random.binomial(1, 1 - self.rate, inputs.shape) / (1 - self.rate)


@right("an operation with private parts and a flag for inference", given=(0.8,))
class OperationDropout:
    def __init__(self, keep_prob):
        self.keep_prob = keep_prob

    def forward(self, input_, inference=False):
        self.input_ = input_
        self.output = self._output(inference)
        return self.output

    def _output(self, inference):
        if inference:
            return self.input_ * self.keep_prob
        self.mask = np.random.binomial(1, self.keep_prob, size=self.input_.shape)
        return self.input_ * self.mask

    def backward(self, output_grad):
        self.input_grad = output_grad * self.mask
        return self.input_grad


@right("masks on a stack, popped by backward")
class StackDropout:
    def __init__(self, rate):
        self.rate, self.masks = rate, []

    def forward(self, x, train=True):
        if not train or self.rate == 0:
            return x
        self.masks.append((np.random.rand(*x.shape) > self.rate).astype(np.float32))
        return x * self.masks[-1] / (1.0 - self.rate)

    def backward(self, grad_output):
        return grad_output * self.masks.pop() / (1.0 - self.rate)


@right("a network's layer that takes what else there is", given=(0.8,))
class KwargsDropout:
    def __init__(self, keep):
        self._keep = float(keep)

    def forward(self, X, training, **kwargs):
        if not training:
            return X
        self._mask = np.random.rand(*X.shape) < self._keep
        return X * self._mask / self._keep

    def backward(self, dA, **kwargs):
        return dA * self._mask / self._keep


@right("modes that are methods of their own")
class OwnModes:
    def __init__(self, p):
        self.p, self._on = p, True

    def train_mode(self):
        self._on = True

    def eval_mode(self):
        self._on = False

    def forward(self, x):
        self.m = np.ones_like(x)
        if self._on:
            self.m = (RNG.random(x.shape) >= self.p) / (1 - self.p)
        return x * self.m

    def backward(self, g):
        return g * self.m


@right("forward takes the rate", given=())
class RateInForward:
    def forward(self, x, drop_rate, train=True):
        if not train:
            return x
        self.mask = np.random.rand(*x.shape) > drop_rate
        self.scale = 1 / (1 - drop_rate)
        return x * self.mask * self.scale

    def backward(self, dout):
        return dout * self.mask * self.scale


@right("spatial, last axis the channels")
class SpatialLast:
    def __init__(self, rate):
        self.rate = rate

    def call(self, inputs, training=True):
        if not training:
            return inputs
        n, h, w, c = inputs.shape
        noise = np.random.rand(n, 1, 1, c) >= self.rate
        return inputs * noise / (1 - self.rate)


@right("spatial, in five axes")
class SpatialThree:
    def __init__(self, rate):
        self.rate = rate

    def forward(self, x, training=True):
        n, c, d, h, w = x.shape
        if not training:
            return x
        self.mask = (np.random.rand(n, c, 1, 1, 1) >= self.rate) / (1 - self.rate)
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


@right("a convolution's dropout, each value")
class FourAxes:
    def __init__(self, p):
        self.p = p

    def forward(self, x, training=True):
        n, c, h, w = x.shape
        if not training:
            return x
        self.mask = (np.random.rand(n, c, h, w) >= self.p) / (1 - self.p)
        return x * self.mask

    def backward(self, dy):
        return dy * self.mask


@right("evaluating is an attribute")
class EvalAttribute:
    def __init__(self, p):
        self.p, self.inference = p, False

    def forward(self, z):
        if self.inference:
            return z
        self.u = RNG.binomial(1, 1 - self.p, z.shape) / (1 - self.p)
        return z * self.u

    def backward(self, dz):
        return dz * self.u


# Right only under a condition.


@depends("unscaled, evaluation is elsewhere")
class UnscaledNoMode:
    def __init__(self, p):
        self.p = p

    def forward(self, x):
        self.mask = np.random.rand(*x.shape) > self.p
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask


# Wrong.


@wrong("forgets_the_scale", "unscaled, evaluation as it is")
class Unscaled:
    def __init__(self, dropout):
        self.dropout = dropout

    def forward(self, input, training=False):
        if training:
            self.mask = np.random.binomial(n=1, p=1 - self.dropout, size=input.shape)
            return input * self.mask
        return input

    def backward(self, delta):
        return delta * self.mask


@wrong("shares_the_mask_in_a_batch forgets_the_scale", "a row's mask, unscaled")
class UnscaledRow:
    def __init__(self, dropout):
        self.dropout = dropout

    def forward(self, input, training=False):
        if training:
            self.mask = np.random.binomial(1, 1 - self.dropout, size=(1, input.shape[1]))
            return input * self.mask
        return input

    def backward(self, delta):
        return delta * self.mask


@wrong("scales_at_both_times", "divided in training, times q in evaluation")
class BothTimes:
    def __init__(self, p):
        self.p = p

    def forward(self, x, train_flg=True):
        if train_flg:
            self.mask = (np.random.rand(*x.shape) > self.p) / (1 - self.p)
            return x * self.mask
        return x * (1 - self.p)

    def backward(self, dout):
        return dout * self.mask


@wrong("writes_into_its_input", "in place in the caller's array", given=(0.8,))
class InPlace:
    def __init__(self, keep_probability):
        self.keep_probability = keep_probability

    def forward(self, input, training):
        if training:
            self.mask = np.random.rand(*input.shape) < self.keep_probability
            input *= self.mask
            input /= self.keep_probability
        return input

    def backward(self, output_gradient):
        return output_gradient * self.mask / self.keep_probability


@wrong("takes_p_for_keep", "the drop probability is used as the keep probability")
class KeepForDrop:
    def __init__(self, drop_probability):
        self.drop_probability = drop_probability

    def forward(self, input):
        self.mask = np.random.binomial(1, self.drop_probability, size=input.shape)
        self.mask = self.mask / self.drop_probability
        return input * self.mask

    def backprop(self, dOut):
        return dOut * self.mask


@wrong("", "the gradient of what was dropped, as a real repository has it")
class DroppedGradient:
    def __init__(self, drop_probability):
        self.q = 1 - drop_probability

    def forward(self, input):
        self.mask = np.random.binomial(1, self.q, size=input.shape) / self.q
        return input * self.mask

    def backprop(self, dOut):
        return dOut - dOut * self.mask


@wrong("backward_without_mask", "the gradient passes as it is")
class PassesAll:
    def __init__(self, rate):
        self.rate = rate

    def forward(self, inputs, training=True):
        if not training:
            return inputs
        mask = np.random.binomial(1, 1 - self.rate, inputs.shape) / (1 - self.rate)
        return inputs * mask

    def backward(self, grad):
        return grad


@wrong("backward_without_scale", "the gradient is masked and not scaled")
class NoScaleBack:
    def __init__(self, p):
        self.p = p

    def forward(self, x, training=True):
        if not training:
            return x
        self.mask = np.random.rand(*x.shape) < 1 - self.p
        return x * self.mask / (1 - self.p)

    def backward(self, dout):
        return dout * self.mask


@wrong("backward_with_another_mask", "draws again in backward")
class DrawsAgain:
    def __init__(self, p):
        self.p = p

    def _mask(self, x):
        return (np.random.rand(*x.shape) < 1 - self.p) / (1 - self.p)

    def forward_pass(self, x, training=True):
        return x * self._mask(x) if training else x

    def backward_pass(self, grad):
        return grad * self._mask(grad)


@wrong("drops_at_evaluation", "eval() does not reach the forward")
class DeafToEval:
    def __init__(self, p):
        self.p, self.training = p, True

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def forward(self, x):
        self.mask = (np.random.rand(*x.shape) > self.p) / (1 - self.p)
        return x * self.mask

    def backward(self, g):
        return g * self.mask


@wrong("swaps_the_modes", "drops if the flag says inference")
class SwappedFlag:
    def __init__(self, p):
        self.p, self.mask = p, 1.0

    def forward(self, x, inference=False):
        if inference:
            self.mask = (np.random.rand(*x.shape) > self.p) / (1 - self.p)
            return x * self.mask
        return x

    def backward(self, g):
        return g


@wrong("freezes_the_mask", "drawn when it was first called")
class DrawnOnce:
    def __init__(self, p):
        self.p, self.mask = p, None

    def forward(self, x, training=True):
        if self.mask is None or self.mask.shape != x.shape:
            self.mask = (np.random.rand(*x.shape) > self.p) / (1 - self.p)
        return x * self.mask if training else x

    def backward(self, g):
        return g * self.mask


@wrong("evaluates_with_p", "the paper's kind, evaluation times p")
class PLate:
    def __init__(self, dropout_ratio):
        self.dropout_ratio = dropout_ratio

    def forward(self, x, train_flg=True):
        if train_flg:
            self.mask = np.random.rand(*x.shape) > self.dropout_ratio
            return x * self.mask
        return x * self.dropout_ratio

    def backward(self, dout):
        return dout * self.mask


@wrong("keeps_p", "kept where u is below the rate; the scale is right")
class Below:
    def __init__(self, rate):
        self.rate = rate

    def forward(self, x, is_training=True):
        if not is_training:
            self.out = x
            return self.out
        self.mask = np.random.rand(*x.shape) < self.rate
        self.out = x * self.mask / (1 - self.rate)
        return self.out

    def backward(self, g):
        return g * self.mask / (1 - self.rate)


@wrong("backward_without_mask drops_at_evaluation", "no mask on the way back, and no mode")
class NeitherWay:
    def __init__(self, p):
        self.p, self.training = p, True

    def forward(self, x):
        return x * (np.random.rand(*x.shape) > self.p) / (1 - self.p)

    def backward(self, g):
        return g / (1 - self.p)
