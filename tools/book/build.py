"""Build the site in _build/html from the book and the kept outputs; a warning is an error.

What goes in is first put together in .cache/site, laid out as the repository is: the pages with
their outputs, and the settings with execution off. If nothing that goes in has changed since the
last build, nothing is done. If only pages have, Sphinx reads those alone, and writes all.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time

import nbformat
import yaml

from tools.book import execute
from tools.book.downloads import for_elsewhere
from tools.book.launch_notebooks import with_set_up
from tools.book.notebooks import chapters, code_cells, read, sets_up_only
from tools.book.repository import Repository, site_address
from tools.book.settings import config, pages
from tools.file_lock import locked
from tools.paths import BOOK, CACHE, CITATION, CONFIG, HTML, REQUIREMENTS, ROOT, SOURCE, TOC, TOOLS

STAGED = CACHE / "site"
BUILT_FROM = HTML.parent / "built-from"
# A quarter of the time went into looking for garbage among trees that stay to the end.
BUILD_CODE = "import gc; gc.disable(); from jupyter_book.cli.main import main; main()"


def with_outputs(name, path):
    """The notebook as it is now, with the outputs of its last run, and its imports folded."""
    notebook = read(path)
    kept = execute.stored(name)
    if kept is None or kept.metadata.run["key"] != execute.key(path):
        sys.exit(f"book: {name} has changed since it was run: `make book` runs it first")
    for cell, ran in zip(code_cells(notebook), code_cells(kept), strict=True):
        cell.outputs = ran.outputs
        cell.execution_count = ran.execution_count
        if sets_up_only(cell) and not cell.outputs:
            cell.metadata.tags = sorted({*cell.metadata.get("tags", []), "hide-input"})
            prompts = {"code_prompt_show": "Show imports", "code_prompt_hide": "Hide imports"}
            cell.metadata.setdefault("mystnb", {}).update(prompts)
    return notebook


def stage(repository, site):
    """Put together what Jupyter Book is to read."""
    settings = config()
    settings["execute"]["execute_notebooks"] = "off"
    if repository is not None:
        merge(settings, repository.settings())
    if site is not None:
        merge(settings, {"html": {"baseurl": site}})
    new = STAGED.with_name("site-new")
    shutil.rmtree(new, ignore_errors=True)
    no_page = shutil.ignore_patterns(".*", "__pycache__", "ruff.toml")
    shutil.copytree(BOOK, new / "book", ignore=no_page)
    for name, path in chapters().items():
        nbformat.write(with_outputs(name, path), new / "book" / f"{name}.ipynb")
    (new / CONFIG.name).write_text(yaml.safe_dump(settings), "utf8")
    shutil.copyfile(TOC, new / TOC.name)
    shutil.copyfile(CITATION, new / CITATION.name)
    for path in files(new):
        old = STAGED / path.relative_to(new)
        # Sphinx reads what is newer than its last reading: the same text is as old as it was.
        same = old.is_file() and old.read_bytes() == path.read_bytes()
        then = old.stat().st_mtime_ns if same else time.time_ns()
        os.utime(path, ns=(then, then))
    shutil.rmtree(STAGED, ignore_errors=True)
    new.rename(STAGED)


def files(folder):
    return sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts)


def merge(settings, more):
    for name, value in more.items():
        if isinstance(value, dict):
            merge(settings.setdefault(name, {}), value)
        else:
            settings[name] = value


def fingerprint(repository):
    """Two digests of all that the site is made from: of the pages' text, and of the rest."""
    rest = hashlib.sha256(f"{sys.version} {repository}".encode())
    text = hashlib.sha256()
    made_by = sorted(TOOLS.rglob("*.py"))
    package = sorted(SOURCE.rglob("*.py"))  # its docstrings, and the wheel of live cells
    of_pages = {STAGED / "book" / f"{name}{end}" for name in pages() for end in (".ipynb", ".md")}
    for path in [REQUIREMENTS, *made_by, *package, *files(STAGED)]:
        digest = text if path in of_pages else rest
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return text.hexdigest(), rest.hexdigest()


def run_jupyter_book(anew):
    """Run the build, showing little; on a warning show what it said.

    ``anew``: read every page, not only those whose text has changed.
    """
    command = [
        *(sys.executable, "-c", BUILD_CODE),
        *("build", str(STAGED / "book"), "--path-output", "."),
        *("--toc", str(STAGED / TOC.name), "--config", str(STAGED / CONFIG.name)),
        *("-W", "-n", "--keep-going", "-q"),
        *(["--all"] if anew else []),
    ]
    ended = subprocess.run(command, cwd=ROOT, text=True, capture_output=True)
    if ended.returncode:
        shutil.rmtree(HTML, ignore_errors=True)  # so that nobody reads half a site for a whole one
        print(ended.stdout, ended.stderr, sep="\n", file=sys.stderr)
        sys.exit("book: the build has warnings or errors, shown above; each is a failure here")


def offer_sources(repository):
    """Let the download button give each chapter as it is in the repository, but for its folds.

    Its outputs would answer the chapter's predictions. If the package has an address, the copy
    can install it.
    """
    for name, path in chapters().items():
        notebook = for_elsewhere(read(path))
        if repository is not None:
            notebook = with_set_up(notebook, repository)
        nbformat.write(notebook, HTML / "_sources" / f"{name}.ipynb")


def main():
    listed = pages()
    repository = Repository.from_environment()
    stage(repository, site_address())
    text, rest = fingerprint(repository)
    built = BUILT_FROM.read_text().split() if BUILT_FROM.is_file() else [None, None]
    if built == [text, rest] and (HTML / "index.html").is_file():
        print("site: up to date")
    else:
        start = time.monotonic()
        print(f"site: building {len(listed)} pages", flush=True)
        BUILT_FROM.unlink(missing_ok=True)  # a build that fails or is stopped is no beginning
        shutil.rmtree(HTML, ignore_errors=True)
        run_jupyter_book(anew=built[-1] != rest)
        offer_sources(repository)
        BUILT_FROM.write_text(f"{text} {rest}")
        print(f"site: built in {time.monotonic() - start:.0f} s")
    print(f"read it: open {HTML / 'index.html'}, or run `make serve`")


if __name__ == "__main__":
    with locked():
        main()
