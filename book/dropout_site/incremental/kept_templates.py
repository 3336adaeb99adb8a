"""Keep what Jinja makes of the theme's templates: to compile them is a quarter of a small build.

Jinja compares a template's text before it takes what is kept. Another Jinja keeps its own, in a
folder beside `app.doctreedir`.
"""

from pathlib import Path

import jinja2

FOLDER = "compiled-templates"


def keep(app):
    if app.builder.format == "html":
        folder = Path(app.doctreedir).with_name(FOLDER) / jinja2.__version__
        folder.mkdir(parents=True, exist_ok=True)
        kept = jinja2.FileSystemBytecodeCache(str(folder))
        app.builder.templates.environment.bytecode_cache = kept


def setup(app):
    app.connect("builder-inited", keep)
