"""Where things are in the repository: the one place that names the folders."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
CITATION = ROOT / "CITATION.cff"
CONFIG = ROOT / "_config.yml"
TOC = ROOT / "_toc.yml"
REQUIREMENTS = ROOT / "requirements.txt"
REQUIREMENTS_OF_ASSIGNMENTS = ROOT / "requirements-assignments.txt"
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"  # all that may be thrown away, except the built site
HTML = ROOT / "_build" / "html"
