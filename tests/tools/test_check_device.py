"""A device that is not there stops the tests at once, in one line."""

import check_device
import pytest
import torch


@pytest.mark.parametrize(
    ("device", "torch", "says"),
    [
        ("tpu", "default", "DEVICE must be cpu or cuda, got tpu"),
        ("cuda", "cpu", "TORCH=cpu is PyTorch without CUDA"),
        ("cuda", "default", "no GPU here"),
    ],
)
def test_what_is_missing_is_said(monkeypatch, device, torch, says):
    monkeypatch.setattr(check_device.shutil, "which", lambda name: None)
    monkeypatch.setattr(check_device, "DRIVER", ())
    problem = check_device.problem(device, torch)
    assert says in problem
    assert "\n" not in problem


def test_a_driver_without_a_gpu_is_not_enough(monkeypatch):
    monkeypatch.setattr(check_device.shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "sees no GPU" in check_device.problem("cuda")


def test_the_cpu_is_always_there():
    assert check_device.problem("cpu", "cpu") is None
