"""Put back what running a layer or a model changes: modes, buffers, gradients and random states.

Other changes stay: what a layer writes into its parameters, an attribute or a file.
"""

import contextlib
import random
import sys

import numpy as np


@contextlib.contextmanager
def as_found(module=None):
    """Put back the random states, and a module's modes, buffers and gradients, even after an error.

    ``module``: a ``torch.nn.Module`` or None; inside the context its gradients are None. The random
    states are those of ``random``, of NumPy and, if it is loaded, of torch. Raises no errors of its
    own.
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
