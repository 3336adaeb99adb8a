"""Gather the wheels that the check takes where there is no network.

usage: python -m tools.gpu_check.wheels FOLDER      with the book's environment: `.venv/bin/python`

They are what runs the notebooks and the tests, and all that this brings, at the versions that
requirements.txt pins, for CPython 3.12 on Linux x86-64. PyTorch, NumPy, SciPy, scikit-learn and
matplotlib are not among them: there they are the machine's own.
"""

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from tools.environment import pins
from tools.paths import REQUIREMENTS

REQUESTED = ["nbmake", "ipykernel", "pytest-xdist", "hypothesis"]
TARGET_PYTHON = "3.12"
TARGET_MARKERS = {"python_version": TARGET_PYTHON, "python_full_version": f"{TARGET_PYTHON}.0"}
TARGET_MARKERS |= {"sys_platform": "linux"}
# As new as the system that PyTorch's own wheels ask for, and all that is older.
TARGET_PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)]
TARGET_PLATFORMS += [f"manylinux{year}_x86_64" for year in (2014, 2010, 1)]
MAX_TOTAL_BYTES = 60 * 2**20


def wanted():
    """Return the pins of all that is asked for and what it brings there: {name: version}."""
    from packaging.requirements import Requirement

    names, queue = set(), [Requirement(name) for name in REQUESTED]
    while queue:
        asked = queue.pop()
        if (name := pins.name(asked.name)) in names:
            continue
        names.add(name)
        for brought in map(Requirement, metadata.requires(name) or []):
            values = ({**TARGET_MARKERS, "extra": extra} for extra in ("", *asked.extras))
            if brought.marker is None or any(map(brought.marker.evaluate, values)):
                queue.append(brought)
    versions = pinned()
    return {name: versions[name] for name in sorted(names)}


def pinned():
    """Return the versions in both parts of requirements.txt: {name: version}."""
    found = re.findall(r"^([\w.-]+)==([\w.]+)", REQUIREMENTS.read_text("utf8"), re.MULTILINE)
    return {pins.name(name): version for name, version in found}


def problem(folder, versions):
    """Return what is wrong with the wheels of a folder, or None."""
    files = sorted(folder.glob("*.whl"))
    there = {pins.name(name): version for name, version, *_ in (f.stem.split("-") for f in files)}
    if there != versions:
        differ = sorted(dict(there.items() ^ versions.items()))
        return f"not what is pinned: {', '.join(differ)}"
    if (size := sum(file.stat().st_size for file in files)) > MAX_TOTAL_BYTES:
        return f"{size / 2**20:.0f} MiB, over {MAX_TOTAL_BYTES / 2**20:.0f}"
    return None


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.whl"):
        old.unlink()
    versions = wanted()
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", "--implementation=cp", "--dest", str(folder)]
    command += [f"--python-version={TARGET_PYTHON}"]
    command += [f"--platform={name}" for name in TARGET_PLATFORMS]
    command += [f"{name}=={version}" for name, version in versions.items()]
    if subprocess.run(command).returncode:
        sys.exit("gpu_check.wheels: pip could not fetch them; its own words are above")
    if wrong := problem(folder, versions):
        sys.exit(f"gpu_check.wheels: {wrong}")
    size = sum(file.stat().st_size for file in folder.glob("*.whl")) / 2**20
    what = f"{len(versions)} wheels for Python {TARGET_PYTHON}, {size:.1f} MiB"
    print(f"gpu_check.wheels: {what}, in {folder}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
