"""The whole lesson, a line each: standard dropout scales at eval, inverted dropout at train.

``x``: an array of any shape, of floats or of ``Fraction`` objects. ``mask``: boolean, True = kept,
of x's shape (axes in front of it are further draws). ``p``: the probability of dropping a unit,
q = 1 - p that of keeping it. Every function is pure: the mask is given, nothing is drawn.
A dropped value is 0 whatever it was, inf and nan included: hence ``where`` and not ``*``.
"""

import numpy as np

from dropout_scaling._arguments import check_floats, check_mask, keep_probability


def standard_train(x, mask):
    """Standard dropout while training: drop, and leave the kept values alone.

    y = m x. Shapes: x (...), mask (..., ...), result as mask. Raises TypeError, ValueError for a
    bad ``x`` or ``mask``. Source: Srivastava et al. 2014, section 4.

    >>> standard_train(np.ones(3), np.array([True, False, True]))
    array([1., 0., 1.])
    """
    x = check_floats("x", x)
    check_mask(mask, x.shape)
    return np.where(mask, x, 0)


def standard_eval(x, p):
    """Standard dropout at evaluation: scale by the probability of keeping.

    y = q x, the mean of ``standard_train`` over masks. Raises TypeError, ValueError for a bad ``x``
    or ``p``. Source: Srivastava et al. 2014, section 4, who put q into the weights, W_test = q W.

    >>> standard_eval(np.ones(3), 0.2)
    array([0.8, 0.8, 0.8])
    """
    x = check_floats("x", x)
    q = keep_probability(p, like=x)
    return x * q if q > 0 else np.zeros_like(x)


def inverted_train(x, mask, p):
    """Inverted dropout while training: drop, and divide the kept values by q.

    y = m x / q, whose mean over masks is x; all zeros at p = 1. Shapes as ``standard_train``.
    Raises TypeError, ValueError for a bad ``x``, ``mask`` or ``p``. Source: Srivastava et al. 2014,
    section 10; it is what ``torch.nn.Dropout`` does.

    >>> inverted_train(np.ones(3), np.array([True, False, True]), 0.2)
    array([1.25, 0.  , 1.25])
    """
    x = check_floats("x", x)
    check_mask(mask, x.shape)
    q = keep_probability(p, like=x)
    if q == 0:
        return np.zeros(mask.shape, x.dtype)
    return np.where(mask, x / q, 0)


def inverted_eval(x):
    """Inverted dropout at evaluation: nothing at all.

    y = x. Raises TypeError for a bad ``x``.

    >>> inverted_eval(np.ones(3))
    array([1., 1., 1.])
    """
    return check_floats("x", x)


def standard_backward(grad, mask):
    """Return the gradient on x of ``standard_train``: the same mask once more.

    dL/dx = m dL/dy. ``grad`` is dL/dy, of y's shape. Errors as ``standard_train``.

    >>> standard_backward(np.array([3.0, 3.0]), np.array([True, False]))
    array([3., 0.])
    """
    return standard_train(check_floats("grad", grad), mask)


def inverted_backward(grad, mask, p):
    """Return the gradient on x of ``inverted_train``: the same mask and the same 1/q once more.

    dL/dx = m dL/dy / q. ``grad`` is dL/dy, of y's shape. Errors as ``inverted_train``.

    >>> inverted_backward(np.array([3.0, 3.0]), np.array([True, False]), 0.25)
    array([4., 0.])
    """
    return inverted_train(check_floats("grad", grad), mask, p)
