"""Layers on tensor classes of their own, as small autograd engines have them."""

import numpy as np

from tools.wild.layers.case import collector

CASES, right, wrong, depends = collector()


class Tensor:
    """A small tensor: its data, its gradient, and a tape of closures."""

    def __init__(self, data, requires_grad=False, parents=(), backward=None):
        self.data = np.asarray(data, dtype=np.float64)
        self.requires_grad, self.grad = requires_grad, np.zeros_like(self.data)
        self._parents, self._backward = parents, backward or (lambda: None)

    @property
    def shape(self):
        return self.data.shape

    def __mul__(self, other):
        other = other if isinstance(other, Tensor) else Tensor(other)
        out = Tensor(self.data * other.data, True, (self, other))

        def backward():
            self.grad = self.grad + out.grad * other.data
            other.grad = other.grad + out.grad * self.data

        out._backward = backward
        return out

    def sum(self):
        out = Tensor(self.data.sum(), True, (self,))

        def backward():
            self.grad = self.grad + np.ones_like(self.data) * out.grad

        out._backward = backward
        return out

    def backward(self, grad=None):
        self.grad = np.ones_like(self.data) if grad is None else np.asarray(grad)
        order, seen = [], set()

        def visit(node):
            if id(node) not in seen:
                seen.add(id(node))
                for parent in node._parents:
                    visit(parent)
                order.append(node)

        visit(self)
        for node in reversed(order):
            node._backward()


class Module:
    def __init__(self):
        self.training = True

    def train(self):
        self.training = True

    def eval(self):
        self.training = False

    def __call__(self, *args):
        return self.forward(*args)


@right("a product with a constant tensor")
class TapeDropout(Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        return x * Tensor(np.random.binomial(1, 1 - self.p, x.shape) / (1 - self.p))


@right("a new tensor with its own closure")
class ClosureDropout(Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        mask = (np.random.rand(*x.data.shape) > self.p) / (1 - self.p)
        out = Tensor(x.data * mask, True, (x,))

        def backward():
            x.grad += mask * out.grad

        out._backward = backward
        return out


@right("a function on tensors")
def dropout(t: Tensor, p=0.5, is_training=True):
    if not is_training:
        return t
    return t * Tensor((np.random.rand(*t.data.shape) >= p) / (1 - p))


@right("the paper's kind")
class PapersTape(Module):
    def __init__(self, rate):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        if self.training:
            return x * Tensor(np.random.rand(*x.data.shape) >= self.rate)
        return x * Tensor(1 - self.rate)


@wrong("forgets_the_scale", "no division")
class UnscaledTape(Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        return x * Tensor(np.random.binomial(1, 1 - self.p, x.data.shape))


@wrong("backward_without_mask", "the closure passes everything")
class OpenClosure(Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training:
            return x
        mask = (np.random.rand(*x.data.shape) > self.p) / (1 - self.p)
        out = Tensor(x.data * mask, True, (x,))

        def backward():
            x.grad = x.grad + out.grad

        out._backward = backward
        return out


@wrong("keeps_p", "binomial(1, p) keeps p")
def drop_tensor(x: Tensor, p, train=True):
    if not train:
        return x
    return x * Tensor(np.random.binomial(1, p, x.data.shape) / (1 - p))


@wrong("writes_into_its_input backward_without_mask", "x.data is changed, off the tape")
class DataInPlace(Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x: Tensor):
        if self.training:
            x.data *= (np.random.rand(*x.data.shape) > self.p) / (1 - self.p)
        return x


@wrong("drops_at_evaluation", "the flag is not read")
class DeafTape(Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        return x * Tensor((np.random.rand(*x.shape) > self.p) / (1 - self.p))
