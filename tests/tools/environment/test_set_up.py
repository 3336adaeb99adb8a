"""The set-up says in one line what is missing, and knows a broken environment."""

import ast
import os
import subprocess
import sys
import tomllib

import pytest

from tools.environment import set_up
from tools.paths import TOOLS


def complaint(function, *arguments, **options):
    with pytest.raises(SystemExit) as stop:
        function(*arguments, **options)
    message = str(stop.value)
    assert message.count("\n") == 0
    return message


def test_an_old_python_is_named_with_the_way_out(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    monkeypatch.setattr(set_up.shutil, "which", lambda name: name == "python3.12")
    message = complaint(set_up.check_python)
    oldest = "{}.{}".format(*set_up.oldest_python())
    assert f"Python {oldest} or newer is needed, and `python3` is 3.10" in message
    assert "PYTHON=python3.12" in message


def test_the_oldest_python_is_the_one_that_the_project_declares():
    project = tomllib.loads(set_up.PYPROJECT.read_text("utf8"))["project"]
    assert project["requires-python"] == ">={}.{}".format(*set_up.oldest_python())


def test_a_python_without_venv_is_named(monkeypatch):
    monkeypatch.setattr(set_up.importlib.util, "find_spec", lambda name: None)
    assert "python3-venv" in complaint(set_up.check_python)


@pytest.fixture
def failing_pip(tmp_path):
    """Make an interpreter whose pip says something and fails."""

    def make(words):
        python = tmp_path / "python"
        python.write_text(f"#!/bin/sh\necho '{words}'\nexit 1\n")
        python.chmod(0o755)
        return python

    return make


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("NewConnectionError: Failed to establish a new connection", "connect to the network"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("ERROR: No matching distribution found for numpy==0", "pip could not install"),
    ],
)
def test_a_failure_of_pip_is_shown_and_explained(failing_pip, capfd, words, advice):
    message = complaint(set_up.pip, "numpy", python=failing_pip(words))
    assert advice in message
    assert words in capfd.readouterr().out


def test_the_fingerprint_changes_with_what_it_is_made_from(monkeypatch, tmp_path):
    for name in ("requirements.txt", "pyproject.toml"):
        (tmp_path / name).write_text("")
    requirements = tmp_path / "requirements.txt"
    monkeypatch.setattr(set_up, "PYPROJECT", tmp_path / "pyproject.toml")
    seen = {set_up.fingerprint(torch, requirements) for torch in ("default", "cpu")}
    for name in ("requirements.txt", "pyproject.toml"):
        (tmp_path / name).write_text("changed")
        seen.add(set_up.fingerprint("default", requirements))
    monkeypatch.setattr(sys, "version", "3.99")
    seen.add(set_up.fingerprint("default", requirements))
    assert len(seen) == 5


@pytest.mark.parametrize("state", ["none", "no interpreter", "not executable", "another folder"])
def test_a_broken_environment_is_known(tmp_path, state):
    venv = tmp_path / ".venv"
    python = venv / "bin" / "python"
    if state != "none":
        python.parent.mkdir(parents=True)
    if state == "not executable":
        python.write_text("")
    if state == "another folder":
        os.symlink(sys.executable, python)
    assert not set_up.works(venv)


@pytest.mark.parametrize(
    ("torch", "system", "asked"),
    [
        ("default", "linux", []),
        (
            "cpu",
            "linux",
            ["--extra-index-url", "https://download.pytorch.org/whl/cpu", "torch==2.13.0+cpu"],
        ),
        ("cpu", "darwin", []),
    ],
)
def test_the_cpu_build_of_torch_is_asked_for_where_there_is_one(monkeypatch, torch, system, asked):
    monkeypatch.setattr(sys, "platform", system)
    requirements = str(set_up.REQUIREMENTS)
    assert set_up.pinned(torch) == ["-r", requirements, *asked]


@pytest.mark.parametrize(
    "module",
    [
        *(f"environment.{name}" for name in ("set_up", "device", "pins", "version_ranges")),
        "frameworks.run",
        "gpu_check.__main__",
    ],
)
def test_what_runs_without_the_environment_needs_the_standard_library_alone(module):
    command = [sys.executable, "-E", "-S", "-c", f"import tools.{module}"]
    subprocess.run(command, cwd=set_up.ROOT, check=True)


@pytest.mark.parametrize(
    "name",
    ["__init__", "file_lock", "paths"]
    + [f"environment/{name}" for name in ("__init__", "device", "set_up")],
)
def test_an_old_python_can_read_the_set_up(name):
    ast.parse((TOOLS / f"{name}.py").read_text("utf8"), feature_version=(3, 6))
