"""Run everything that can be wrong with the book, in the order in which it is quick to find out.

Stops at the first part that fails. The last line says what ran.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from dropout_grading.execution.sandbox import isolated
from tools import green_run
from tools.environment import browser, compiler, engines, pyodide
from tools.environment.device import DEVICE, problem
from tools.environment.set_up import python_of
from tools.paths import ROOT, VENV_OF_ASSIGNMENTS

# They read the built site, so they come last.
READ_SITE = ("site", "questions_and_api", "assignments", "epub")
SITE_TESTS = [f"tests/book/test_{name}.py" for name in READ_SITE]
LIVE_TESTS = "tests/live"
BROWSER_TESTS = "tests/browser"
NEEDS_SITE = [*SITE_TESTS, LIVE_TESTS, BROWSER_TESTS]

ONE_THREAD = {"OMP_NUM_THREADS": "1"}  # for each worker
PYTEST = [sys.executable, "-m", "pytest", "-q"]
GPU_MARKS = ["-m", "gpu or not gpu"] if DEVICE == "cuda" else ["-m", "not gpu"]
# The tests of a file stay on one worker, unless tests/conftest.py spreads them: xdist's groups do
# nothing under pytest 9.2.
BY_FILE = ["--dist", "loadfile", "--no-loadscope-reorder"]
# Three workers for two cores, since many of these tests wait for a process or for a limit. A fourth
# costs more than it saves.
UNIT_ARGUMENTS = ["-n", "3", *BY_FILE, "-p", "no:playwright", *GPU_MARKS]
UNIT_ARGUMENTS += [f"--ignore={path}" for path in NEEDS_SITE]

IN_A_BROWSER = "browser checks"

ASSIGNMENTS = [str(python_of(VENV_OF_ASSIGNMENTS)), "-m", "tools.book.assignments", "--check"]

PARTS = {
    "lint": [sys.executable, "-m", "ruff", "check", "--quiet"],
    "format": [sys.executable, "-m", "ruff", "format", "--check", "--quiet"],
    "doctests and unit tests": [*PYTEST, *UNIT_ARGUMENTS],
    "notebooks": [sys.executable, "-m", "tools.book.execute"],
    "site": [sys.executable, "-m", "tools.book.build"],
    "the site's checks": [*PYTEST, "-n", "2", *BY_FILE, *SITE_TESTS, LIVE_TESTS, BROWSER_TESTS],
    "assignments": ASSIGNMENTS,
}

TOGETHER = ("site", "assignments")  # each is one process: two cores do both at once


def batches():
    """The parts in the order in which they run, each by itself but those of TOGETHER."""
    alone = {name: (name,) for name in PARTS if name not in TOGETHER[1:]}
    return list((alone | {TOGETHER[0]: TOGETHER}).values())


def left_out():
    """What cannot run here, {part: why}. In CI an exit instead: each part must run there."""
    asked = {
        IN_A_BROWSER: browser.lacking(),
        "what torch.compile makes": compiler.lacking(),
    }
    asked |= {f"checks in {engine}": why for engine, why in engines.lacking().items()}
    missing = {part: why for part, why in asked.items() if why}
    if missing and os.environ.get("CI"):
        sys.exit(f"make test: FAILED: {said(missing)}")
    # These are no failure there: a download of its own, and a kernel that may forbid bubblewrap.
    more = {"live cells in Pyodide": pyodide.prepare(), "the marker's isolation": no_sandbox()}
    more["the GPU kernel's arithmetic"] = no_triton()
    return missing | {part: why for part, why in more.items() if why}


def no_sandbox():
    if isolated():
        return None
    return "bubblewrap does not work here" if shutil.which("bwrap") else "install bubblewrap"


def no_triton():
    return None if importlib.util.find_spec("triton") else "PyTorch for CUDA brings Triton"


def said(missing):
    return "; ".join(f"{part}: NOT RUN, {why}" for part, why in missing.items())


def run(command, not_run):
    """Run a part, without what cannot run here; return its exit status."""
    if IN_A_BROWSER in not_run:
        command = [word for word in command if word != BROWSER_TESTS]
    return subprocess.run(command, cwd=ROOT, env=os.environ | ONE_THREAD).returncode


def main():
    missing = problem(DEVICE)
    if missing:
        sys.exit(missing)
    start = time.monotonic()
    files = green_run.digests()
    not_run = left_out()
    for names in batches():
        print(f"--- {' and '.join(names)}", flush=True)
        with ThreadPoolExecutor() as pool:
            ended = list(pool.map(lambda name: run(PARTS[name], not_run), names))
        if failed := [name for name, code in zip(names, ended, strict=True) if code]:
            sys.exit(f"make test: FAILED at: {', '.join(failed)}")
    green_run.note(files)  # what `make check` compares with
    gpu = "the GPU's tests too" if DEVICE == "cuda" else "without the tests marked gpu"
    took = f"{time.monotonic() - start:.0f} s on the {DEVICE}, {gpu}"
    print("; ".join(filter(None, [f"make test: passed: {', '.join(PARTS)}", took, said(not_run)])))


if __name__ == "__main__":
    main()
