"""A fact that needs a second home, in a file that is not Python, is the same in both."""

import json
import re

import pytest
import yaml

from tests.bare import run as bare
from tools import paths
from tools.book.notebooks import cell_timeout_seconds
from tools.environment.device import DEVICE_VARIABLE
from tools.environment.pyodide import NPM_PINS
from tools.environment.set_up import TRIED_PYTHONS, oldest_python

MAKEFILE = paths.ROOT / "Makefile"
CI = paths.ROOT / ".github" / "workflows" / "ci.yml"
OLDEST_PYTHON = "{}.{}".format(*oldest_python())


def test_the_makefile_names_the_folders_that_the_tools_use():
    text = MAKEFILE.read_text("utf8")
    assert f"VENV_PYTHON := {paths.VENV.name}/bin/python\n" in text
    (new,) = re.findall(r"^ASSIGNMENTS_PYTHON := \$\(subst \.venv,(\S+),", text, re.MULTILINE)
    assert new == paths.VENV_OF_ASSIGNMENTS.name
    assert f"--directory {paths.HTML.relative_to(paths.ROOT).as_posix()}\n" in text
    assert f"rm -rf {paths.HTML.parent.name} {paths.CACHE.name}\n" in text


def test_git_ignores_what_the_commands_make():
    ignored = (paths.ROOT / ".gitignore").read_text("utf8").splitlines()
    made = [paths.HTML.parent, paths.CACHE, paths.VENV, paths.VENV_OF_ASSIGNMENTS]
    for path in [*made, paths.BUILT_ASSIGNMENTS]:
        assert f"/{path.name}/" in ignored


def test_a_plain_build_gives_a_cell_as_long_as_the_commands_do():
    settings = yaml.safe_load(paths.CONFIG.read_text("utf8"))
    assert settings["execute"]["timeout"] == cell_timeout_seconds()


def test_make_the_tools_and_the_package_know_the_device_by_one_variable():
    assert f"export {DEVICE_VARIABLE} := $(DEVICE)\n" in MAKEFILE.read_text("utf8")
    assert f'os.environ.get("{DEVICE_VARIABLE}"' in (paths.PACKAGE / "train.py").read_text("utf8")
    assert f"`{DEVICE_VARIABLE}=cuda`" in (paths.BOOK / "reference" / "run.md").read_text("utf8")


def test_a_bare_debian_gets_what_the_readme_asks_for():
    (asked,) = re.findall(r"`apt install (.+?)`", (paths.ROOT / "README.md").read_text("utf8"))
    assert tuple(asked.split()) == bare.PACKAGES
    install = r"apt-get install [^\n]*\\\n\s*(.+?) >/dev/null"
    assert re.findall(install, CI.read_text("utf8")) == [asked]


def test_the_pages_name_the_pyodide_that_is_pinned():
    pinned = json.loads((NPM_PINS / "package.json").read_text("utf8"))["dependencies"]["pyodide"]
    said = re.findall(r"Pyodide (\d[\d.]*\d)", paths.CONFIG.read_text("utf8"))
    said += re.findall(
        r"Pyodide.*?version (\d[\d.]*\d)", (paths.BOOK / "reference" / "run.md").read_text("utf8")
    )
    assert said == [pinned, pinned]


def test_the_page_on_nn_dropout_names_the_pytorch_that_is_pinned():
    pins = paths.REQUIREMENTS.read_text("utf8")
    (pinned,) = re.findall(r"^torch==(\d+\.\d+)\.", pins, re.MULTILINE)
    page = (paths.BOOK / "pytorch" / "nn-dropout.ipynb").read_text("utf8")
    said = re.findall(r"What PyTorch `(\d[\d.]*)` does", page)
    said += re.findall(r"PyTorch (\d[\d.]*\d), `torch", page)
    said += re.findall(r"docs\.pytorch\.org/docs/(\d[\d.]*\d)/", page)
    assert len(said) >= 3
    assert set(said) == {pinned}


@pytest.mark.parametrize(
    "file", ["Makefile", "README.md", "book/reference/run.md", "book/instructors/assignments.md"]
)
def test_the_oldest_python_is_said_as_it_is_declared(file):
    said = re.findall(r"(\d+\.\d+) or newer", (paths.ROOT / file).read_text("utf8"))
    assert said == [OLDEST_PYTHON]


def test_the_oldest_python_is_that_of_the_pins():
    text = (paths.ROOT / "CONTRIBUTING.md").read_text("utf8")
    said = re.findall(r"declares: (\d+\.\d+)\.0, not the newest (\d+\.\d+)\.", text)
    assert said == [(OLDEST_PYTHON, OLDEST_PYTHON)]


def test_the_pythons_that_the_set_up_proposes_are_tried_in_ci():
    every = yaml.safe_load(CI.read_text("utf8"))
    tried = every["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert tried[0] == OLDEST_PYTHON
    assert [f"python{version}" for version in reversed(tried)] == list(TRIED_PYTHONS)
    weekly = yaml.safe_load(CI.with_name("versions.yml").read_text("utf8"))
    tried = weekly["jobs"]["package"]["strategy"]["matrix"]["include"]
    assert [one["python"] for one in tried if one["versions"] == "oldest"] == [OLDEST_PYTHON]
