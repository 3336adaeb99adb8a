"""Set apart where a question was asked.

On the page of questions each answer ends with brackets that say so; they get the class `asked`, and
the style sheet a line of their own, below what a reader came for.
"""

from docutils import nodes
from sphinx.transforms import SphinxTransform

PAGE = "reference/questions"


class Asked(SphinxTransform):
    default_priority = 500

    def apply(self):
        if self.document.settings.env.docname != PAGE:
            return
        for paragraph in self.document.findall(nodes.paragraph):
            if paragraph.astext().endswith(")"):
                set_apart(paragraph)


def set_apart(paragraph):
    """Put the paragraph's last brackets, and what stands in them, into an inline of their own."""
    texts = [child for child in paragraph.children if isinstance(child, nodes.Text)]
    opening = next((text for text in reversed(texts) if " (" in text), None)
    if opening is None:
        return
    at = paragraph.index(opening)
    before, _, after = opening.rpartition(" (")
    inside = nodes.inline("", f"({after}", *paragraph.children[at + 1 :], classes=["asked"])
    del paragraph.children[at:]
    paragraph += [nodes.Text(f"{before} "), inside]


def setup(app):
    app.add_transform(Asked)
