"""Build the site in _build/html from the book and the kept outputs; a warning is an error.

What goes in is first put together in .cache/site, laid out as the repository is: the pages with
their outputs, and the settings with execution off. If nothing that goes in has changed since the
last build, nothing is done. If only pages have, Sphinx reads those alone, and writes those that
show it (`dropout_site/incremental`). Its pages stay in .cache/pages; the site is a finished copy.
"""

import contextlib
import gc
import hashlib
import io
import json
import os
import shutil
import sys
import time
from pathlib import Path

import nbformat
import yaml

from tools.book import execute, notebooks
from tools.book.downloads import for_elsewhere
from tools.book.launch_notebooks import with_set_up
from tools.book.notebooks import chapters, code_cells, read, sets_up_only
from tools.book.repository import Repository, site_address
from tools.book.settings import config, pages
from tools.file_lock import locked
from tools.paths import BOOK, CACHE, CITATION, CONFIG, HTML, REQUIREMENTS, ROOT, SOURCE, TOC, TOOLS

STAGED = CACHE / "site"
MADE_FROM = CACHE / "site.json"  # {notebook: the digest of what its page there is made from}
WRITTEN = CACHE / "pages"
KEPT = CACHE / "doctrees"  # what Sphinx keeps of each page
ENVIRONMENT, OUTLINE = KEPT / "environment.pickle", KEPT / "outline"
FINISHED = HTML.with_name("html-new")
BUILT_FROM = HTML.parent / "built-from"


def with_outputs(name, path, common):
    """The notebook as it is now, with the outputs of its last run, and its imports folded."""
    notebook = read(path)
    kept = execute.stored(name)
    if kept is None or kept.metadata.run["key"] != execute.key(path, common):
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
    """Put together what Jupyter Book is to read; what is the same already is left as it is."""
    settings = config()
    settings["execute"]["execute_notebooks"] = "off"
    if repository is not None:
        merge(settings, repository.settings())
    if site is not None:
        merge(settings, {"html": {"baseurl": site}})
    common = execute.inputs_of_all()
    last = json.loads(MADE_FROM.read_text()) if MADE_FROM.is_file() else {}
    MADE_FROM.unlink(missing_ok=True)  # until all is there
    made_from, staged = {}, {STAGED / CONFIG.name}
    for name, path in chapters().items():
        target = STAGED / "book" / f"{name}.ipynb"
        made_from[name] = put_together(name, path, common, target, last.get(name))
        staged.add(target)
    copies = {STAGED / "book" / path.relative_to(BOOK): path for path in files(BOOK)}
    copies |= {STAGED / path.name: path for path in (TOC, CITATION)}
    for target, path in copies.items():
        if target not in staged and belongs(target.relative_to(STAGED)):
            put(target, path.read_bytes())
            staged.add(target)
    put(STAGED / CONFIG.name, yaml.safe_dump(settings).encode())
    for old in {*files(STAGED)} - staged:
        old.unlink()
    MADE_FROM.write_text(json.dumps(made_from))


def belongs(path):
    return path.name != "ruff.toml" and not any(part.startswith(".") for part in path.parts)


def put(target, content):
    """Write a file, unless it is so already: Sphinx reads what is newer than its last reading."""
    if target.is_file() and target.read_bytes() == content:
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    # Python tells a module from an older one by the second alone.
    shutil.rmtree(target.parent / "__pycache__", ignore_errors=True)


def put_together(name, path, common, target, last):
    """Put the page of a notebook there, and return the digest of what it is made from.

    ``last``: that of the last time, or None. If it is the same, so is the page.
    """
    kept = execute.EXECUTED / f"{name}.ipynb"
    parts = [path, kept, Path(__file__), Path(notebooks.__file__)]
    contents = [p.read_bytes() for p in parts if p.is_file()]
    made_from = hashlib.sha256(b"".join([common.encode(), *contents])).hexdigest()
    if last != made_from or not target.is_file():
        put(target, f"{nbformat.writes(with_outputs(name, path, common))}\n".encode())
    return made_from


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

    ``anew``: read and write every page, not only those whose text has changed.
    """
    gc.disable()  # a quarter of the time went into looking for garbage among trees that stay
    from jupyter_book.sphinx import build_sphinx  # here, as it takes a while

    if anew:
        for folder in (WRITTEN, KEPT):
            shutil.rmtree(folder, ignore_errors=True)
    before = ENVIRONMENT.read_bytes() if ENVIRONMENT.is_file() else None
    shutil.rmtree(FINISHED, ignore_errors=True)
    with contextlib.redirect_stderr(io.StringIO()) as said:
        status = build_sphinx(
            STAGED / "book",
            WRITTEN,
            noconfig=True,
            path_config=STAGED / CONFIG.name,
            confoverrides={
                "external_toc_path": str(STAGED / TOC.name),
                "finished_site": str(FINISHED),
                "latex_individualpages": False,
                "nitpicky": True,
            },
            doctreedir=KEPT,
            warningiserror=True,
            keep_going=True,
            quiet=True,
            jobs=os.cpu_count() + 1,  # one of them gives the others work
        )
    if status:
        shutil.rmtree(HTML, ignore_errors=True)  # so that nobody takes an old site for a new one
        shutil.rmtree(FINISHED, ignore_errors=True)
        print(said.getvalue(), file=sys.stderr)
        if before is not None:
            # The next build reads again what this one has read, to warn again, and writes all.
            ENVIRONMENT.write_bytes(before)
            OUTLINE.unlink(missing_ok=True)
    return not status


def offer_sources(repository):
    """Let the download button give each chapter as it is in the repository, but for its folds.

    Its outputs would answer the chapter's predictions. If the package has an address, the copy
    can install it.
    """
    for name, path in chapters().items():
        notebook = for_elsewhere(read(path))
        if repository is not None:
            notebook = with_set_up(notebook, repository)
        nbformat.write(notebook, FINISHED / "_sources" / f"{name}.ipynb")


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
        BUILT_FROM.unlink(missing_ok=True)  # a build that is stopped is no beginning
        anew = built[-1] != rest or not ENVIRONMENT.is_file()
        if not run_jupyter_book(anew):
            if not anew:
                BUILT_FROM.write_text(f"- {rest}")
            sys.exit("book: the build has warnings or errors, shown above; each is a failure here")
        offer_sources(repository)
        shutil.rmtree(HTML, ignore_errors=True)
        FINISHED.rename(HTML)
        BUILT_FROM.write_text(f"{text} {rest}")
        print(f"site: built in {time.monotonic() - start:.0f} s")
    print(f"read it: open {HTML / 'index.html'}, or run `make serve`")


if __name__ == "__main__":
    with locked():
        main()
