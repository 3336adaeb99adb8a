"""The two files of settings, _config.yml and _toc.yml: read, or an exit that says what is wrong.

Jupyter Book itself only prints a box.
"""

import sys

import yaml
from jsonschema import ValidationError
from jupyter_book.config import validate_yaml
from sphinx_external_toc.parsing import MalformedError, parse_toc_yaml

from tools.book.notebooks import all_notebooks
from tools.paths import BOOK, CONFIG, TOC


def config():
    """The settings of _config.yml."""
    try:
        settings = yaml.safe_load(CONFIG.read_text("utf8"))
        validate_yaml(settings, raise_on_errors=True)
    except (yaml.YAMLError, ValidationError) as error:
        sys.exit(f"_config.yml: {getattr(error, 'message', error)}")
    return settings


def pages():
    """The pages of the table of contents. It must list each notebook, and no page that is not."""
    try:
        listed = set(parse_toc_yaml(TOC))
    except (yaml.YAMLError, MalformedError) as error:
        sys.exit(f"_toc.yml: {error}")
    absent = [p for p in sorted(listed) if not any(map(has_file(p), (".ipynb", ".md")))]
    unlisted = sorted(set(all_notebooks()) - listed)
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
