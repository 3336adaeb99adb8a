"""Everything is pinned exactly, each chosen pin has its reason, and the pins are what is here."""

import subprocess
import sys
import tomllib
from importlib import metadata
from itertools import chain

import pins
from layout import REQUIREMENTS, ROOT
from packaging.requirements import Requirement
from packaging.version import Version

CHOSEN, FROZEN = pins.split(REQUIREMENTS.read_text("utf8"))
LINES = pins.lines_with_pins() + FROZEN
ALL = [Requirement(line.split("#")[0]) for line in LINES]


def test_every_line_is_an_exact_pin():
    for requirement in ALL:
        (only,) = requirement.specifier
        assert only.operator == "=="
        assert "*" not in only.version
        assert Version(only.version).local is None, "a local build is had from one index alone"


def test_every_chosen_pin_has_its_reason():
    assert all("# " in line for line in pins.lines_with_pins())


def test_nothing_is_pinned_twice():
    names = [requirement.name.lower().replace("_", "-") for requirement in ALL]
    assert len(set(names)) == len(names)


def test_the_environment_is_what_is_pinned():
    for requirement in ALL:
        if requirement.marker is None or requirement.marker.evaluate():
            assert requirement.specifier.contains(metadata.version(requirement.name))


def test_the_frozen_part_is_all_that_the_chosen_part_brings():
    assert list(pins.brought().values()) == FROZEN


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
