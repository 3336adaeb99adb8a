"""Which notebooks there are, and how one is read.

Needs the standard library alone until one is read: the check on a GPU lists them without more.
"""

import ast
import re

from tools.paths import BOOK, CONFIG, HANDOUTS

SETTINGS = {"torch.set_num_threads", "torch.set_default_dtype", "device = default_device"}


def cell_timeout_seconds():
    """The seconds that a cell may take: `timeout` in `execute` of _config.yml."""
    settings = CONFIG.read_text("utf8")
    return int(re.search(r"^execute:\n(?: .*\n)*?  timeout: (\d+)", settings, re.MULTILINE)[1])


def chapters():
    """The notebooks that are run, by their name in the table of contents: `paper/penalty`, say."""
    return {name: f for name, f in all_notebooks().items() if f.parent != HANDOUTS}


def handouts():
    """The assignments as students get them: written by `make assignments`, never run."""
    return {name: f for name, f in all_notebooks().items() if f.parent == HANDOUTS}


def all_notebooks():
    files = (f for f in BOOK.rglob("*.ipynb") if ".ipynb_checkpoints" not in f.parts)
    return {f.relative_to(BOOK).with_suffix("").as_posix(): f for f in sorted(files)}


def read(path):
    import nbformat

    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def sets_up_only(cell):
    """Whether a code cell does nothing but import, call a ``set_`` function, or ask for a device.

    The site folds it: it is no part of the argument, and stands where somebody looks who copies.
    """
    try:
        statements = ast.parse(cell.source).body
    except SyntaxError:  # a magic
        return False
    imports = [s for s in statements if isinstance(s, ast.Import | ast.ImportFrom)]
    others = {ast.unparse(s).partition("(")[0] for s in statements if s not in imports}
    return bool(imports) and others <= SETTINGS
