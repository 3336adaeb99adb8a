"""Run everything that can be wrong with the book, in the order in which it is quick to find out.

Stops at the first part that fails. The last line says what ran.
"""

import os
import subprocess
import sys
import time

from check_device import problem
from layout import ROOT
from setup_env import ASSIGNMENTS, python_of

DEVICE = os.environ.get("DROPOUT_SCALING_DEVICE", "cpu")
# They read the built site, so they come last.
SITE_TESTS = [f"tests/book/test_{name}.py" for name in ("site", "reference", "assignments")]

# Two workers on two cores: one thread each.
PYTEST = [sys.executable, "-m", "pytest", "-q"]
GPU = ["-m", "gpu or not gpu"] if DEVICE == "cuda" else ["-m", "not gpu"]

PARTS = {
    "lint": [sys.executable, "-m", "ruff", "check", "--quiet"],
    "format": [sys.executable, "-m", "ruff", "format", "--check", "--quiet"],
    "doctests and unit tests": [*PYTEST, "-n", "2", *GPU, *(f"--ignore={f}" for f in SITE_TESTS)],
    "notebooks": [sys.executable, "tools/execute.py"],
    "site": [sys.executable, "tools/build_book.py"],
    "site checks": [*PYTEST, *SITE_TESTS],
    "assignments": [str(python_of(ASSIGNMENTS)), "tools/assignments.py", "--check"],
}


def main():
    missing = problem(DEVICE)
    if missing:
        sys.exit(missing)
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    start = time.monotonic()
    for name, command in PARTS.items():
        print(f"--- {name}", flush=True)
        if subprocess.run(command, cwd=ROOT, env=env).returncode:
            sys.exit(f"make test: FAILED at: {name}")
    gpu = "the GPU's tests too" if DEVICE == "cuda" else "without the tests marked gpu"
    took = f"{time.monotonic() - start:.0f} s on the {DEVICE}, {gpu}"
    print(f"make test: passed: {', '.join(PARTS)}; {took}")


if __name__ == "__main__":
    main()
