"""Marks inside a container of docker or podman, where bubblewrap does not work: on a Mac, say.

The container holds this package and bubblewrap, as the ``Containerfile`` beside this file says. It
sees the assignment and the submissions, writes the marks, and has no network. Each submission runs
in bubblewrap there, so it sees as little as on Linux.
"""

import os
import shutil
import subprocess
from pathlib import Path

from dropout_grading.execution.sandbox import PACKAGE

ROOT = PACKAGE.parents[1]  # the repository: what the image is built from
IMAGE = "dropout-grading"
# Bubblewrap makes namespaces and mounts /proc: what a container refuses unless it is told.
OPTIONS = {
    "docker": ["--security-opt=systempaths=unconfined", "--security-opt=apparmor=unconfined"],
    "podman": ["--security-opt=unmask=ALL", "--security-opt=label=disable"],
}


def found() -> str | None:
    """Return "docker" or "podman", whichever is installed and runs, or None."""
    for tool in OPTIONS:
        if shutil.which(tool):
            asked = subprocess.run([tool, "info"], capture_output=True, check=False)
            if asked.returncode == 0:
                return tool
    return None


def mark(tool: str, given) -> int:
    """Build the image, if it is not there as it should be, and mark; return the exit status.

    ``given``: the arguments of the command.
    """
    file = PACKAGE / "Containerfile"
    built = subprocess.run([tool, "build", "--tag", IMAGE, "--file", file, ROOT], check=False)
    if built.returncode:
        return built.returncode
    given.out.mkdir(parents=True, exist_ok=True)
    print(f"marking in a container of {tool}, where /marks is {given.out}", flush=True)
    return subprocess.run(command(tool, given), check=False).returncode


def command(tool: str, given) -> list[str]:
    """Return the command that marks in a container."""
    assignment = Path(given.assignment).resolve()
    inside = f"/assignments/{assignment.name}"
    run = [tool, "run", "--rm", "--network=none", "--cap-drop=ALL", "--read-only", "--tmpfs=/tmp"]
    run += ["--security-opt=seccomp=unconfined", *OPTIONS[tool], "--env=HOME=/tmp"]
    if hasattr(os, "getuid"):  # the marks are to be the user's own
        run += [f"--user={os.getuid()}:{os.getgid()}"]
        if os.getuid() == 0:
            run.append("--cap-add=SETFCAP")  # without it root may make no namespace
        elif tool == "podman":
            run.append("--userns=keep-id")
    run += [
        _mount(assignment, inside, "readonly"),
        _mount(Path(given.submissions).resolve(), "/submissions", "readonly"),
        _mount(given.out.resolve(), "/marks"),
        IMAGE,
    ]
    limits = [f"--seconds={given.seconds}", f"--memory={given.memory}"]
    limits += [f"--processes={given.processes}", f"--workers={given.workers}"]
    return [*run, inside, "/submissions", "--out=/marks", *limits]


def _mount(source: Path, target: str, *more: str) -> str:
    """Return an option; its value is a line of CSV, since a path may hold a comma."""
    quoted = str(source).replace('"', '""')
    return f'--mount=type=bind,"source={quoted}",' + ",".join([f"target={target}", *more])
