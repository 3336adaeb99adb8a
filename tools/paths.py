"""Where things are in the repository: the folders and files that the tools and tests use.

Standard library only, for an old Python too: the set-up reads it before anything is installed.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What is written by hand.
BOOK = ROOT / "book"
HANDOUTS = BOOK / "assignments"  # the assignments as students get them
ASSIGNMENTS = ROOT / "assignments"
SOURCE = ROOT / "src"
PACKAGE = SOURCE / "dropout_scaling"
MARKER = SOURCE / "dropout_grading"
LAB = PACKAGE / "lab"  # a module for each chapter that has one
TOOLS = ROOT / "tools"
TESTS = ROOT / "tests"
CITATION = ROOT / "CITATION.cff"
CONFIG = ROOT / "_config.yml"
TOC = ROOT / "_toc.yml"
PYPROJECT = ROOT / "pyproject.toml"
REQUIREMENTS = ROOT / "requirements.txt"
REQUIREMENTS_OF_ASSIGNMENTS = ROOT / "requirements-assignments.txt"

# What the commands make.
VENV = ROOT / ".venv"
VENV_OF_ASSIGNMENTS = ROOT / ".venv-assignments"
CACHE = ROOT / ".cache"  # all that may be thrown away, except the built site
HTML = ROOT / "_build" / "html"
BUILT_ASSIGNMENTS = ROOT / "_assignments"
