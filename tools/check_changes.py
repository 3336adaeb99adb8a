"""Test what has changed since the last green run, in less than half a minute for one file.

Every file is compared with its state at the last run of this command or of `make test` that passed.
A changed chapter is run. For a changed module the tests are those of the same name, or of its
folder: it is the part of `make test` that the change most probably breaks, and no more.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from tools.book import execute
from tools.book.notebooks import chapters
from tools.paths import CACHE, ROOT

GREEN = CACHE / "green.json"  # the digest of every file at the last run that passed

# The tests of what no test is named after; the longest folder that fits counts.
TESTS_OF_FOLDERS = {
    "src/dropout_scaling": ["tests/test_import_laws.py"],
    "src/dropout_scaling/audit": ["tests/audit/test_audit.py"],
    "src/dropout_scaling/convert": ["tests/convert/test_convert.py"],
    "src/dropout_scaling/diagnose": ["tests/diagnose/test_diagnose.py"],
    "src/dropout_grading": ["tests/grading/test_grade.py", "tests/grading/test_better.py"],
    "src/dropout_grading/reports": ["tests/grading/test_feedback.py"],
    "src/dropout_grading/submissions": ["tests/grading/test_find.py"],
    "assignments": ["tests/grading/test_own_checks.py"],
    "tests": ["tests/test_import_laws.py"],
    "tests/grading": ["tests/grading/test_own_checks.py"],
    "tools": ["tests/tools/test_one_home.py", "tests/tools/test_run_tests.py"],
    "tools/gpu_check": ["tests/tools/test_gpu_check.py"],
    "book": ["tests/book/test_sources.py"],
    "book/dropout_site": ["tests/tools/book/test_extensions.py"],
    ".github": ["tests/tools/test_one_home.py"],
}


def digests():
    """Return {path: digest} of the files of the repository, new ones included."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    return {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in files}


def note_green(now):
    """Write down the digests ``now`` as those of a run that passed."""
    GREEN.parent.mkdir(exist_ok=True)
    GREEN.write_text(json.dumps(now))


def changed(now):
    """Return the files that differ from the last green run; all of them if there was none."""
    green = json.loads(GREEN.read_text()) if GREEN.is_file() else {}
    return sorted(name for name in now.keys() | green.keys() if now.get(name) != green.get(name))


def tests_of(name):
    """Return the tests to run for a changed file, as paths. ``name``: its path in the repository.

    A test belongs to the file if it has the file's name, without a leading underscore.
    """
    path = Path(name)
    if path.name.startswith("test_"):
        return [name] if (ROOT / name).is_file() else []  # it may have been deleted
    if path.suffix == ".py":
        files = (ROOT / "tests").rglob(f"test_{path.stem.strip('_')}.py")
        if named := sorted(file.relative_to(ROOT).as_posix() for file in files):
            return named
    folders = [f for f in TESTS_OF_FOLDERS if Path(f) in path.parents]
    return TESTS_OF_FOLDERS[max(folders, key=len)] if folders else []


def commands(names):
    """Return the commands that test the changed files ``names``, in the order of their length."""
    python, pytest = [sys.executable, "-m"], [sys.executable, "-m", "pytest", "-q"]
    run = [[*python, "ruff", "check", "--quiet"], [*python, "ruff", "format", "--check", "--quiet"]]
    pages = {path.relative_to(ROOT).as_posix(): name for name, path in chapters().items()}
    if stale := [pages[name] for name in names if name in pages]:
        run.append([*python, "tools.book.execute", str(execute.EXECUTED), *stale])
    if tests := sorted({test for name in names for test in tests_of(name)}):
        run.append([*pytest, "-n", "2", "--dist", "loadfile", *tests])
    return run


def main():
    now = digests()
    names = changed(now)
    if not names:
        return print("check: nothing has changed since the last green run")
    if not GREEN.is_file():
        sys.exit("check: no green run to compare with: run `make test` once")
    print(f"check: {len(names)} changed: {', '.join(names[:5])}{' ...' if names[5:] else ''}")
    for command in commands(names):
        print(f"--- {' '.join(command[2:])}", flush=True)
        if subprocess.run(command, cwd=ROOT).returncode:
            sys.exit("check: FAILED")
    note_green(now)
    return print("check: passed. Before you hand it on: `make test`")


if __name__ == "__main__":
    main()
