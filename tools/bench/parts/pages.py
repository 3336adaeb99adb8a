"""A book of more and more pages, copies of its chapters: build it, edit one page, search it."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from tools.bench.parts import times
from tools.book.execute import EXECUTED, judge
from tools.book.settings import pages
from tools.paths import ROOT, TOC

AXIS = "pages"
SIZES = [50, 75, 100, 150, 200]
BOUND = "each page is made once, and its sidebar lists all pages"
COPIED = ("tools", "book", "src", "_config.yml", "requirements.txt", "CITATION.cff")
IGNORED = shutil.ignore_patterns("__pycache__", ".*", "*.egg-info")


def measure(size):
    if judge():
        sys.exit("bench: pages: first run the notebooks, with `make book`")
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        copies = copy_of_the_book(root, size)

        def build():
            command = [sys.executable, "-m", "tools.book.build"]
            subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL)

        full = times(build)
        edit(root / "book" / f"{copies[0]}.ipynb")
        edited = times(build)
        html = root / "_build/html"
        return {
            "processor s": full["processor s"],
            "processor s of an edit": edited["processor s"],
            "MB of search index": (html / "search/sections.js").stat().st_size / 1e6,
            "MB of site": sum(f.stat().st_size for f in html.rglob("*") if f.is_file()) / 1e6,
        }


def copy_of_the_book(root, size):
    """Put a book of ``size`` pages into ``root``, with kept runs; return the names of the new."""
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, root / name, **({"ignore": IGNORED} if copy is shutil.copytree else {}))
    kept = root / EXECUTED.relative_to(ROOT)
    shutil.copytree(EXECUTED, kept)
    listed = pages()
    # A page of the root's own folder, and one that the extension knows by its name, is not copied.
    chapters = [p for p in listed if (kept / f"{p}.ipynb").is_file() and "/" in p]
    copies = []
    for n in range(size - len(listed)):
        chapter = chapters[n % len(chapters)]
        copies.append(f"{chapter}-{n}")
        for folder in (root / "book", kept):
            shutil.copyfile(folder / f"{chapter}.ipynb", folder / f"{copies[-1]}.ipynb")
    toc = yaml.safe_load(TOC.read_text("utf8"))
    toc["parts"].append({"caption": "Copies", "chapters": [{"file": name} for name in copies]})
    (root / TOC.name).write_text(yaml.safe_dump(toc), "utf8")
    return copies


def edit(file):
    notebook = json.loads(file.read_text("utf8"))
    cell = [c for c in notebook["cells"] if c["cell_type"] == "markdown"][-1]
    cell["source"] = "".join(cell["source"]) + "\n\nOne more sentence."
    file.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", "utf8")
