"""An engine counts as there only if all of its programs start."""

import pytest

from tools.environment import engines


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Make a program, the only ones on the path, that ends with a status."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def make(name, status=0):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\nexit {status}\n")
        path.chmod(0o755)

    return make


def test_what_is_not_there_is_named_with_its_package(program):
    assert engines.lacking() == {
        "Firefox": "install firefox-esr",
        "WebKit": "install webkit2gtk-driver and xvfb",
    }
    program("WebKitWebDriver")
    assert engines.lacking()["WebKit"] == "install xvfb"


@pytest.mark.parametrize("name", ["firefox", "firefox-esr"])
def test_what_starts_is_lacking_nothing(program, name):
    for each in (name, "WebKitWebDriver", "Xvfb"):
        program(each)
    assert engines.lacking() == {}


def test_what_does_not_start_is_lacking(program):
    program("firefox", 127)
    assert "Firefox" in engines.lacking()
