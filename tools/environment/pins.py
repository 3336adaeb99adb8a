"""Freeze again, in both files of requirements, what the chosen pins bring.

usage: python -m tools.environment.pins [newest]      `make pins`

Frozen versions that still fit stay; with `newest` the newest of each is taken.

uv resolves the chosen pins for every Python that pyproject.toml declares, from the oldest on, and
for every system at once. What it finds goes below the line in the file that begins FROZEN_LINE. It
is installed for that alone, into an environment under .cache: the book does not need it.
"""

import re
import shutil
import sys

from tools.environment import set_up
from tools.paths import CACHE, REQUIREMENTS, REQUIREMENTS_OF_ASSIGNMENTS, VENV

UV_PIN = "uv==0.13.9"
FROZEN_LINE = "# --- frozen"
UV_VENV = CACHE / "pins"
CUDA_PREFIXES = ("nvidia", "cuda", "triton")  # of one system, and torch itself names them exactly
# Systems and Pythons that uv knows and PyTorch has no build for.
UNSUPPORTED = re.compile(r"(sys_platform|implementation_name) (==|!=) '(emscripten|wasi|pypy)'")


def split(text):
    """A file of requirements as two lists of lines: chosen, with the dividing line, and frozen."""
    lines = text.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(FROZEN_LINE))
    return lines[: at + 1], lines[at + 1 :]


def lines_with_pins(file):
    """The lines of the chosen part that name a package."""
    chosen, _ = split(file.read_text("utf8"))
    return [text for text in chosen if re.match(r"\w", text)]


def name(line):
    """The package that a line pins, as uv spells it."""
    return re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", line)[0]).lower()


def resolve(uv, file, newest):
    """Return a line for each package that uv finds, with a marker if not all systems have it."""
    chosen, frozen = split(file.read_text("utf8"))
    asked, answer = UV_VENV / "chosen.in", UV_VENV / "resolved.txt"
    asked.write_text("\n".join(chosen) + "\n", "utf8")
    answer.write_text("\n".join([] if newest else frozen) + "\n", "utf8")  # uv prefers what is here
    command = [uv, "pip", "compile", "--quiet", "--universal", "--no-header", "--no-annotate"]
    command += ["--python-version", ".".join(map(str, set_up.oldest_python()))]
    command += ["--fork-strategy", "fewest"]  # one version for all Pythons
    command += ["--no-config", "--output-file", answer, asked]
    set_up.run(list(map(str, command)), f"uv could not resolve {file.name}: its words are above")
    return answer.read_text("utf8").splitlines()


def for_the_book(line):
    """One of uv's lines without what it says of UNSUPPORTED; None if it is for there alone."""
    pin, _, marker = map(str.strip, line.partition(";"))
    if not marker or " or " in marker:
        return line
    kept = []
    for part in marker.split(" and "):
        unsupported = UNSUPPORTED.fullmatch(part)
        if unsupported and unsupported[2] == "==":
            return None
        if not unsupported:
            kept.append(part)
    return f"{pin} ; {' and '.join(kept)}" if kept else pin


def freeze(uv, file, newest):
    chosen, before = split(file.read_text("utf8"))
    names = {name(line) for line in lines_with_pins(file)}
    found = [line for line in map(for_the_book, resolve(uv, file, newest)) if line]
    frozen = [
        line for line in found if name(line) not in names and not line.startswith(CUDA_PREFIXES)
    ]
    file.write_text("\n".join([*chosen, *frozen]) + "\n", "utf8")
    changed = sorted(set(before) ^ set(frozen))
    print(f"{file.name}: {len(frozen)} frozen, {len(changed)} lines changed")


def main(newest):
    set_up.check_python()
    shutil.rmtree(UV_VENV, ignore_errors=True)
    set_up.run([sys.executable, "-m", "venv", str(UV_VENV)], f"could not make {UV_VENV}")
    python = UV_VENV / set_up.VENV_PYTHON.relative_to(VENV)
    set_up.pip(UV_PIN, python=python)
    for file in (REQUIREMENTS, REQUIREMENTS_OF_ASSIGNMENTS):
        freeze(python.with_name("uv"), file, newest)
    shutil.rmtree(UV_VENV)
    print("run `make test`, then commit them")


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["newest"]):
        sys.exit(__doc__)
    main(newest=bool(sys.argv[1:]))
