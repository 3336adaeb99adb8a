"""Test what has changed since the last green run of `make test`, in seconds.

A changed chapter is run. For a changed module the tests are those with its name, or those of its
folder: what the change most probably breaks, and not all that it can break.
"""

import os
import subprocess
import sys
from pathlib import Path

from tools import green_run, run_tests
from tools.book import execute
from tools.book.notebooks import chapters
from tools.environment import browser
from tools.paths import ROOT

# Where a file's tests have its name.
TESTED_IN = {
    "src/dropout_scaling": "tests",
    "src/dropout_grading": "tests/grading",
    "tools": "tests/tools",
}
# The tests of all other files. What is nearest to a file counts: itself, or its folder.
TESTS_OF = {
    ".": ["tests/tools/test_one_home.py"],
    ".github": ["tests/tools/test_one_home.py"],
    "_config.yml": ["tests/tools/test_one_home.py", "tests/tools/book/test_extensions.py"],
    "_toc.yml": ["tests/book/test_sources.py"],
    "assignments": ["tests/grading/test_own_checks.py"],
    "book": ["tests/book/test_sources.py"],
    "book/instructors/lecture.yml": ["tests/browser/test_slides.py"],
    "book/practice/who-is-right.ipynb": [
        "tests/book/test_sources.py",
        "tests/book/test_verdicts.py",
    ],
    "book/reference/verdicts.ipynb": [
        "tests/book/test_sources.py",
        "tests/book/test_verdicts.py",
    ],
    "book/dropout_site": ["tests/tools/book/test_extensions.py"],
    "book/dropout_site/explorables": [
        "tests/browser/test_explorables.py",
        "tests/browser/test_explorables_arithmetic.py",
    ],
    "book/dropout_site/cut_font.py": ["tests/tools/book/test_formulas.py"],
    "book/dropout_site/formulas": ["tests/tools/book/test_formulas.py"],
    "book/dropout_site/incremental": ["tests/tools/book/test_incremental.py"],
    "book/dropout_site/live": ["tests/live/test_cells.py"],
    "book/dropout_site/page_weight": ["tests/tools/book/test_page_weight.py"],
    "book/dropout_site/playground": ["tests/browser/test_playground_arithmetic.py"],
    "book/dropout_site/predictions": ["tests/browser/test_predictions.py"],
    "book/dropout_site/search": ["tests/browser/test_search.py", "tests/book/test_search_words.py"],
    "pyproject.toml": ["tests/tools/test_one_home.py", "tests/tools/environment/test_pins.py"],
    "requirements.txt": ["tests/tools/environment/test_pins.py"],
    "requirements-assignments.txt": ["tests/tools/environment/test_pins.py"],
    "src/dropout_scaling": ["tests/test_import_laws.py"],
    "src/dropout_scaling/_dropouts.py": ["tests/audit/test_watch.py", "tests/test_keyed.py"],
    "src/dropout_scaling/audit": ["tests/audit/test_audit.py", "tests/audit/test_cases.py"],
    "src/dropout_scaling/convert": ["tests/convert/test_convert.py"],
    "src/dropout_scaling/audited.json": ["tests/tools/test_wild.py"],
    "src/dropout_scaling/frameworks.json": [
        "tests/tools/test_frameworks.py",
        "tests/book/chapters/test_reference_frameworks.py",
    ],
    "src/dropout_scaling/timings.json": ["tests/book/chapters/test_reference_timings.py"],
    "src/dropout_scaling/vectors.json": ["tests/book/chapters/test_reference_timings.py"],
    "src/dropout_scaling/fast": ["tests/fast/test_fast.py"],
    "src/dropout_scaling/diagnose": ["tests/diagnose/test_diagnose.py"],
    "src/dropout_grading": ["tests/grading/test_grade.py", "tests/grading/test_better.py"],
    "src/dropout_grading/execution": [
        "tests/grading/test_grade.py",
        "tests/grading/test_in_notebook.py",
        "tests/grading/test_run_cells.py",
        "tests/grading/test_stealing.py",
    ],
    "src/dropout_grading/reports": ["tests/grading/test_feedback.py"],
    "src/dropout_grading/submissions": [
        "tests/grading/test_find.py",
        "tests/grading/test_grade.py",
    ],
    "tests": ["tests/test_import_laws.py", "tests/test_sampled.py"],
    "tests/book": ["tests/book/test_sources.py"],
    "tests/book/chapters": ["tests/book/chapters/test_pytorch_tokens.py"],
    "tests/browser": ["tests/browser/test_copy.py"],
    "tests/grading": ["tests/grading/test_own_checks.py"],
    "tests/live": ["tests/live/test_cells.py"],
    "tests/tools": ["tests/tools/book/test_execute.py"],
    "tools": ["tests/tools/test_one_home.py", "tests/tools/test_run_tests.py"],
    "tools/bench": ["tests/tools/test_bench.py"],
    "tools/book": ["tests/tools/book/test_execute.py"],
    "tools/editions": ["tests/book/test_epub.py", "tests/browser/test_pdf.py"],
    "tools/editions/lecture.py": ["tests/browser/test_slides.py"],
    "tools/editions/slides.py": ["tests/browser/test_slides.py"],
    "tools/environment": ["tests/tools/environment/test_set_up.py"],
    "tools/frameworks": ["tests/tools/test_frameworks.py"],
    "tools/gpu_check": ["tests/tools/test_gpu_check.py"],
    "tools/gradescope": ["tests/grading/test_gradescope.py"],
    "tools/wild": ["tests/audit/test_cases.py", "tests/tools/test_wild.py"],
}


