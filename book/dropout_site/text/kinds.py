"""Give the names of the two kinds the colours that they have in the figures.

A chapter writes **standard** or **inverted** in bold where it sets the two side by side.
"""

from docutils import nodes
from sphinx.transforms import SphinxTransform

KINDS = ("standard", "inverted")


class Kinds(SphinxTransform):
    default_priority = 500

    def apply(self):
        for strong in self.document.findall(nodes.strong):
            first = strong.astext().lower().removesuffix(" dropout").rstrip(".:,")
            if first in KINDS:
                strong["classes"].append(first)


def setup(app):
    app.add_transform(Kinds)
