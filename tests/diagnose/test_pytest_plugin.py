"""The plugin: a failed assertion shows the report."""

import os
import subprocess
import sys

import pytest

TEST = """
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


@pytest.mark.parametrize("loaded", [True, False])
def test_the_report_of_a_failed_assertion_is_shown(tmp_path, loaded):
    (tmp_path / "test_it.py").write_text(TEST)
    plugin = ["-p", "dropout_scaling.diagnose.pytest_plugin"] if loaded else []
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *plugin, str(tmp_path)]
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
    )
    assert "3 failed, 1 passed" in done.stdout
    titles = done.stdout.count("- dropout_scaling.diagnose -")
    assert titles == (2 if loaded else 0)
    assert ("Cure: p is the probability of dropping: keep a value if" in done.stdout) == loaded
