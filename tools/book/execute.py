"""Run the notebooks that have changed, through nbmake, and keep their outputs for the site.

A notebook is run again when its code, the package, the pins, the Python or the device has changed.
A change of its prose runs nothing, nor does one of another chapter's laboratory. What is kept in
.cache/executed passed, whole: a failed or interrupted run leaves nothing there.

usage: python -m tools.book.execute [FOLDER [CHAPTER ...]]      `make book` begins with it

FOLDER is another one to keep them in. If chapters are named, only they are run.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tools.book.kernel_environment import kernel_environment
from tools.book.kernel_variants import VARIANT_VARIABLE
from tools.book.notebooks import cell_timeout_seconds, chapters, code_cells, read
from tools.environment.device import DEVICE, DEVICE_VARIABLE
from tools.file_lock import locked
from tools.paths import BOOK, CACHE, LAB, MARKER, REQUIREMENTS, ROOT, SOURCE

AT_ONCE = 3  # on two cores: while one kernel starts or ends, two compute
SLOW_SECONDS = 20  # a chapter that takes longer is said to be slow; a busy machine is no fault

EXECUTED = CACHE / "executed"
RUN_FOLDER = CACHE / "run"
FORKS_KERNELS = sys.platform == "linux" and DEVICE == "cpu"


def inputs_of_all():
    """The digest of what every notebook depends on."""
    digest = hashlib.sha256(f"{platform.python_version()} {DEVICE}".encode())
    files = (p for p in SOURCE.rglob("*") if p.suffix in (".py", ".json"))
    # No chapter imports the marker, and each its own laboratory alone.
    sources = sorted(p for p in files if not {MARKER, LAB} & set(p.parents))
    for path in [REQUIREMENTS, *sources]:
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def laboratory_of(path):
    """The module that trains and draws for this notebook, if it has one."""
    return LAB / f"{path.stem.replace('-', '_')}.py"


def key(path, common=None):
    """The digest of all that this notebook's outputs depend on: its prose is not among it."""
    notebook = read(path)
    code = [(cell.source, cell.metadata) for cell in code_cells(notebook)]
    laboratory = laboratory_of(path)
    own = laboratory.read_text("utf8") if laboratory.is_file() else ""
    text = json.dumps([common or inputs_of_all(), notebook.metadata, code, own], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def stored(name, store=EXECUTED):
    """The kept run of a notebook, its key and seconds in the metadata, or None."""
    import nbformat  # here and below, as a copy of a process imports this module again

    try:
        return nbformat.reads((store / f"{name}.ipynb").read_text("utf8"), as_version=4)
    except (FileNotFoundError, nbformat.reader.NotJSONError, nbformat.ValidationError):
        return None


def is_fresh(name, wanted, store=EXECUTED):
    kept = stored(name, store)
    return kept is not None and kept.metadata.get("run", {}).get("key") == wanted


def keep(notebook, name, wanted, seconds, store=EXECUTED):
    """Write a passed run into the store, in its place by one rename."""
    import nbformat

    for cell in code_cells(notebook):
        cell.metadata.pop("execution", None)  # the time of day: different at each run
    notebook.metadata["run"] = {"key": wanted, "seconds": round(seconds, 1)}
    target = store / f"{name}.ipynb"
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(f".{os.getpid()}.part")
    nbformat.write(notebook, partial)
    partial.replace(target)


def run(name):
    """Run a notebook through nbmake; return it, its seconds, and why it failed, or ""."""
    from nbclient.exceptions import DeadKernelError
    from nbmake.nb_run import NotebookRun

    start = time.monotonic()
    try:
        result = NotebookRun(RUN_FOLDER / f"{name}.ipynb", cell_timeout_seconds()).execute()
    except DeadKernelError as error:
        return None, time.monotonic() - start, str(error) or repr(error)
    why = f"{result.error.summary}\n{result.error.trace}" if result.error else ""
    return result.nb, time.monotonic() - start, why


def note(name, seconds, why):
    """Print a line as a notebook ends."""
    said = "FAILED" if why else "passed"
    if not why and seconds > SLOW_SECONDS:
        said = f"passed, but slow: over {SLOW_SECONDS} s"
    print(f"  {seconds:5.1f} s  {name}  {said}", flush=True)


def set_environment():
    """Let the kernels that this process starts be this environment's, on the device asked for."""
    home = CACHE / "home"
    profile = home / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    # Else each kernel warns that it is reached without encryption: from this machine alone.
    (profile / "ipython_kernel_config.json").write_text('{"IPKernelApp": {"log_level": 40}}')
    os.environ.pop("JUPYTER_PATH", None)
    os.environ.update(kernel_environment(home))
    os.environ[DEVICE_VARIABLE] = DEVICE
    os.environ["OMP_NUM_THREADS"] = "1"  # several notebooks run at once


def run_stale(wanted, store=EXECUTED):
    """Run the notebooks of `wanted` (name -> key); return why each failed, "" if it passed."""
    shutil.rmtree(RUN_FOLDER, ignore_errors=True)
    shutil.copytree(BOOK, RUN_FOLDER, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    set_environment()
    if FORKS_KERNELS and (len(wanted) > 1 or os.environ.get(VARIANT_VARIABLE)):
        from tools.book import forked_kernels

        forked_kernels.use()
    ended = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = {pool.submit(run, name): name for name in wanted}
        try:
            for future in as_completed(running):
                name, (notebook, seconds, why) = running[future], future.result()
                if not why:
                    keep(notebook, name, wanted[name], seconds, store)
                note(name, seconds, why)
                ended[name] = why
        except KeyboardInterrupt:
            os._exit(130)  # kernels end with this process; to leave the pool would wait for them
    shutil.rmtree(RUN_FOLDER, ignore_errors=True)
    return ended


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
