"""A fact that needs a second home, in a file that is not Python, is the same in both."""

import re

import pytest
import yaml

from tools import paths
from tools.book.notebooks import CELL_TIMEOUT_SECONDS
from tools.environment.set_up import oldest_python

MAKEFILE = paths.ROOT / "Makefile"


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
    assert settings["execute"]["timeout"] == CELL_TIMEOUT_SECONDS


@pytest.mark.parametrize(
    "file", ["Makefile", "README.md", "book/reference/run.md", "book/instructors/assignments.md"]
)
def test_the_oldest_python_is_said_as_it_is_declared(file):
    said = re.findall(r"(\d+\.\d+) or newer", (paths.ROOT / file).read_text("utf8"))
    assert said == ["{}.{}".format(*oldest_python())]


def test_the_oldest_python_is_tried_in_ci():
    workflows = paths.ROOT / ".github" / "workflows"
    oldest = "{}.{}".format(*oldest_python())
    every = yaml.safe_load((workflows / "ci.yml").read_text("utf8"))
    assert every["jobs"]["test"]["strategy"]["matrix"]["python"][0] == oldest
    weekly = yaml.safe_load((workflows / "versions.yml").read_text("utf8"))
    tried = weekly["jobs"]["package"]["strategy"]["matrix"]["include"]
    assert [one["python"] for one in tried if one["versions"] == "oldest"] == [oldest]