def tests_of(name):
    """Return the tests to run for a changed file, as paths. ``name``: its path in the repository.

    A test has its module's name, without the module's leading underscore.
    """
    path = Path(name)
    if path.name.startswith("test_"):
        return [name] if (ROOT / name).is_file() else []  # it may have been deleted
    named = sorted(
        file.relative_to(ROOT).as_posix()
        for source, tests in TESTED_IN.items()
        if Path(source) in path.parents
        for file in (ROOT / tests).rglob(f"test_{path.stem.strip('_')}.py")
        if tests != "tests" or file.parent.name in (path.parent.name, "tests")
    )
    around = [path, *path.parents]  # from the file to the repository's root
    nearest = next(TESTS_OF[p.as_posix()] for p in around if p.as_posix() in TESTS_OF)
    return [*tests_of_chapters(name), *(named or nearest)]


def chapters_of(name):
    """Return the chapters that this file is, or to which it belongs as their laboratory."""
    files = {chapter: (path, execute.laboratory_of(path)) for chapter, path in chapters().items()}
    return [chapter for chapter, own in files.items() if ROOT / name in own]


def tests_of_chapters(name):
    """Return the tests of what the chapters of this file say, if they have some."""
    stems = (chapter.replace("/", "_").replace("-", "_") for chapter in chapters_of(name))
    tests = (f"tests/book/chapters/test_{stem}.py" for stem in stems)
    return [test for test in tests if (ROOT / test).is_file()]


def commands(names):
    """Return the commands that test the changed files ``names``, the quickest first."""
    python = [sys.executable, "-m"]
    run = [run_tests.PARTS["lint"], run_tests.PARTS["format"]]
    tests = {test for name in names for test in tests_of(name)}
    if browser.lacking():
        tests = {test for test in tests if not test.startswith("tests/browser/")}
    # A module's doctests lie in itself.
    tests |= {name for name in names if name.startswith("src/") and name.endswith(".py")}
    tests = sorted(test for test in tests if (ROOT / test).is_file())
    if any(test.startswith(tuple(run_tests.NEEDS_SITE)) for test in tests):
        run += [run_tests.PARTS["notebooks"], run_tests.PARTS["site"]]
    if stale := [chapter for name in names for chapter in chapters_of(name)]:
        run.append([*python, "tools.book.execute", str(execute.EXECUTED), *stale])
    if tests:
        run.append([*run_tests.PYTEST, "-n", "2", *run_tests.BY_FILE, *run_tests.GPU_MARKS, *tests])
    return run


def main():
    files = green_run.digests()
    if files is None:
        sys.exit("check: needs git, to see which files there are: run `make test`")
    names = green_run.changed(files)
    if names is None:
        sys.exit("check: no green run to compare with: run `make test` once")
    print(f"check: {len(names)} changed{': ' if names else ''}{', '.join(names[:5])}", flush=True)
    for command in commands(names) if names else ():
        print(f"--- {' '.join(command[2:])}", flush=True)
        if subprocess.run(command, cwd=ROOT, env=os.environ | run_tests.ONE_THREAD).returncode:
            sys.exit("check: FAILED")
    green_run.note(files)
    print("check: passed; `make test` is the whole")


if __name__ == "__main__":
    main()
