"""Leave things as they were found: what running somebody's layer or model changes is put back.

That is modes, buffers, gradients and random states. What a layer writes elsewhere, into its
parameters, an attribute or a file, stays.
"""

import contextlib
import random
import sys

import numpy as np


@contextlib.contextmanager
def as_found(module=None):
    """Put back the random states, and a module's modes, buffers and gradients, whatever happens.

    ``module``: a ``torch.nn.Module``, whose gradients are None inside, or None. The random states
    are those of ``random``, of NumPy and, where it is loaded, of torch. Raises nothing of its own.
    """
    torch = sys.modules.get("torch")
    parts = [] if module is None else list(module.modules())
    modes = [(part, part.training) for part in parts]
    buffers = [
        (part, name, buffer, None if buffer is None else buffer.clone())
        for part in parts
        for name, buffer in part._buffers.items()
    ]
    parameters = [] if module is None else list(module.parameters())
    gradients = [(parameter, parameter.grad) for parameter in parameters]
    for parameter in parameters:
        parameter.grad = None
    states = random.getstate(), np.random.get_state()  # noqa: NPY002 - to put it back
    forked = contextlib.nullcontext()
    if torch is not None:
        forked = torch.random.fork_rng(range(torch.cuda.device_count()))
    try:
        with forked:
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        for part, training in modes:
            part.training = training
        for part, name, buffer, value in buffers:
            part._buffers[name] = buffer
            if buffer is not None:
                with torch.no_grad():
                    buffer.copy_(value)
        for parameter, gradient in gradients:
            parameter.grad = gradient
