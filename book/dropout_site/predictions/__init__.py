"""Keep the answer to a prediction out of sight until the reader has made it.

A chapter writes a prediction as a quote, and its choices, if it has some, as a list in it:

    > **Predict.** What do ones become at `p = 0.2`?
    >
    > - 0.8
    > - 1.25 <!-- right -->

In Jupyter the answer is in the cells after it. On the site predictions.js turns the choices into
buttons, and hides what follows, as far as the next `##` heading or prediction. So what gives an
answer away stands under `###`. Once the reader has chosen, it says which choice is right: the one
with the comment, which shows nowhere. Without scripts, and on paper, the answer simply follows.
"""

import hashlib
import shutil
from pathlib import Path

from docutils import nodes
from sphinx.transforms import SphinxTransform

from dropout_site.text.boxes import is_prediction

HERE = Path(__file__).parent
SCRIPT = "predictions.js"
FOLDER = "predictions"  # of the site
HAS_ONE = '<blockquote class="predict">'
# A student answers there by writing code, and nothing that follows gives the answer away.
HANDOUTS = "assignments/"
RIGHT = "<!-- right -->"


class RightChoice(SphinxTransform):
    """Turn the comment in the right choice into a class, for the script to find."""

    default_priority = 510  # behind text/boxes.py, which finds the predictions

    def apply(self):
        for quote in self.document.findall(is_prediction):
            for item in quote.findall(nodes.list_item):
                for comment in list(item.findall(nodes.raw)):
                    if comment.astext().strip() == RIGHT:
                        item["classes"].append("right")
                        words = comment.parent
                        words.remove(comment)
                        if isinstance(words[-1], nodes.Text):  # without the space in front of it
                            words[-1] = nodes.Text(words[-1].rstrip())


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
    app.add_transform(RightChoice)
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write_script)
