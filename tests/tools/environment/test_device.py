"""A device that is not there stops the tests at once, in one line."""

import pytest
import torch

from tools.environment.device import problem


@pytest.mark.parametrize(
    ("device", "torch", "says"),
    [
        ("tpu", "default", "DEVICE must be cpu or cuda, got tpu"),
        ("cuda", "cpu", "TORCH=cpu is PyTorch without CUDA"),
        ("cuda", "default", "no GPU here"),
    ],
)
def test_what_is_missing_is_said(monkeypatch, device, torch, says):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("tools.environment.device.DRIVER_FILES", ())
    said = problem(device, torch)
    assert says in said
    assert "\n" not in said


def test_a_driver_without_a_gpu_is_not_enough(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/nvidia-smi")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "sees no GPU" in problem("cuda")


def test_the_cpu_is_always_there():
    assert problem("cpu", "cpu") is None
