"""Freeze again, in both files of requirements, what the chosen pins bring.

usage: pins.py [default|cpu]      which build of PyTorch to resolve with

For each: installs the chosen pins, and nothing else, into a fresh environment under .cache, and
writes the versions that pip took below the line in the file that begins FROZEN.
"""

import json
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import setup_env
from layout import CACHE, REQUIREMENTS, REQUIREMENTS_OF_ASSIGNMENTS

FROZEN = "# --- frozen"
ENVIRONMENT = CACHE / "pins"

# The Pythons and systems that one requirements.txt is for.
PYTHONS = ("3.11.0", "3.12.0", "3.13.0")
SYSTEMS = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}


def split(text):
    """A file of requirements as two lists of lines: chosen, with the dividing line, and frozen."""
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(FROZEN))
    return lines[: at + 1], lines[at + 1 :]


def resolve(torch, file):
    """Install the chosen pins by themselves; return pip's report on every package there."""
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    setup_env.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], f"could not make {ENVIRONMENT}")
    python = ENVIRONMENT / setup_env.PYTHON.relative_to(setup_env.VENV)
    chosen, _ = split(file.read_text("utf8"))
    alone = ENVIRONMENT / "chosen.txt"
    alone.write_text("\n".join(chosen) + "\n", "utf8")
    setup_env.pip(*setup_env.pinned(torch, alone), python=python)
    freeze = [str(python), __file__, "--of-this-environment", str(file)]
    answer = subprocess.run(freeze, check=True, text=True, stdout=subprocess.PIPE)
    return json.loads(answer.stdout)


def brought(file):
    """The packages that the chosen ones bring in this environment: {name: line}."""
    from importlib import metadata

    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    # This folder alone: setuptools brings copies of some packages, on the path once it is imported.
    installed = metadata.distributions(path=[sysconfig.get_path("purelib")])
    here = {canonicalize_name(d.metadata["Name"]): d for d in installed}
    chosen = [Requirement(line.split("#")[0]) for line in lines_with_pins(file)]
    names = {canonicalize_name(r.name) for r in chosen}
    needed = {}  # package -> the systems that it is needed on
    for system in SYSTEMS:
        for python in PYTHONS:
            for name in closure(chosen, here, marker_values(system, python)) - names:
                needed.setdefault(name, set()).add(system)
    return {name: line(here[name], needed[name]) for name in sorted(needed) if name in here}


def lines_with_pins(file):
    chosen, _ = split(file.read_text("utf8"))
    return [text for text in chosen if re.match(r"\w", text)]


def marker_values(system, python):
    return {
        "sys_platform": system,
        "platform_system": SYSTEMS[system],
        "os_name": "nt" if system == "win32" else "posix",
        "python_version": python.rpartition(".")[0],
        "python_full_version": python,
    }


def closure(requirements, here, values):
    """The names of all that these requirements bring where the markers have these values."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    seen, queue = set(), [(r.name, tuple(r.extras)) for r in requirements]
    while queue:
        name, extras = queue.pop()
        name = canonicalize_name(name)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        for text in (here[name].requires or []) if name in here else []:
            wanted = Requirement(text)
            if wanted.marker is None or any(
                wanted.marker.evaluate({**values, "extra": extra}) for extra in ("", *extras)
            ):
                queue.append((wanted.name, tuple(wanted.extras)))
    return {name for name, _ in seen}


def line(distribution, systems):
    """One pin, after a check that each Python of the book may have it."""
    from packaging.specifiers import SpecifierSet

    name, version = distribution.metadata["Name"], distribution.version
    allowed = SpecifierSet(distribution.metadata.get("Requires-Python") or "")
    if not all(python in allowed for python in PYTHONS):
        sys.exit(f"pins: {name} {version} wants Python {allowed}: choose an older one, by a pin")
    pin = f"{name}=={version}"
    missing = sorted(set(SYSTEMS) - systems)
    return pin + " ; " + " and ".join(f'sys_platform != "{s}"' for s in missing) if missing else pin


def main(torch):
    setup_env.check_python()
    freeze(torch, REQUIREMENTS)
    freeze("default", REQUIREMENTS_OF_ASSIGNMENTS)  # PyTorch is not in it
    print("run `make test`, then commit them")


def freeze(torch, file):
    # CUDA's libraries are of one system and follow from torch itself.
    frozen = [
        text
        for name, text in resolve(torch, file).items()
        if not name.startswith(("nvidia", "cuda", "triton"))
    ]
    chosen, before = split(file.read_text("utf8"))
    file.write_text("\n".join([*chosen, *frozen]) + "\n", "utf8")
    shutil.rmtree(ENVIRONMENT)
    changed = sorted(set(before) ^ set(frozen))
    print(f"{file.name}: {len(frozen)} frozen, {len(changed)} lines changed")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--of-this-environment"]:
        print(json.dumps(brought(Path(sys.argv[2]))))
    else:
        main(sys.argv[1] if sys.argv[1:] else "default")
