"""Stop at once, in one line, if the device asked for is not there.

usage: python -m tools.environment.device DEVICE [TORCH]

Before the set-up it looks for an NVIDIA driver; if PyTorch is installed it asks that too.
"""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

DEVICE_VARIABLE = "DROPOUT_SCALING_DEVICE"  # make exports it, the chapters read it
DEVICE = os.environ.get(DEVICE_VARIABLE, "cpu")
DRIVER_FILES = ("/dev/nvidiactl", "/dev/dxg")  # Linux, and Linux inside Windows


def problem(device, torch_build="default"):
    if device not in ("cpu", "cuda"):
        return f"DEVICE must be cpu or cuda, got {device}"
    if device == "cpu":
        return None
    if torch_build == "cpu":
        return "DEVICE=cuda needs TORCH=default: TORCH=cpu is PyTorch without CUDA"
    if not (shutil.which("nvidia-smi") or any(Path(path).exists() for path in DRIVER_FILES)):
        return "DEVICE=cuda: no GPU here (no NVIDIA driver found)"
    if importlib.util.find_spec("torch"):
        import torch

        if not torch.cuda.is_available():
            return f"DEVICE=cuda: PyTorch {torch.__version__} sees no GPU here"
    return None


if __name__ == "__main__":
    sys.exit(problem(*sys.argv[1:]))
