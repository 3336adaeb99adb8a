"""Run everything that can be wrong with the book, in the order in which it is quick to find out.

Stops at the first part that fails. The last line says what ran.
"""

import os
import subprocess
import sys
import time

import live_runtime
from browser import chromium
from check_device import problem
from layout import ROOT
from setup_env import ASSIGNMENTS, python_of

DEVICE = os.environ.get("DROPOUT_SCALING_DEVICE", "cpu")
# They read the built site, so they come last.
SITE_TESTS = [f"tests/book/test_{name}.py" for name in ("site", "reference", "assignments")]
LATER = [*SITE_TESTS, "tests/browser", "tests/live"]
BROWSER = "browser"
NO_BROWSER = (
    "browser checks NOT RUN: install chromium or run `.venv/bin/playwright install chromium`"
)

# Two workers on two cores: one thread each.
PYTEST = [sys.executable, "-m", "pytest", "-q"]
GPU = ["-m", "gpu or not gpu"] if DEVICE == "cuda" else ["-m", "not gpu"]
WORKERS = ["-n", "2", "--dist", "loadgroup"]
UNITS = [*WORKERS, "-p", "no:playwright", *GPU, *(f"--ignore={path}" for path in LATER)]

PARTS = {
    "lint": [sys.executable, "-m", "ruff", "check", "--quiet"],
    "format": [sys.executable, "-m", "ruff", "format", "--check", "--quiet"],
    "doctests and unit tests": [*PYTEST, *UNITS],
    "notebooks": [sys.executable, "tools/execute.py"],
    "site": [sys.executable, "tools/build_book.py"],
    "site checks": [*PYTEST, "-p", "no:playwright", *SITE_TESTS],
    "live cells": [*PYTEST, "tests/live"],
    BROWSER: [*PYTEST, *WORKERS, "tests/browser"],
    "assignments": [str(python_of(ASSIGNMENTS)), "tools/assignments.py", "--check"],
}


def without_browser(parts, ci):
    """The parts that can run without a browser, or an exit in CI, where each must run."""
    if ci:
        sys.exit(f"make test: FAILED: {NO_BROWSER}")
    return {name: command for name, command in parts.items() if name != BROWSER}


def main():
    missing = problem(DEVICE)
    if missing:
        sys.exit(missing)
    browser = chromium()
    parts = PARTS if browser else without_browser(PARTS, ci=os.environ.get("CI"))
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    start = time.monotonic()
    lacking = live_runtime.prepare()
    for name, command in parts.items():
        print(f"--- {name}", flush=True)
        if subprocess.run(command, cwd=ROOT, env=env).returncode:
            sys.exit(f"make test: FAILED at: {name}")
    gpu = "the GPU's tests too" if DEVICE == "cuda" else "without the tests marked gpu"
    took = f"{time.monotonic() - start:.0f} s on the {DEVICE}, {gpu}"
    not_run = "" if browser else f"; {NO_BROWSER}"
    if lacking:
        not_run += f"; live cells in Pyodide: NOT RUN, {lacking}"
    print(f"make test: passed: {', '.join(parts)}; {took}{not_run}")


if __name__ == "__main__":
    main()
