"""The plugin: a failed assertion shows the report of a layer, and the findings of a model."""

import os
import subprocess
import sys
import tomllib

import pytest

from tools.paths import ROOT

LAYERS = """
import numpy as np
from dropout_scaling.diagnose import diagnose


def right(x, p, training=True):
    return x * (np.random.random(x.shape) < 1 - p) / (1 - p) if training else x


def wrong(x, p, training=True):
    return x * (np.random.random(x.shape) < p) / (1 - p) if training else x


def test_right():
    assert diagnose(right, 0.2)


def test_wrong():
    assert diagnose(wrong, 0.2)


def test_named():
    report = diagnose(wrong, 0.2)
    assert report.ok


def test_otherwise():
    report = diagnose(right, 0.2)
    assert not report
"""


MODELS = """
import torch
from torch import nn
from torch.nn import functional as F
from dropout_scaling.audit import audit, check


class Drops(nn.Module):
    def forward(self, x):
        return F.dropout(x, 0.2)


x = torch.rand(8, 4)
right = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.2), nn.Linear(4, 2))
wrong = nn.Sequential(nn.Linear(4, 4), Drops(), nn.Linear(4, 2))


def test_right():
    assert not audit(right, x)


def test_wrong():
    assert not audit(wrong, x)


def test_compared():
    assert audit(wrong, x) == []


def test_named():
    findings = audit(wrong, x)
    assert len(findings) == 0


def test_checked():
    check(wrong, x)


def test_otherwise():
    findings = audit(right, x)
    assert findings
"""


# In one process, as to import PyTorch takes longer than the rest.
SESSIONS = """
import sys

import pytest

for plugin in [], ["-p", "dropout_scaling.pytest_plugin"]:
    pytest.main(["-p", "no:cacheprovider", "--import-mode=importlib", *plugin])
    print("the end", flush=True)
print("torch._dynamo" in sys.modules)  # PyTorch's compiler takes a second to load
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What pytest says of the same tests without the plugin, and with it."""
    folder = tmp_path_factory.mktemp("tests")
    for name, text in {"layers": LAYERS, "models": MODELS}.items():
        (folder / f"test_{name}.py").write_text(text)
    ended = subprocess.run(
        [sys.executable, "-c", SESSIONS],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    without, with_it, rest = ended.stdout.split("the end\n")
    assert rest == "False\n"
    return {False: without, True: with_it}


@pytest.mark.parametrize("loaded", [True, False])
def test_what_a_failed_assertion_is_about_is_shown_once(said, loaded):
    said = said[loaded]
    assert "8 failed, 2 passed" in said
    assert said.count("- dropout_scaling.diagnose -") == (2 if loaded else 0)
    assert ("Cure: p is the probability of dropping: keep a value if" in said) == loaded
    assert said.count("- dropout_scaling.audit -") == (3 if loaded else 0)  # `check` has said it
    line = "test_models.py:10: drops in eval mode, with p = 0.2: pass training=self.training"
    whole = [each for each in said.splitlines() if each.startswith("1 ") and line in each]
    assert len(whole) == (3 if loaded else 0)


def test_pytest_loads_it_by_itself_and_it_loads_neither_torch_nor_what_needs_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
    (entry,) = project["entry-points"]["pytest11"].values()
    code = f"import {entry}, sys; print({{'torch', 'dropout_scaling.audit'}} & set(sys.modules))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
