"""A notebook runs again when it must, and only then; a failure is loud and leaves nothing."""

from types import SimpleNamespace

import pytest

from tools.book import execute


@pytest.fixture
def key(clone, monkeypatch):
    """The key of the clone's notebook, computed anew at each call."""
    for name, path in {"ROOT": "", "SOURCE": "src", "REQUIREMENTS": "requirements.txt"}.items():
        monkeypatch.setattr(execute, name, clone.root / path)
    return lambda: execute.key(clone.root / "book" / "page.ipynb")


def test_prose_does_not_change_the_key(clone, key):
    before = key()
    clone.write_notebook("Other prose.", "print(1)")
    other = key()
    clone.write_notebook("And other prose again.", "print(1)")
    assert key() == other != before


@pytest.mark.parametrize(
    "file", ["src/module.py", "src/new.py", "src/numbers.json", "requirements.txt"]
)
def test_the_package_and_the_pins_change_the_key(clone, key, file):
    before = key()
    clone.write(file, "CONSTANT = 2\n")
    assert key() != before


def test_the_device_changes_the_key(key, monkeypatch):
    before = key()
    monkeypatch.setattr(execute, "DEVICE", "cuda")
    assert key() != before


def test_a_failed_notebook_fails_the_run_and_keeps_nothing(clone):
    clone.write_notebook("Wrong.", "x = 1", "assert x == 2, 'the cause'", name="wrong")
    ended = clone.run("book.execute")
    assert ended.returncode != 0
    assert "assert x == 2" in ended.stderr
    assert "the cause" in ended.stderr
    assert "notebooks: failed: wrong" in ended.stderr
    assert clone.kept() == ["page.ipynb"]


def test_a_notebook_that_nbmake_skips_is_a_failure(tmp_path):
    from small_repository import Clone

    ended = Clone.fresh(tmp_path / "_build" / "clone").run("book.execute")
    assert ended.returncode != 0
    assert "never run: page" in ended.stderr


def test_a_run_that_is_kept_is_not_repeated(built):
    assert "notebooks: 1 up to date, 0 to run" in built.run("book.execute").stdout


def test_a_broken_kept_run_is_repeated(clone):
    store = clone.root / "store"
    clone.write("store/page.ipynb", '{"cells": [')
    assert execute.stored("page", store) is None
    assert not execute.is_fresh("page", "key", store)


@pytest.mark.parametrize(("seconds", "slow"), [(14, False), (16, True)])
def test_a_slow_notebook_passes_and_says_so(monkeypatch, capsys, seconds, slow):
    kept = []
    monkeypatch.setattr(execute, "keep", lambda *run: kept.append(run))
    progress = execute.Progress({"page": "key"})
    progress.out = None
    report = SimpleNamespace(
        when="call", nodeid="page.ipynb::", duration=seconds, passed=True, failed=False
    )
    progress.pytest_runtest_logreport(report)
    assert progress.ended == {"page": ""}
    assert kept == [("page", "key", seconds, execute.EXECUTED)]
    assert ("slow: over 15 s" in capsys.readouterr().out) == slow
