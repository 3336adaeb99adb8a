"""The command: what it prints, and its exit status."""

import subprocess
import sys

import pytest

from dropout_scaling.diagnose.__main__ import main

LAYERS = """
import numpy as np

print("a script prints")


def right(x, p, training=True):
    return x * (np.random.random(x.shape) < 1 - p) / (1 - p) if training else x


def wrong(x, p, training=True):
    return x * (np.random.random(x.shape) < p) / (1 - p) if training else x


def elsewhere(x, p):
    return x * (np.random.random(x.shape) < 1 - p)


def masked(x, p):
    mask = (np.random.random(x.shape) < 1 - p) / (1 - p)
    return x * mask, mask


def without_mask(grad, mask):
    return grad


class Keeps:
    def __init__(self, keep_prob, name="keeps"):
        self.keep_prob = keep_prob

    def forward(self, x, training):
        rows, units, steps = x.shape
        kept = np.random.random(x.shape) < self.keep_prob
        return x * kept / self.keep_prob if training else x


class Unknown:
    def __init__(self, size):
        self.size = size
"""


@pytest.fixture
def layers(tmp_path, monkeypatch):
    path = tmp_path / "layers_of_a_script.py"
    path.write_text(LAYERS)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, path.stem, raising=False)
    return path


@pytest.mark.parametrize(
    ("name", "more", "status", "headline"),
    [
        ("right", [], 0, "right for p < 1"),
        ("wrong", [], 1, "wrong: keeps_p"),
        ("elsewhere", [], 2, "right only if evaluation multiplies by 0.8, which was not seen"),
        ("masked", [], 0, "right for p < 1, while training; evaluation was not seen"),
        ("masked", ["--backward", "without_mask"], 1, "wrong: backward_without_mask"),
        ("Keeps", ["--shape", "8,16,4"], 0, "right"),
    ],
)
def test_the_status_says_what_the_first_line_says(layers, capsys, name, more, status, headline):
    assert main([f"{layers}:{name}", "--p", "0.2", *more]) == status
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0] == headline
    assert printed.err == "a script prints\n"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["{}:nothing", "--p", "0.2"], "AttributeError: module 'layers_of_a_script' has no"),
        (["{}:Unknown", "--p", "0.2"], "missing 1 required positional argument: 'size'"),
        (["{}:right", "--p", "1"], "p must be in [0.01, 0.99] to be judged by sampling, got 1.0"),
        (["no_such_module:right", "--p", "0.2"], "No module named 'no_such_module'"),
        (["right", "--p", "0.2"], "must be package.module:name or file.py:name, got right"),
        (["{}:right", "--p", "0.2", "--shape", "0,2"], "must be like 16,32, got 0,2"),
    ],
)
def test_what_cannot_be_judged_has_status_2_and_a_reason(layers, capsys, arguments, text):
    with pytest.raises(SystemExit) as caught:
        main([argument.format(layers) for argument in arguments])
    assert caught.value.code == 2
    assert text in capsys.readouterr().err


def test_it_runs_as_a_module(layers):
    command = [sys.executable, "-m", "dropout_scaling.diagnose", f"{layers}:wrong", "--p", "0.2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.startswith("wrong: keeps_p\n")
