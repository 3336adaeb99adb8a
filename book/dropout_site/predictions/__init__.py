"""Keep the answer to a prediction out of sight until the reader has made it.

A chapter writes a prediction as a quote, and its choices, if it has some, as a list in it:

    > **Predict.** What do ones become at `p = 0.2`?
    >
    > - 0.8
    > - 1.25

In Jupyter the answer is in the cells after it. On the site predictions.js turns the choices into
buttons, and hides what follows, as far as the next `##` heading or prediction. So what gives an
answer away stands under `###`. Without scripts, and on paper, the answer simply follows.
"""

import hashlib
import shutil
from pathlib import Path

HERE = Path(__file__).parent
SCRIPT = "predictions.js"
FOLDER = "predictions"  # of the site
HAS_ONE = '<blockquote class="predict">'
# A student answers there by writing code, and nothing that follows gives the answer away.
HANDOUTS = "assignments/"


def add_script(app, page, template, context, doctree):
    """Add the script to a page with a prediction, and to no other."""
    if HAS_ONE not in context.get("body", "") or page.startswith(HANDOUTS):
        return
    version = hashlib.sha256((HERE / SCRIPT).read_bytes()).hexdigest()[:8]
    address = context["pathto"](f"{FOLDER}/{SCRIPT}", resource=True)
    context["metatags"] = context.get("metatags", "") + (
        f'<script defer src="{address}?v={version}"></script>'
    )


def write_script(app, exception):
    if exception is None and app.builder.format == "html":
        target = Path(app.outdir) / FOLDER
        target.mkdir(exist_ok=True)
        shutil.copyfile(HERE / SCRIPT, target / SCRIPT)


def setup(app):
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write_script)
