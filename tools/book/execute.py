"""Run the notebooks that have changed, through nbmake, and keep their outputs for the site.

A notebook is run again when its code, the package, the pins, the Python or the device has changed;
a change of its prose runs nothing. What is kept in .cache/executed passed, whole: a failed or
interrupted run leaves nothing there.

usage: python -m tools.book.execute [FOLDER [CHAPTER ...]]      `make book` begins with it

FOLDER is another one to keep them in. If chapters are named, only they are run.
"""

import argparse
import contextlib
import hashlib
import io
import json
import os
import platform
import shutil
import sys
import time
from pathlib import Path

import nbformat

from tools.book.kernel_environment import kernel_environment
from tools.book.kernel_variants import VARIANT_VARIABLE
from tools.book.notebooks import CELL_TIMEOUT_SECONDS, chapters, code_cells, read
from tools.environment.device import DEVICE, DEVICE_VARIABLE
from tools.file_lock import locked
from tools.paths import BOOK, CACHE, MARKER, REQUIREMENTS, ROOT, SOURCE

SLOW_SECONDS = 15  # a chapter that takes longer is said to be slow; a busy machine is no fault

EXECUTED = CACHE / "executed"
RUN_FOLDER = CACHE / "run"
FORKED_KERNELS = "tools.book.forked_kernels"  # a plugin of pytest's, named to its workers too
FORKS_KERNELS = sys.platform == "linux" and DEVICE == "cpu"


def inputs_of_all():
    """The digest of what every notebook depends on."""
    digest = hashlib.sha256(f"{platform.python_version()} {DEVICE}".encode())
    files = (p for p in SOURCE.rglob("*") if p.suffix in (".py", ".json"))
    sources = sorted(p for p in files if MARKER not in p.parents)  # no chapter imports it
    for path in [REQUIREMENTS, *sources]:
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def key(path, common=None):
    """The digest of all that this notebook's outputs depend on: its prose is not among it."""
    notebook = read(path)
    code = [(cell.source, cell.metadata) for cell in code_cells(notebook)]
    text = json.dumps([common or inputs_of_all(), notebook.metadata, code], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def stored(name, store=EXECUTED):
    """The kept run of a notebook, its key and seconds in the metadata, or None."""
    try:
        return nbformat.reads((store / f"{name}.ipynb").read_text("utf8"), as_version=4)
    except (FileNotFoundError, nbformat.reader.NotJSONError, nbformat.ValidationError):
        return None


def is_fresh(name, wanted, store=EXECUTED):
    kept = stored(name, store)
    return kept is not None and kept.metadata.get("run", {}).get("key") == wanted


def keep(name, wanted, seconds, store=EXECUTED):
    """Move a passed run into the store, by one rename."""
    notebook = read(RUN_FOLDER / f"{name}.ipynb")
    for cell in code_cells(notebook):
        cell.metadata.pop("execution", None)  # the time of day: different at each run
    notebook.metadata["run"] = {"key": wanted, "seconds": round(seconds, 1)}
    target = store / f"{name}.ipynb"
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(f".{os.getpid()}.part")
    nbformat.write(notebook, partial)
    partial.replace(target)


class Progress:
    """A pytest plugin: one line as each notebook ends, and what to do with its result."""

    def __init__(self, wanted, store=EXECUTED):
        self.wanted = wanted
        self.store = store
        self.ended = {}  # name -> why it failed, "" if it did not
        self.out = sys.stdout

    def pytest_runtest_logreport(self, report):
        if report.when != "call":
            return
        name = report.nodeid.split("::")[0].removesuffix(".ipynb")
        passed = report.passed
        note = "passed" if passed else "FAILED"
        if passed and report.duration > SLOW_SECONDS:
            note = f"passed, but slow: over {SLOW_SECONDS} s"
        if passed:
            keep(name, self.wanted[name], report.duration, self.store)
        self.ended[name] = "" if passed else str(report.longrepr)
        print(f"  {report.duration:5.1f} s  {name}  {note}", file=self.out, flush=True)


def set_environment():
    """Let the kernels that this process starts be this environment's, on the device asked for."""
    home = CACHE / "home"
    home.mkdir(parents=True, exist_ok=True)
    os.environ.pop("JUPYTER_PATH", None)
    os.environ.update(kernel_environment(home))
    os.environ[DEVICE_VARIABLE] = DEVICE
    os.environ["OMP_NUM_THREADS"] = "1"  # two notebooks run at once, each on a core of its own


def run_stale(wanted, store=EXECUTED):
    """Run the notebooks of `wanted` (name -> key); return why each failed, "" if it passed."""
    shutil.rmtree(RUN_FOLDER, ignore_errors=True)
    shutil.copytree(BOOK, RUN_FOLDER, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    settings = RUN_FOLDER / "pytest.ini"
    settings.write_text("[pytest]\n")
    progress = Progress(wanted, store)
    set_environment()
    arguments = ["-c", str(settings), "-p", "no:cacheprovider", "--tb=no"]
    arguments += ["--nbmake", "--overwrite", f"--nbmake-timeout={CELL_TIMEOUT_SECONDS}"]
    if len(wanted) > 1:
        arguments += ["-n", "2", "--dist", "worksteal"]
    if FORKS_KERNELS and (len(wanted) > 1 or os.environ.get(VARIANT_VARIABLE)):
        arguments += ["-p", FORKED_KERNELS]
    arguments += [str(RUN_FOLDER / f"{name}.ipynb") for name in wanted]
    import pytest  # here, as most often nothing is to be run

    with contextlib.redirect_stdout(io.StringIO()) as said:
        pytest.main(arguments, plugins=[progress])
    shutil.rmtree(RUN_FOLDER, ignore_errors=True)
    # nbmake silently skips a path that has `_build` in it: count.
    missing = sorted(set(wanted) - set(progress.ended))
    if missing:
        report(progress.ended)
        sys.exit(f"{said.getvalue()}\nnotebooks: never run: {', '.join(missing)}")
    return progress.ended


def report(ended):
    """Print why each notebook failed, and return their names. ``ended``: {name: why, or ""}."""
    failed = sorted(name for name, why in ended.items() if why)
    for name in failed:  # at the end, where a long log still shows it
        print(f"\n{name}\n{ended[name]}\n", file=sys.stderr)
    return failed


def judge(store=EXECUTED, names=()):
    """Say how many notebooks are up to date, and return the others: {name: key}."""
    common = inputs_of_all()
    chosen = {n: p for n, p in chapters().items() if n in names or not names}
    keys = {name: key(path, common) for name, path in chosen.items()}
    stale = {name: k for name, k in keys.items() if not is_fresh(name, k, store)}
    kept = len(keys) - len(stale)
    print(f"notebooks: {kept} up to date, {len(stale)} to run on the {DEVICE}", flush=True)
    return stale


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("      ")[0])
    parser.add_argument("store", type=Path, nargs="?", default=EXECUTED)
    parser.add_argument("chapters", nargs="*")
    given = parser.parse_args()
    with locked():
        stale = judge(given.store, given.chapters)
        start = time.monotonic()
        ended = run_stale(stale, given.store) if stale else {}
    if stale:
        print(f"notebooks: {len(stale)} run in {time.monotonic() - start:.0f} s", flush=True)
    failed = report(ended)
    if failed:
        sys.exit(f"notebooks: failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
