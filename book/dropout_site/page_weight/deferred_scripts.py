"""Draw the first screen before any script runs.

Sphinx and its extensions ask for their scripts in the head of the page, where each holds up the
drawing. Deferred, they run in the same order, once the page is read. The lines in the page itself
cannot wait: those of the theme set two options that the book does not use, and go.

One script must come before the first paint, and stands in the page: colour-mode.js. The theme asks
for the reader's choice of light or dark, and where there is none logs an error and paints light
first. Without a choice the system's setting holds.
"""

import re
from pathlib import Path

COLOUR_MODE = Path(__file__).with_name("colour-mode.js")
OPTIONS = "DOCUMENTATION_OPTIONS."
# The theme asks for its own two early, so that they compete with the stylesheet.
EARLY = r'<link rel="preload" as="script" [^>]*/>\n?'


def defer(app, page, template, context, doctree):
    scripts = context["script_files"]
    scripts[:] = [s for s in scripts if not s.attributes.get("body", "").startswith(OPTIONS)]
    for script in scripts:
        if script.filename:
            script.attributes["defer"] = "defer"


def ask_later(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    for file in Path(app.outdir).rglob("*.html"):
        if "_static" not in file.parts:
            html, found = re.subn(EARLY, "", file.read_text("utf8"))
            if found != 2:
                raise ValueError(f"{found} scripts asked for early in {file.name}, not two")
            file.write_text(html, "utf8")


def setup(app):
    app.add_js_file(None, body=COLOUR_MODE.read_text("utf8"))
    app.connect("html-page-context", defer, priority=900)  # once all have added theirs
    app.connect("build-finished", ask_later, priority=900)
