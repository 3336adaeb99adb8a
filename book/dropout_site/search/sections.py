"""Cut a page into sections, each with the words that the search looks through.

A result's excerpt is quoted from `text`. What a prediction or a fold hides, and what code says, is
found as well, and never quoted: the one would give an answer away, the other is no sentence.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from docutils import nodes
from sphinx import addnodes

from dropout_site.search.plain_formula import plain
from dropout_site.text.boxes import is_prediction

NO_WORDS = (nodes.raw, nodes.math_block, nodes.comment, nodes.image, nodes.literal_block)
LEFT_OUT = "Sources"  # names and titles, which reference/bibliography has too
# What people call a section that says it otherwise: the file says more.
ASKED = yaml.load(Path(__file__).with_name("asked.yml").read_bytes(), yaml.CSafeLoader)


@dataclass
class Section:
    anchor: str
    heading: str
    text: list[str] = field(default_factory=list)
    unquoted: list[str] = field(default_factory=list)

    def record(self):
        """What the site gets: the anchor, the heading, the text, and the other words, each once."""
        text = re.sub(r"\s+", " ", " ".join(self.text)).strip()
        said = set(words(text)) | set(words(self.heading))
        other = dict.fromkeys(w for w in words(" ".join(self.unquoted)) if w not in said)
        return [self.anchor, self.heading, text, " ".join(other)]


def words(text):
    return re.findall(r"[^\W\d_][\w.]*\w", text.lower())


def say(node):
    """Return a node's text on one line, its formulas in plain signs."""
    if isinstance(node, nodes.math):
        return plain(node.astext())
    if isinstance(node, nodes.Text):
        return node.astext()
    if isinstance(node, NO_WORDS):
        return ""
    apart = "" if isinstance(node, nodes.TextElement) else " "
    return apart.join(say(child) for child in node.children)


class Cutter:
    """Goes through a page once, in order."""

    def __init__(self):
        self.sections = []
        self.hidden = False
        self.folded = False

    def cut(self, node, depth=1):
        for child in node.children:
            if isinstance(child, nodes.section):
                self.begin(child["ids"][0], say(child.next_node(nodes.title)), depth)
                self.cut(child, depth + 1)
            elif isinstance(child, addnodes.desc):
                self.name(child)
            elif isinstance(child, nodes.raw):
                tags = re.findall(r"</?details", child.astext())
                self.folded = tags[-1] == "<details" if tags else self.folded
            elif not isinstance(child, nodes.title) and self.sections:
                self.add(child, self.sections[-1])

    def add(self, node, section):
        self.hidden = self.hidden and not is_prediction(node)
        is_quoted = not (self.hidden or self.folded)
        (section.text if is_quoted else section.unquoted).append(say(node))
        section.unquoted += [block.astext() for block in node.findall(nodes.literal_block)]
        self.hidden = self.hidden or is_prediction(node)

    def begin(self, anchor, heading, depth):
        self.hidden = self.hidden and depth > 2
        self.sections.append(Section(anchor, heading))

    def name(self, described):
        """A documented name is a section of its own; its methods are in it."""
        signature = described.next_node(addnodes.desc_signature)
        if signature["ids"]:
            self.sections.append(Section(signature["ids"][0], signature["fullname"]))
            self.sections[-1].text.append(say(described.next_node(addnodes.desc_content)))


def sections(doctree, page, description):
    """Return the records of a page's sections; the first one stands for the page itself."""
    cutter = Cutter()
    cutter.cut(doctree)
    first, *others = cutter.sections
    first.anchor = ""
    first.text.insert(0, description)
    return [
        [*s.record(), ASKED.get(f"{page}#{s.anchor}".rstrip("#"), "")]
        for s in (first, *others)
        if s.heading != LEFT_OUT
    ]
