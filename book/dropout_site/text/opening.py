"""Set a chapter's opening in two: what one can do after it, and below it what it takes.

A chapter writes one paragraph: **After this page you can** …. **Takes** … **Needs** …. The second
half gets a line of its own, in small letters: a reader looks there once, or never.
"""

from docutils import nodes
from sphinx.transforms import SphinxTransform

OPENS, TAKES = "After this page you can", "Takes"


class Opening(SphinxTransform):
    default_priority = 500

    def apply(self):
        for paragraph in list(self.document.findall(nodes.paragraph)):
            bold = {n.astext(): n for n in paragraph.children if isinstance(n, nodes.strong)}
            if OPENS in bold and TAKES in bold:
                at = paragraph.index(bold[TAKES])
                needs = nodes.paragraph("", "", *paragraph.children[at:], classes=["takes"])
                del paragraph.children[at:]
                paragraph.parent.insert(paragraph.parent.index(paragraph) + 1, needs)


def setup(app):
    app.add_transform(Opening)
