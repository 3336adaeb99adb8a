"""What the bare machines are told of this one: how packages are had, and no more."""

import subprocess
from types import SimpleNamespace

import pytest
import run

CONFIG = (
    ":env:.timeout='9'\nglobal.index-url='file://{0}/simple'\nglobal.find-links='{0}/a\\n{0}/b'\n"
)


@pytest.fixture
def pip(tmp_path, monkeypatch):
    """A folder with an index and wheels, named by pip's settings here; beside it this project."""
    for name in ("simple", "a", "b"):
        (tmp_path / name).mkdir()
    told = SimpleNamespace(stdout=CONFIG.format(tmp_path))
    monkeypatch.setattr(run, "subprocess", SimpleNamespace(run=lambda *_, **__: told))
    for name in filter(run.HANDED_ON.fullmatch, run.os.environ):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_TIMEOUT", "9")
    monkeypatch.setenv("https_proxy", "http://proxy:8080")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


def test_pips_settings_and_the_proxy_are_handed_on_and_nothing_else(pip):
    assert run.settings() == {
        "PIP_TIMEOUT": "9",
        "PIP_INDEX_URL": f"file://{pip}/simple",
        "PIP_FIND_LINKS": f"{pip}/a {pip}/b",
        "https_proxy": "http://proxy:8080",
    }


def test_the_folders_that_they_name_are_seen_there_an_index_with_its_files(pip):
    env = run.settings()
    assert run.folders(env) == [pip, pip / "a", pip / "b"]
    assert run.folders({"PIP_INDEX_URL": "https://packages.invalid/simple"}) == []


def test_the_mirror_is_the_one_of_apt_or_the_one_that_is_named(monkeypatch):
    told = SimpleNamespace(stdout="http://mirror.invalid/debian\nhttp://other.invalid/debian\n")
    monkeypatch.delenv("MIRROR", raising=False)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: told)
    assert run.mirror() == ["http://mirror.invalid/debian"]
    monkeypatch.setenv("MIRROR", "http://mine.invalid")
    assert run.mirror() == ["http://mine.invalid"]


def test_another_release_is_refused():
    with pytest.raises(SystemExit, match="no release 11"):
        run.main(["11", "12"])
