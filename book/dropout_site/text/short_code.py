"""Keep short code in one line: `p = 0.5` must not end one with its p."""

from docutils import nodes
from sphinx.transforms import SphinxTransform

LONGEST_IN_ONE_LINE = 12  # letters: longer code would leave a gap on a phone


class ShortCode(SphinxTransform):
    default_priority = 500

    def apply(self):
        for literal in self.document.findall(nodes.literal):
            if len(literal.astext()) <= LONGEST_IN_ONE_LINE:
                literal["classes"].append("short")


def setup(app):
    app.add_transform(ShortCode)
