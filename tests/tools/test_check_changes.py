"""`make check` knows the tests of every file, and what has changed since the last green run."""

import subprocess

import pytest

from tools import check_changes
from tools.book.notebooks import chapters
from tools.paths import ROOT

LISTED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout
CODE = [name for name in LISTED.splitlines() if name.endswith(".py") and (ROOT / name).is_file()]


@pytest.mark.parametrize("name", [*CODE, "book/index.ipynb", "book/reference/run.md"])
def test_each_file_has_tests_and_they_are_there(name):
    tests = check_changes.tests_of(name)
    assert tests
    assert all((ROOT / test).is_file() for test in tests)


@pytest.mark.parametrize(
    ("name", "test"),
    [
        ("src/dropout_scaling/masks.py", "tests/test_masks.py"),
        ("src/dropout_scaling/diagnose/_chance.py", "tests/diagnose/test_chance.py"),
        ("src/dropout_scaling/diagnose/_verdict.py", "tests/diagnose/test_diagnose.py"),
        ("src/dropout_grading/reports/tables.py", "tests/grading/test_feedback.py"),
        ("tests/test_masks.py", "tests/test_masks.py"),
    ],
)
def test_they_are_those_of_its_name_or_else_of_its_nearest_folder(name, test):
    assert check_changes.tests_of(name) == [test]


def test_a_changed_chapter_is_run_and_its_source_is_tested():
    name = next(iter(chapters()))
    *_, run, tests = check_changes.commands([f"book/{name}.ipynb"])
    assert run[-1] == name
    assert tests[-1] == "tests/book/test_sources.py"


def test_what_differs_from_the_last_green_run_is_new_changed_or_gone(monkeypatch, tmp_path):
    monkeypatch.setattr(check_changes, "GREEN", tmp_path / "cache" / "green.json")
    assert check_changes.changed({"a": "1"}) == ["a"]
    check_changes.note_green({"same": "1", "changed": "1", "gone": "1"})
    assert check_changes.changed({"same": "1", "changed": "2", "new": "1"}) == [
        "changed",
        "gone",
        "new",
    ]
