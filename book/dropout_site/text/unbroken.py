"""Keep a number and what belongs to it in one line: 20 %, 9.0 ± 2.4.

A chapter writes plain spaces, which its author can see.
"""

import re

from docutils import nodes
from sphinx.transforms import SphinxTransform

SPACE = re.compile(r"(?<=\d) (?=%)|(?<=\d) (?=± \d)|(?<=±) (?=\d)")
AS_IT_IS = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw)


class Unbroken(SphinxTransform):
    default_priority = 500

    def apply(self):
        for text in list(self.document.findall(nodes.Text)):
            if SPACE.search(text) and not isinstance(text.parent, AS_IT_IS):
                text.parent.replace(text, nodes.Text(SPACE.sub("\xa0", text)))


def setup(app):
    app.add_transform(Unbroken)
