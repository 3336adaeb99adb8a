"""What `make elsewhere` changes in a kernel that no environment variable can change."""

import os
import warnings

VARIANT_VARIABLE = "DROPOUT_SCALING_VARIANT"
_replaced = []  # what is registered ends with the object


def two_threads():
    """Let PyTorch use two threads, whatever the notebook asks for."""
    import torch

    torch.set_num_threads(2)
    torch.set_num_threads = lambda n: None


def another_stream():
    """Draw masks as PyTorch does with Intel's library: one number seeds another generator."""
    import torch

    def bernoulli_(tensor, p=0.5, *, generator=None):
        seed = torch.empty((), dtype=torch.int64).random_(generator=generator)
        stream = torch.Generator().manual_seed(int(seed))
        drawn = torch.rand(tensor.shape, dtype=torch.float64, generator=stream) < p
        return tensor.copy_(drawn)

    library = torch.library.Library("aten", "IMPL")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a kernel is replaced: it is
        library.impl("bernoulli_.float", bernoulli_, "CPU", allow_override=True)
    _replaced.append(library)


def apply():
    """Make the change that the variable names, if it names one."""
    name = os.environ.get(VARIANT_VARIABLE)
    if name:
        {"two_threads": two_threads, "another_stream": another_stream}[name]()
