"""Give the two boxes of a chapter their class.

A chapter writes them as plain block quotes, so that they read well in Jupyter too:

    > **Predict.** What does this cell print?

becomes `<blockquote class="predict">`; so does one that opens with **Judge**, in the game. One that
opens with **Check yourself** gets the class `check`. All other block quotes stay quotes.
"""

from docutils import nodes
from sphinx.transforms import SphinxTransform

CLASSES = {"Predict": "predict", "Judge": "predict", "Check yourself": "check"}


class Boxes(SphinxTransform):
    default_priority = 500

    def apply(self):
        for quote in self.document.findall(nodes.block_quote):
            opening = quote.next_node(nodes.strong)
            if opening is None or opening is not first_inline(quote):
                continue
            for words, name in CLASSES.items():
                if opening.astext().startswith(words):
                    quote["classes"].append(name)


def is_prediction(node):
    """Whether a node of a page is the box of a prediction; known once this transform has run."""
    return isinstance(node, nodes.block_quote) and "predict" in node["classes"]


def first_inline(quote):
    """The first thing in the first paragraph, or None."""
    paragraph = quote.next_node(nodes.paragraph)
    if paragraph is None or paragraph.parent is not quote or quote.index(paragraph):
        return None
    # MyST puts an empty text before a strong one.
    return next((node for node in paragraph if node.astext()), None)


def setup(app):
    app.add_transform(Boxes)
