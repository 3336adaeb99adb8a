"""Put back what running a layer or a model changes, and the random states.

Some changes stay: of what a layer keeps in a class, a global or a file.
"""

import contextlib
import random
import sys

import numpy as np


@contextlib.contextmanager
def as_found(module=None):
    """Put back the random states, and all that a module holds, even after an error.

    ``module``: a ``torch.nn.Module`` or None. Its parameters, buffers, gradients, modes, attributes
    and random generators are put back in place, without a call of ``train()``, which may do more.
    Inside the context its gradients are None. The random states are those of ``random``, of NumPy
    and, if it is loaded, of torch. Yields the module's ``Snapshot``, or None. Raises no errors of
    its own.
    """
    torch = sys.modules.get("torch")
    snapshot = None
    if module is not None:
        from dropout_scaling._snapshot import Snapshot  # not for NumPy's layers: needs torch

        snapshot = Snapshot(module)
        for parameter in module.parameters():
            parameter.grad = None
    states = random.getstate(), np.random.get_state()  # noqa: NPY002 - to put it back
    forked = contextlib.nullcontext()
    if torch is not None:
        forked = torch.random.fork_rng(range(torch.cuda.device_count()))
    try:
        with forked:
            yield snapshot
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        if snapshot is not None:
            snapshot.put_back()
