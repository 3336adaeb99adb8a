"""Whatever keeps the browser from starting is said in one line, with the cure."""

import pytest

from tools.environment import browser

LIBRARY = "{}: error while loading shared libraries: {}: cannot open shared object file"


@pytest.fixture(scope="module")
def driver():
    """Playwright's own Node.js: it is started for the tests that need it, not by each worker."""
    if browser.complaint_of_driver() is not None:
        pytest.skip("Playwright's own Node.js does not start")


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Make a program, the only one on the path, that writes a line to stderr and fails."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))

    def make(name, words):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 127\n")
        path.chmod(0o755)
        return path

    return make


def line(words):
    assert "\n" not in words
    return words


@pytest.mark.parametrize("words", ["node: cannot be executed", ""])
@pytest.mark.parametrize("there", [False, True])
def test_a_driver_that_does_not_start_is_no_browser(program, monkeypatch, words, there, capfd):
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", str(program("node", words)))
    if there:
        program("chromium", "")
    said = line(browser.lacking())
    assert said.startswith("Playwright's own Node.js does not start: ")
    assert (words or "it does not say why") in said
    assert ("then install chromium" in said) != there
    assert capfd.readouterr() == ("", "")


def test_a_driver_without_libatomic_has_its_package_named(program, monkeypatch):
    words = LIBRARY.format("node", "libatomic.so.1")
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", str(program("node", words)))
    assert "install libatomic1 (" in line(browser.lacking())


def test_a_browser_that_is_not_there_is_named(driver, program):
    assert line(browser.lacking()).startswith("install chromium, or run `.venv/bin/playwright ")


def test_a_browser_that_does_not_start_is_no_browser(driver, program):
    path = program("chromium", LIBRARY.format("chromium", "libnss3.so"))
    assert line(browser.lacking()) == f"{path} does not start: install the library libnss3.so"


def test_playwrights_own_browser_without_its_libraries_has_the_command_named():
    words = "Host system is missing dependencies to run browsers.\nMissing libraries:\n libnss3.so"
    assert "playwright install-deps chromium" in line(browser.remedy(words))
