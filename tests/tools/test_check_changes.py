"""`make check` knows the tests of every file, and what has changed since the last green run."""

from collections import Counter

import pytest

from tools import check_changes, green_run, run_tests
from tools.book.notebooks import chapters
from tools.paths import ROOT

SUFFIXES = {".py", ".ipynb", ".md", ".js", ".css", ".html", ".yml", ".bib"}
FOLDERS = ("src", "tools", "tests", "book", "assignments", ".github")
FILES = [p for folder in FOLDERS for p in (ROOT / folder).rglob("*") if p.suffix in SUFFIXES]
FILES += [p for p in ROOT.iterdir() if p.is_file()]
NAMES = sorted(path.relative_to(ROOT).as_posix() for path in FILES)
TESTS = sorted(name for name in NAMES if name.rpartition("/")[2].startswith("test_"))


def test_there_are_files_and_no_two_tests_have_one_name():
    assert {"src/dropout_scaling/masks.py", "Makefile", "book/index.ipynb"} <= set(NAMES)
    # pytest takes two files of one name for one module.
    assert max(Counter(name.rpartition("/")[2] for name in TESTS).values()) == 1


def test_each_file_has_tests_and_they_are_there():
    tests = {name: check_changes.tests_of(name) for name in NAMES}
    assert [name for name in NAMES if not tests[name]] == []
    gone = {test for of_one in tests.values() for test in of_one if not (ROOT / test).is_file()}
    assert {name: of_one for name, of_one in tests.items() if gone & set(of_one)} == {}


@pytest.mark.parametrize("name", check_changes.TESTS_OF)
def test_what_is_listed_is_there(name):
    assert (ROOT / name).exists()


@pytest.mark.parametrize(
    ("name", "test"),
    [
        ("src/dropout_scaling/masks.py", "tests/test_masks.py"),
        ("src/dropout_scaling/reference.py", "tests/test_reference.py"),
        ("src/dropout_scaling/diagnose/_chance.py", "tests/diagnose/test_chance.py"),
        ("src/dropout_scaling/diagnose/_verdict.py", "tests/diagnose/test_diagnose.py"),
        ("src/dropout_grading/reports/tables.py", "tests/grading/test_feedback.py"),
        ("tools/book/seeds.py", "tests/tools/book/test_seeds.py"),
        ("tests/test_masks.py", "tests/test_masks.py"),
        ("requirements.txt", "tests/tools/environment/test_pins.py"),
        ("README.md", "tests/tools/test_one_home.py"),
    ],
)
def test_they_have_its_name_or_are_those_of_what_is_nearest(name, test):
    assert check_changes.tests_of(name) == [test]


@pytest.mark.parametrize(
    ("name", "of_all"),
    [
        ("book/pytorch/mc-dropout.ipynb", "tests/book/test_sources.py"),
        ("src/dropout_scaling/lab/mc_dropout.py", "tests/test_import_laws.py"),
    ],
)
def test_a_chapter_and_its_laboratory_have_the_tests_of_what_it_says(name, of_all):
    of_its_own = "tests/book/chapters/test_pytorch_mc_dropout.py"
    assert check_changes.tests_of(name) == [of_its_own, of_all]


def test_a_benchmark_is_not_tested_by_what_tests_the_package():
    assert "tests/test_fast.py" not in check_changes.tests_of("tools/bench/fast.py")


@pytest.fixture
def lacking(monkeypatch):
    """What is missing of a browser: nothing, or what a test appends. To ask takes a second."""
    missing = []
    monkeypatch.setattr(check_changes.browser, "lacking", lambda: "".join(missing))
    return missing


def test_a_changed_chapter_is_run_and_its_source_is_tested(lacking):
    name = next(iter(chapters()))
    *_, run, tests = check_changes.commands([f"book/{name}.ipynb"])
    assert run[-1] == name
    assert tests[-1] == "tests/book/test_sources.py"


def test_the_chapter_of_a_changed_laboratory_is_run(lacking):
    *_, run, _ = check_changes.commands(["src/dropout_scaling/lab/mc_dropout.py"])
    assert run[-1] == "pytorch/mc-dropout"


def test_a_changed_module_is_run_for_its_doctests_too(lacking):
    name = "src/dropout_scaling/masks.py"
    assert check_changes.commands([name])[-1][-2:] == [name, "tests/test_masks.py"]


def test_what_needs_a_browser_is_run_where_there_is_one(lacking):
    name = "tests/browser/test_copy.py"
    assert check_changes.commands([name])[-1][-1] == name
    lacking.append("no browser")
    assert all(name not in command for command in check_changes.commands([name]))


def test_what_needs_the_site_comes_after_a_build(lacking):
    commands = check_changes.commands(["book/dropout_site/live/worker.js"])
    assert commands[-2] == run_tests.PARTS["site"]
    assert commands[-1][-1] == "tests/live/test_cells.py"


def test_what_differs_from_the_last_green_run_is_new_changed_or_gone(monkeypatch, tmp_path):
    monkeypatch.setattr(green_run, "GREEN", tmp_path / "cache" / "green.json")
    assert green_run.changed({"a": "1"}) is None
    green_run.note(None)  # without git nothing is noted
    assert green_run.changed({"a": "1"}) is None
    green_run.note({"same": "1", "changed": "1", "gone": "1"})
    now = {"same": "1", "changed": "2", "new": "1"}
    assert green_run.changed(now) == ["changed", "gone", "new"]


def test_without_git_or_a_green_run_it_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(green_run, "GREEN", tmp_path / "green.json")
    with pytest.raises(SystemExit, match="no green run to compare with: run `make test` once"):
        check_changes.main()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert green_run.digests() is None
    with pytest.raises(SystemExit, match="needs git"):
        check_changes.main()
