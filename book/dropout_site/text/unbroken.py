"""Keep a number and what belongs to it in one line: 20 %, 9.0 ± 2.4, 2 + 1 − 2 = 1.

A chapter writes plain spaces, which its author can see.
"""

import re

from docutils import nodes
from sphinx.transforms import SphinxTransform

PER_CENT = re.compile(r"(?<=\d) (?=%)")
FORMULA = re.compile(r"(?:\S+|^)(?: [=+−×÷/·±] \S+)+")
LONGEST = 24  # letters: a longer formula would leave a gap on a phone
AS_IT_IS = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.raw)


def unbroken(text):
    """Return the text with a space that does not break in place of each that should not."""

    def whole(formula):
        found = formula.group()
        return found.replace(" ", "\xa0") if len(found) <= LONGEST else found

    return FORMULA.sub(whole, PER_CENT.sub("\xa0", text))


class Unbroken(SphinxTransform):
    default_priority = 500

    def apply(self):
        for text in list(self.document.findall(nodes.Text)):
            whole = unbroken(text)
            if whole != text and not isinstance(text.parent, AS_IT_IS):
                text.parent.replace(text, nodes.Text(whole))


def setup(app):
    app.add_transform(Unbroken)
