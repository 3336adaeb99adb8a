"""Put an explorable, a drawing with sliders, under the cell that a chapter has marked for it.

A chapter marks the cell by a tag, `explorable-` and the name of a script beside this file:

    {"tags": ["hide-input", "explorable-depth"]}

In Jupyter a tag shows nothing, and the chapter's figure is all there is. The site puts an empty
element under the cell, and loads the scripts on that page alone: explorable.js, which all of them
share, and the one with the name. They fill the element and show it. Without scripts, and on paper,
the figure stands for it: `replaces` in a script says that on a screen it need not stay.
"""

import hashlib
import shutil
from pathlib import Path

from docutils import nodes
from sphinx.transforms import SphinxTransform

HERE = Path(__file__).parent
FOLDER = "explorables"  # of the site
RULES, SHARED = "explorable.css", "explorable.js"
NAMES = sorted(file.stem for file in HERE.glob("*.js") if file.name != SHARED)
TAGS = {f"explorable-{name}" for name in NAMES}
ELEMENT = '<div class="explorable" id="explorable-{name}" role="group" hidden></div>'


class Explorables(SphinxTransform):
    default_priority = 500

    def apply(self):
        for cell in list(self.document.findall(nodes.container)):
            for name in NAMES:
                if f"tag_explorable-{name}" in cell["classes"]:  # so MyST-NB writes a tag
                    after = cell.parent.index(cell) + 1
                    element = nodes.raw("", ELEMENT.format(name=name), format="html")
                    cell.parent.insert(after, element)


def files(body):
    """The scripts that a page needs, in the order in which they are read: none for most pages."""
    names = [f"{name}.js" for name in NAMES if f'id="explorable-{name}"' in body]
    return [SHARED, *names] if names else []


def add_files(app, page, template, context, doctree):
    needed = files(context.get("body", ""))
    # In the page: it would wait for one more file before it shows anything.
    tags = [f"<style>{(HERE / RULES).read_text('utf8')}</style>"] if needed else []
    for file in needed:
        version = hashlib.sha256((HERE / file).read_bytes()).hexdigest()[:8]
        address = f"{context['pathto'](f'{FOLDER}/{file}', resource=True)}?v={version}"
        tags.append(f'<script defer src="{address}"></script>')
    context["metatags"] = "".join([context.get("metatags", ""), *tags])


def copy_files(app, exception):
    if exception is None and app.builder.format == "html":
        target = Path(app.outdir) / FOLDER
        target.mkdir(exist_ok=True)
        for file in (SHARED, *(f"{name}.js" for name in NAMES)):
            shutil.copyfile(HERE / file, target / file)


def setup(app):
    app.add_transform(Explorables)
    app.connect("html-page-context", add_files)
    app.connect("build-finished", copy_files)
