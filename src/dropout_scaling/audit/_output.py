"""What of a model's output is looked at: its main tensor, and whether two runs agree on it."""

import torch


def main_tensor(output):
    """Return the model's main output: its logits, or else the first tensor that it returns."""
    if isinstance(output, torch.Tensor):
        return output
    logits = getattr(output, "logits", None)
    if isinstance(logits, torch.Tensor):
        return logits
    values = output.values() if isinstance(output, dict) else output
    if isinstance(values, tuple | list) or isinstance(output, dict):
        return next((t for t in map(main_tensor, values) if t is not None), None)
    return None


def differentiate(output):
    """Run the backward pass from the sum of an output, if it has one."""
    if output is None or not output.requires_grad:
        return
    total = output.abs() if output.is_complex() else output
    total.float().sum().backward()


def same(one, other):
    """Whether two outputs are the same, to more than rounding differs on a GPU."""
    if one is not None and other is not None and one.is_meta:
        return True  # it has no values
    if type(one) is type(other) is torch.Tensor and one.layout is other.layout is torch.strided:
        alike = (one.dtype, one.device) == (other.dtype, other.device)
        if alike and torch.equal(one, other):
            return True  # what follows loads distributed tensors: half a second
    try:  # knows sparse, boolean and quantized outputs, and None
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5, equal_nan=True)
    except AssertionError:
        return False
    return True
