"""Everything is pinned exactly, each chosen pin has its reason, and the pins are what is here."""

import json
import subprocess
import sys
import tomllib
from importlib import metadata
from itertools import chain

import pins
import pytest
import setup_env
from layout import REQUIREMENTS, REQUIREMENTS_OF_ASSIGNMENTS, ROOT
from packaging.requirements import Requirement
from packaging.version import Version

PYTHONS = {
    REQUIREMENTS: sys.executable,
    REQUIREMENTS_OF_ASSIGNMENTS: setup_env.python_of(setup_env.ASSIGNMENTS),
}
each = pytest.mark.parametrize("file", PYTHONS, ids=lambda file: file.name)


def all_of(file):
    """The requirements in both parts of a file."""
    _, frozen = pins.split(file.read_text("utf8"))
    return [Requirement(line.split("#")[0]) for line in pins.lines_with_pins(file) + frozen]


ALL = all_of(REQUIREMENTS)


@each
def test_every_line_is_an_exact_pin(file):
    for requirement in all_of(file):
        (only,) = requirement.specifier
        assert only.operator == "=="
        assert "*" not in only.version
        assert Version(only.version).local is None, "a local build is had from one index alone"


@each
def test_every_chosen_pin_has_its_reason(file):
    assert all("# " in line for line in pins.lines_with_pins(file))


@each
def test_nothing_is_pinned_twice(file):
    names = [requirement.name.lower().replace("_", "-") for requirement in all_of(file)]
    assert len(set(names)) == len(names)


def test_the_environment_is_what_is_pinned():
    for requirement in ALL:
        if requirement.marker is None or requirement.marker.evaluate():
            assert requirement.specifier.contains(metadata.version(requirement.name))


@each
def test_the_frozen_part_is_all_that_the_chosen_part_brings(file):
    asked = [PYTHONS[file], pins.__file__, "--of-this-environment", file]
    told = subprocess.run(asked, check=True, text=True, stdout=subprocess.PIPE)
    _, frozen = pins.split(file.read_text("utf8"))
    assert list(json.loads(told.stdout).values()) == frozen


def test_what_is_chosen_in_both_files_is_the_same():
    chosen = [
        dict(line.split("#")[0].strip().split("==") for line in pins.lines_with_pins(file))
        for file in PYTHONS
    ]
    both = set(chosen[0]) & set(chosen[1])
    assert both
    assert {name: chosen[0][name] for name in both} == {name: chosen[1][name] for name in both}


def test_the_environment_is_consistent():
    subprocess.run([sys.executable, "-m", "pip", "check"], check=True, stdout=subprocess.DEVNULL)


def test_the_pins_are_within_the_declared_ranges():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
    pinned = {requirement.name: requirement.specifier for requirement in ALL}
    extras = project["optional-dependencies"].values()
    for declared in map(Requirement, chain(project["dependencies"], *extras)):
        if declared.name != project["name"]:
            (pin,) = pinned[declared.name]
            assert declared.specifier.contains(pin.version)
