"""The book's sources: which pages there are, and whether the two settings files are sound."""

import sys

import nbformat

from tools.paths import BOOK, CONFIG, TOC

HANDOUTS = BOOK / "assignments"


def notebooks():
    """The chapters, by their name in the table of contents: `paper/weight-scaling`, say."""
    return {name: f for name, f in _all_notebooks().items() if f.parent != HANDOUTS}


def handouts():
    """The assignments as students get them: written by `make assignments`, never run."""
    return {name: f for name, f in _all_notebooks().items() if f.parent == HANDOUTS}


def _all_notebooks():
    files = (f for f in BOOK.rglob("*.ipynb") if ".ipynb_checkpoints" not in f.parts)
    return {f.relative_to(BOOK).with_suffix("").as_posix(): f for f in sorted(files)}


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def config():
    """The settings, or an exit that names what is wrong: Jupyter Book itself only prints a box."""
    import yaml  # here, as below: notebooks are read where no site can be built, too
    from jsonschema import ValidationError
    from jupyter_book.config import validate_yaml

    try:
        settings = yaml.safe_load(CONFIG.read_text("utf8"))
        validate_yaml(settings, raise_on_errors=True)
    except (yaml.YAMLError, ValidationError) as error:
        sys.exit(f"_config.yml: {getattr(error, 'message', error)}")
    return settings


def pages():
    """The pages of the table of contents, or an exit that names what is missing on either side."""
    import yaml
    from sphinx_external_toc.parsing import MalformedError, parse_toc_yaml

    try:
        listed = set(parse_toc_yaml(TOC))
    except (yaml.YAMLError, MalformedError) as error:
        sys.exit(f"_toc.yml: {error}")
    absent = [p for p in sorted(listed) if not any(map(has_file(p), (".ipynb", ".md")))]
    unlisted = sorted(set(_all_notebooks()) - listed)
    if absent or unlisted:
        sys.exit(
            "_toc.yml: "
            + "; ".join(
                [f"no such page: book/{p}" for p in absent]
                + [f"not in the table of contents: book/{p}.ipynb" for p in unlisted]
            )
        )
    return sorted(listed)


def has_file(page):
    return lambda suffix: (BOOK / f"{page}{suffix}").is_file()
