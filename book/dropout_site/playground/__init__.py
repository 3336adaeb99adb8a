"""Put the playground in place of the block quote that stands for it.

In Jupyter and on Colab it is a quote that says what the site has there:

    > **Playground.** In the book on the web ...

In the site it becomes playground.html, with the files beside it (SERVED). If scripts are off, and
in print, there is a still picture, which the package computes and draws during the build.
"""

import io
import shutil
from pathlib import Path

from docutils import nodes
from sphinx.transforms import SphinxTransform

from dropout_site.figures.theme_svg import inline
from dropout_site.text.boxes import first_inline

HERE = Path(__file__).parent
SERVED = ("playground.css", "arithmetic.js", "address.js", "playground.js")
FOLDER = "playground"  # of the site
SIDE = 5  # units, of the square field
P = 0.5  # of the still picture, and where the slider starts
ALT = (
    "Four fields of five times five discs, whose area is their value; dropped ones are dashed "
    "rings. Standard dropout keeps ones as {standard_train:g} while training and makes all "
    "{standard_eval:g} at evaluation. Inverted dropout makes kept ones {inverted_train:g} while "
    "training and leaves all at {inverted_eval:g} at evaluation."
)


class Playground(SphinxTransform):
    default_priority = 500

    def apply(self):
        for quote in list(self.document.findall(nodes.block_quote)):
            opening = first_inline(quote)
            if isinstance(opening, nodes.strong) and opening.astext().startswith("Playground"):
                root = "../" * self.env.docname.count("/")
                quote.replace_self(nodes.raw("", html(root), format="html"))


def html(root):
    """The element, on a page from which the site's first folder is ``root``."""
    text = (HERE / "playground.html").read_text("utf8")
    row = "<tr>" + "<td>1</td>" * SIDE + "</tr>"
    for name, value in {
        "root": root,
        "p": f"{P:g}",
        "still": still(),
        "field": row * SIDE,
    }.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def still():
    """The picture: the same mask under the two kinds, in the two modes."""
    # Here, so that a book without a playground needs none of it.
    import matplotlib.pyplot as plt
    import numpy as np

    from dropout_scaling import plots, reference
    from dropout_scaling.masks import bernoulli_mask, keyed_rng

    x = np.ones((SIDE, SIDE))
    mask = bernoulli_mask(x.shape, P, rng=keyed_rng(0))
    fields = {
        "standard_train": reference.standard_train(x, mask),
        "standard_eval": reference.standard_eval(x, P),
        "inverted_train": reference.inverted_train(x, mask, P),
        "inverted_eval": reference.inverted_eval(x),
    }
    with plt.rc_context(), plt.ioff():
        plots.use_book_style()
        fig, axes = plt.subplots(2, 2, figsize=(plots.WIDTH, 1.08 * plots.WIDTH))
        for ax, (name, values) in zip(axes.flat, fields.items(), strict=True):
            kind, mode = name.split("_")
            style = plots.STANDARD if kind == "standard" else plots.INVERTED
            for row, line in enumerate(values):
                plots.units(ax, line, y=-row, style=style, text=False)
            ax.set_title(f"{kind}, {mode}: {values.max():g}")
            plots.bare(ax)
        svg = io.StringIO()
        fig.savefig(svg, format="svg")
        plt.close(fig)
    alt = ALT.format(**{name: v.max() for name, v in fields.items()})
    return inline(svg.getvalue(), alt, prefix="playground-")


def copy_served(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    target = Path(app.outdir) / FOLDER
    target.mkdir(exist_ok=True)
    for name in SERVED:
        shutil.copyfile(HERE / name, target / name)


def setup(app):
    app.add_transform(Playground)
    app.connect("build-finished", copy_served)
