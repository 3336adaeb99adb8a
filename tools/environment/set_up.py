"""Make `.venv` hold what requirements.txt pins, from any state, and do nothing if it does.

usage: python -m tools.environment.set_up [default|cpu|assignments]

`default` and `cpu` are the builds of PyTorch: `cpu` has no CUDA. `assignments` makes
`.venv-assignments` instead, for what builds the assignments.

A stamp, written last, says what the environment was made from. If it differs, pip installs what
has changed; if it is missing, an installation was cut short and everything is made anew. Nothing
outside the clone is written but pip's own cache.

Standard library only: this runs before anything is installed. It has to parse on an old Python
too, so that it can say that it is too old.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tools.file_lock import locked
from tools.paths import (
    PYPROJECT,
    REQUIREMENTS,
    REQUIREMENTS_OF_ASSIGNMENTS,
    ROOT,
    VENV,
    VENV_OF_ASSIGNMENTS,
)

CPU_INDEX = "https://download.pytorch.org/whl/cpu"  # PyTorch's own, as its install page names it


def python_of(venv):
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


VENV_PYTHON = python_of(VENV)

TRIED_PYTHONS = ("python3.13", "python3.12", "python3.11")
QUIET = ("Requirement already satisfied", "Looking in", "Collecting", "Obtaining", "Ignoring")
NETWORK_ERRORS = (
    "NewConnectionError",
    "Temporary failure in name resolution",
    "Name or service not known",
    "getaddrinfo failed",
    "Network is unreachable",
    "Connection refused",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyError",
)


def main(torch, venv=VENV, requirements=REQUIREMENTS):
    check_python()
    wanted = fingerprint(torch, requirements)
    stamp, python = venv / "complete", python_of(venv)
    if stamp.is_file() and stamp.read_text() == wanted and works(venv):
        return
    finished = stamp.is_file() and works(venv)
    stamp.unlink(missing_ok=True)
    if not finished:  # after a crash, what is there cannot be trusted
        print(f"setting up {venv.name}", flush=True)
        run(
            [sys.executable, "-m", "venv", "--clear", str(venv)],
            f"could not make {venv.name}: is there room, and may you write here?",
        )
    print(f"installing what {requirements.name} pins into {venv.name}", flush=True)
    pip(*pinned(torch, requirements), python=python)
    # The build tool is among the pins, so that this step downloads nothing.
    pip("--no-deps", "--no-build-isolation", "-e", ".", python=python)
    stamp.write_text(wanted)


def oldest_python():
    """The oldest Python that pyproject.toml declares, as (major, minor)."""
    # Read as text: an old Python cannot parse TOML.
    text = PYPROJECT.read_text("utf8")
    return tuple(map(int, re.search(r'^requires-python = ">=(\d+)\.(\d+)"$', text, re.M).groups()))


def check_python():
    """Stop with one line if this Python cannot make the environment."""
    oldest = oldest_python()
    if sys.version_info < oldest:
        newer = next(filter(shutil.which, TRIED_PYTHONS), None)
        stop(
            "Python {}.{} or newer is needed, and `{}` is {}.{}: {}".format(
                *oldest,
                os.path.basename(sys.executable),
                *sys.version_info[:2],
                f"add PYTHON={newer} to the command"
                if newer
                else "install one, then add PYTHON=/path/to/it to the command",
            )
        )
    if not all(map(importlib.util.find_spec, ("venv", "ensurepip"))):
        stop(
            "this Python has no venv module: install it (on Debian and Ubuntu: "
            "`sudo apt install python3-venv`), then run the command again"
        )


def fingerprint(torch, requirements=REQUIREMENTS):
    """Everything that the environment is made from, in one line."""
    digest = hashlib.sha256()
    for path in (requirements, PYPROJECT):
        digest.update(path.read_bytes())
    # The folder is in it since an editable install holds its absolute path.
    return f"{digest.hexdigest()} torch={torch} python={sys.version} at={ROOT}\n"


def works(venv=VENV):
    """Whether it has an interpreter of this version that starts, belongs here and has pip."""
    code = "import sys, pip; print(sys.version, sys.prefix, sep='|')"
    try:
        command = [str(python_of(venv)), "-c", code]
        answer = subprocess.run(command, capture_output=True, text=True)
    except OSError:  # not there, or not a program
        return False
    return answer.stdout.strip() == f"{sys.version}|{venv}"


def pinned(torch, file=REQUIREMENTS):
    """What to ask of pip for one of the two builds of PyTorch."""
    asked = ["-r", str(file)]
    # On a Mac the one build there is, is for the CPU.
    if torch == "cpu" and sys.platform != "darwin":
        lines = Path(file).read_text("utf8").splitlines()
        pin = next(line.split()[0] for line in lines if line.startswith("torch=="))
        asked += ["--extra-index-url", CPU_INDEX, f"{pin}+cpu"]
    return asked


def pip(*arguments, python=VENV_PYTHON):
    """Run pip's install, show what it says, and explain a failure in one more line."""
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", *arguments]
    # A user's settings could send the packages elsewhere.
    ignored = {"PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "PYTHONPATH"}
    env = {k: v for k, v in os.environ.items() if k not in ignored}
    said = []
    with subprocess.Popen(
        command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        for line in process.stdout:
            said.append(line)
            if not line.strip().startswith(QUIET):
                print(line, end="", flush=True)
    if process.returncode == 0:
        return
    text = "".join(said)
    if any(sign in text for sign in NETWORK_ERRORS):
        stop(
            "the package index cannot be reached: connect to the network (or set pip's proxy or "
            "index), then run the command again"
        )
    if "No space left" in text:
        stop("the disk is full: free some room (README.md says how much), then run it again")
    stop("pip could not install the pinned packages; its own words are above")


def run(command, problem):
    if subprocess.run(command).returncode:
        stop(problem)


def stop(problem):
    sys.exit(f"set-up: {problem}")


if __name__ == "__main__":
    choice = sys.argv[1] if len(sys.argv) > 1 else "default"
    if choice not in ("default", "cpu", "assignments"):
        stop(f"TORCH must be default or cpu, got {choice}")
    with locked():
        if choice == "assignments":
            main("default", VENV_OF_ASSIGNMENTS, REQUIREMENTS_OF_ASSIGNMENTS)
        else:
            main(choice)
