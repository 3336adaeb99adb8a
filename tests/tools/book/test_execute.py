"""A notebook runs again when it must, and only then; a failure is loud and leaves nothing."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tools.book import execute


@pytest.fixture
def key(clone, monkeypatch):
    """The key of the clone's notebook, computed anew at each call."""
    paths = {"ROOT": "", "SOURCE": "src", "REQUIREMENTS": "requirements.txt", "LAB": "src/lab"}
    for name, path in paths.items():
        monkeypatch.setattr(execute, name, clone.root / path)
    return lambda: execute.key(clone.root / "book" / "page.ipynb")


def test_prose_does_not_change_the_key(clone, key):
    before = key()
    clone.write_notebook("Other prose.", "print(1)")
    other = key()
    clone.write_notebook("And other prose again.", "print(1)")
    assert key() == other != before


@pytest.mark.parametrize(
    "file",
    ["src/module.py", "src/new.py", "src/numbers.json", "src/lab/page.py", "requirements.txt"],
)
def test_the_package_and_the_pins_change_the_key(clone, key, file):
    before = key()
    clone.write(file, "CONSTANT = 2\n")
    assert key() != before


def test_the_laboratory_of_another_chapter_does_not_change_the_key(clone, key):
    before = key()
    clone.write("src/lab/another.py", "CONSTANT = 2\n")
    assert key() == before


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


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_an_interrupt_ends_the_run_and_its_kernels(clone):
    (clone.root / "book" / "page.ipynb").unlink()
    for name in ("one", "two"):
        write = "import os, pathlib, time\npathlib.Path('started').write_text(str(os.getpid()))"
        clone.write_notebook("Long.", f"{write}\ntime.sleep(600)", name=f"{name}/page")
    command = [sys.executable, "-m", "tools.book.execute"]
    running = subprocess.Popen(command, cwd=clone.root, start_new_session=True)
    files = [clone.root / ".cache" / "run" / name / "started" for name in ("one", "two")]
    wait_until(lambda: all(file.is_file() and file.read_text() for file in files))
    kernels = [int(file.read_text()) for file in files]
    running.send_signal(signal.SIGINT)
    assert running.wait(60) == 130
    wait_until(lambda: not any(map(alive, kernels)))
    assert clone.kept() == []


def wait_until(holds, seconds=120):
    for _ in range(10 * seconds):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("waited in vain")


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_run_that_is_kept_is_not_repeated(built):
    assert "notebooks: 1 up to date, 0 to run" in built.run("book.execute").stdout


def test_a_broken_kept_run_is_repeated(clone):
    store = clone.root / "store"
    clone.write("store/page.ipynb", '{"cells": [')
    assert execute.stored("page", store) is None
    assert not execute.is_fresh("page", "key", store)


@pytest.mark.parametrize(("seconds", "slow"), [(19, False), (21, True)])
def test_a_slow_notebook_passes_and_says_so(capsys, seconds, slow):
    execute.note("page", seconds, "")
    said = capsys.readouterr().out
    assert "passed" in said
    assert ("slow: over 20 s" in said) == slow
