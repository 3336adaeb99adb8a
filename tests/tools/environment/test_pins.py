"""Everything is pinned exactly, each chosen pin has its reason, and the pins are what is here."""

import json
import subprocess
import sys
import tomllib
from functools import cache
from itertools import chain

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools.environment import pins, set_up
from tools.paths import PYPROJECT, REQUIREMENTS, REQUIREMENTS_OF_ASSIGNMENTS, VENV_OF_ASSIGNMENTS

PYTHONS = {
    REQUIREMENTS: sys.executable,
    REQUIREMENTS_OF_ASSIGNMENTS: set_up.python_of(VENV_OF_ASSIGNMENTS),
}
each = pytest.mark.parametrize("file", PYTHONS, ids=lambda file: file.name)


def all_of(file):
    """The requirements in both parts of a file."""
    _, frozen = pins.split(file.read_text("utf8"))
    return [Requirement(line.split("#")[0]) for line in pins.lines_with_pins(file) + frozen]


ALL = all_of(REQUIREMENTS)

# In each environment's own folder alone: setuptools brings copies of some packages, on the path
# once it is imported.
LIST = """
import json, sysconfig
from importlib import metadata
print(json.dumps([
    (d.metadata["Name"], d.version, d.metadata["Requires-Python"] or "", d.requires or [])
    for d in metadata.distributions(path=[sysconfig.get_path("purelib")])
]))
"""


@cache
def installed(file):
    """What is in the environment of a file: {name: (version, Pythons, requirements)}."""
    asked = [PYTHONS[file], "-c", LIST]
    told = subprocess.run(asked, check=True, text=True, stdout=subprocess.PIPE)
    return {canonicalize_name(name): rest for name, *rest in json.loads(told.stdout)}


def for_here(requirement, *extras):
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


def pinned_for_here(file):
    return {canonicalize_name(pin.name): pin for pin in all_of(file) if for_here(pin)}


def needed_here(file):
    """The names of all that the chosen pins bring on this Python and system, themselves too."""
    here = installed(file)
    queue = [Requirement(line.split("#")[0]) for line in pins.lines_with_pins(file)]
    seen = set()
    while queue:
        wanted = queue.pop()
        name, extras = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if (name, extras) not in seen and not name.startswith(pins.CUDA_PREFIXES):
            seen.add((name, extras))
            _, _, brought = here[name]
            queue += [r for r in map(Requirement, brought) if for_here(r, *extras)]
    return {name for name, _ in seen}


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
    names = [canonicalize_name(requirement.name) for requirement in all_of(file)]
    assert len(set(names)) == len(names)


@each
def test_the_environment_is_what_is_pinned(file):
    for name, pin in pinned_for_here(file).items():
        version, *_ = installed(file)[name]
        assert pin.specifier.contains(version), name


@each
def test_every_pin_admits_the_oldest_python_that_is_declared(file):
    oldest = Version("{}.{}.0".format(*set_up.oldest_python()))  # Debian 12 has 3.11.2
    refused = {
        name: pythons
        for name, (_, pythons, _) in installed(file).items()
        if name in pinned_for_here(file) and oldest not in SpecifierSet(pythons)
    }
    assert refused == {}


@each
def test_the_pins_for_this_python_and_system_are_all_that_the_chosen_part_brings(file):
    assert set(pinned_for_here(file)) == needed_here(file)


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("idna==3.20", "idna==3.20"),
        ("anyio==4.16.0 ; sys_platform != 'emscripten'", "anyio==4.16.0"),
        (
            "pexpect==4.9.0 ; sys_platform != 'emscripten' and sys_platform != 'win32'",
            "pexpect==4.9.0 ; sys_platform != 'win32'",
        ),
        ("cffi==2.1.1 ; implementation_name == 'pypy'", None),
        ("jsfetch==1.0 ; python_full_version >= '3.12' and sys_platform == 'emscripten'", None),
        *[(f"a==1 ; {marker}", f"a==1 ; {marker}") for marker in (
            "sys_platform == 'darwin'",
            "python_full_version < '3.15'",
            "platform_machine == 'arm64' or sys_platform != 'emscripten'",
        )],
    ],
)  # fmt: skip
def test_what_uv_says_of_other_systems_is_left_out(line, kept):
    assert pins.for_the_book(line) == kept


def test_what_windows_and_macos_need_alone_is_pinned_too():
    frozen = {pin.name: str(pin.marker) for pin in ALL}
    assert frozen["colorama"] == 'sys_platform == "win32"'
    assert frozen["appnope"] == 'sys_platform == "darwin"'


def test_what_is_chosen_in_both_files_is_the_same():
    chosen = [
        dict(line.split("#")[0].strip().split("==") for line in pins.lines_with_pins(file))
        for file in PYTHONS
    ]
    both = set(chosen[0]) & set(chosen[1])
    assert both
    assert {name: chosen[0][name] for name in both} == {name: chosen[1][name] for name in both}


@each
def test_the_environment_is_consistent(file):
    subprocess.run([PYTHONS[file], "-m", "pip", "check"], check=True, stdout=subprocess.DEVNULL)


def test_the_pins_are_within_the_declared_ranges():
    project = tomllib.loads(PYPROJECT.read_text("utf8"))["project"]
    pinned = {canonicalize_name(pin.name): pin.specifier for pin in ALL}
    extras = project["optional-dependencies"].values()
    for declared in map(Requirement, chain(project["dependencies"], *extras)):
        if declared.name != project["name"]:
            (pin,) = pinned[declared.name]
            assert declared.specifier.contains(pin.version)
