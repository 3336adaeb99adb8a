"""The properties of every dropout: named clauses, tried on our layers, PyTorch's and wrong ones.

A clause takes ``call``, a ``Caller``: call(x, p, training).y. It raises AssertionError if the
dropout breaks it. Standard and inverted dropout both satisfy all clauses. ``_chance.agrees`` makes
the comparisons with chance, each with a false-alarm rate of at most 1e-7.
"""

import numpy as np

from dropout_scaling.diagnose._chance import agrees
from dropout_scaling.diagnose.call import Caller, UnusableLayerError

X = np.ones((100, 50), dtype=np.float32)
P = 0.3  # not 0.5, at which keep and drop look the same

# X is float32, with eps = 1.2e-7. 1 - p, the quotient and the product each round by eps / 2 at
# most. So two results of the same formula differ by 3 eps at most.
ROUNDING = 4e-7

CONTRACT = {}


def _clause(function):
    CONTRACT[function.__name__] = function
    return function


def broken_clauses(layer, *, backward=None) -> list[str]:
    """Return the names of the clauses that a dropout layer breaks, in the order of ``CONTRACT``.

    ``layer``, ``backward``: as for ``diagnose``. A clause that cannot be tried counts as
    satisfied, such as p = 0 for a layer that takes no p. Raises TypeError for a layer that cannot
    be called.
    """
    call = Caller(layer, backward)
    broken = []
    for name, clause in CONTRACT.items():
        try:
            clause(call)
        except (AssertionError, UnusableLayerError):
            broken.append(name)
    return broken


def _masks(call, calls=60):
    """Return a boolean array of shape (calls, rows, units): the values that each call kept."""
    return np.stack([call(X, P, True).y != 0 for _ in range(calls)])


def _same_along(kept, axis):
    return bool((kept == kept.take([0], axis)).all())


@_clause
def each_value_is_kept_with_probability_q(call):
    """The share of kept values agrees with q = 1 - p."""
    kept = _masks(call)
    # If a mask is shared, the count has fewer independent draws: other clauses report that.
    if not any(_same_along(kept, axis) for axis in range(3)) or kept.all():
        assert agrees(int(kept.sum()), kept.size, 1 - P)


@_clause
def all_kept_values_have_one_scale(call):
    """Equal inputs give equal outputs if they are kept."""
    y = np.stack([call(X, P, True).y for _ in range(5)])
    kept = y[y != 0]
    assert kept.size == 0 or np.ptp(kept) <= ROUNDING * abs(kept[0])


@_clause
def evaluation_is_q_times_the_kept_value(call):
    """Evaluation gives q times the value that training gives a kept input."""
    if not call.has_mode:
        return
    values = np.stack([call(X, P, True).y for _ in range(60)])
    kept = values[values != 0]
    evaluated = call(X, P, False).y
    tolerance = ROUNDING * np.abs(evaluated).max()
    # By the first clause a value is kept with probability q, so the mean is q times the scale.
    assert kept.size
    assert np.ptp(evaluated) <= tolerance
    assert np.abs((1 - P) * kept - evaluated[0, 0]).max() <= tolerance


@_clause
def evaluation_is_the_same_each_time(call):
    """Two evaluations of the same input agree."""
    if call.has_mode:
        assert (call(X, P, False).y == call(X, P, False).y).all()


@_clause
def calls_have_their_own_masks(call):
    """Not every call drops the same values."""
    kept = _masks(call)
    assert kept.all() or not _same_along(kept, 0)


@_clause
def rows_have_their_own_masks(call):
    """Not every row of a batch drops the same units."""
    kept = _masks(call)
    assert kept.all() or not _same_along(kept, 1)


@_clause
def units_have_their_own_masks(call):
    """Not every unit of a row is dropped, or kept, together."""
    kept = _masks(call)
    assert kept.all() or not _same_along(kept, 2)


@_clause
def the_number_kept_varies(call):
    """Not every call keeps the same number of values."""
    kept = _masks(call)
    counts = set(kept.sum(axis=(1, 2)).tolist())
    assert len(counts) > 1 or kept.all() or _same_along(kept, 0)


@_clause
def p_of_0_keeps_everything(call):
    """At p = 0 the output is the input, also in low precision."""
    if call.takes_p:
        assert (call(np.tile(X, (4, 1)), 0.0, True, coarse=True).y == 1).all()


@_clause
def p_of_1_gives_zeros(call):
    """At p = 1 every output is 0, and none is nan."""
    if call.takes_p:
        with np.errstate(all="ignore"):
            assert (call(X, 1.0, True).y == 0).all()


@_clause
def the_input_is_not_written_to(call):
    """The call does not change the array passed in."""
    assert not call(X, P, True).mutated


@_clause
def the_gradient_passes_as_the_values_did(call):
    """Backward multiplies by the same factors as forward."""
    run = call(X, P, True)
    if run.grad is not None:
        # x is all ones, so y is the multiplier of each value.
        assert np.abs(run.grad - run.y * run.upstream).max() <= ROUNDING * np.abs(run.y).max()
