"""The whole lesson: standard dropout scales at evaluation, inverted dropout while training.

``x``: an array of any shape, of floats or of ``Fraction`` objects. ``mask``: a boolean array,
True = kept, of x's shape; further axes in front of it hold further draws. ``p``: the probability of
dropping a unit. q = 1 - p is the probability of keeping it. No function draws anything: the caller
gives the mask. A dropped value becomes 0 even if it was inf or nan: hence ``where``, not ``*``.
"""

import numpy as np

from dropout_scaling._arguments import check_floats, check_mask, keep_probability


def standard_train(x, mask):
    """Apply standard dropout while training: drop, and leave the kept values unchanged.

    y = m x. Shapes: x (...), mask (..., ...), result as mask. Raises TypeError or ValueError for a
    bad ``x`` or ``mask``. Source: Srivastava et al. 2014, section 4.

    >>> standard_train(np.ones(3), np.array([True, False, True]))
    array([1., 0., 1.])
    """
    x = check_floats("x", x)
    check_mask(mask, x.shape)
    return np.where(mask, x, 0)


def standard_eval(x, p):
    """Apply standard dropout at evaluation: multiply by q, the probability of keeping.

    y = q x, the mean of ``standard_train`` over masks. ``p``: the probability of dropping a unit.
    Raises TypeError or ValueError for a bad ``x`` or ``p``. Source: Srivastava et al. 2014,
    section 4. The paper multiplies the weights instead: W_test = q W.

    >>> standard_eval(np.ones(3), 0.2)
    array([0.8, 0.8, 0.8])
    """
    x = check_floats("x", x)
    q = keep_probability(p, like=x)
    return x * q if q > 0 else np.zeros_like(x)


def inverted_train(x, mask, p):
    """Apply inverted dropout while training: drop, and divide the kept values by q.

    y = m x / q, whose mean over masks is x; all zeros at p = 1. Shapes as ``standard_train``.
    ``p``: the probability of dropping a unit. Raises TypeError or ValueError for a bad ``x``,
    ``mask`` or ``p``. Source: Srivastava et al. 2014, section 10. ``torch.nn.Dropout`` does this.

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
    """Apply inverted dropout at evaluation: return x unchanged.

    y = x. Raises TypeError for a bad ``x``.

    >>> inverted_eval(np.ones(3))
    array([1., 1., 1.])
    """
    return check_floats("x", x)


def standard_backward(grad, mask):
    """Return the gradient on x of ``standard_train``: multiply by the same mask again.

    dL/dx = m dL/dy. ``grad`` is dL/dy, of y's shape. Errors as ``standard_train``.

    >>> standard_backward(np.array([3.0, 3.0]), np.array([True, False]))
    array([3., 0.])
    """
    return standard_train(check_floats("grad", grad), mask)


def inverted_backward(grad, mask, p):
    """Return the gradient on x of ``inverted_train``: multiply by the same mask and the same 1/q.

    dL/dx = m dL/dy / q. ``grad`` is dL/dy, of y's shape. Errors as ``inverted_train``.

    >>> inverted_backward(np.array([3.0, 3.0]), np.array([True, False]), 0.25)
    array([4., 0.])
    """
    return inverted_train(check_floats("grad", grad), mask, p)
