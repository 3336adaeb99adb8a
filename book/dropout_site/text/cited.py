"""Let a citation say what it cites, where it stands.

A chapter writes (Srivastava et al. 2014, §1), or a link to a source. The words become that link.
Under a mouse or with focus it shows the authors, the title and the venue (book.css), as they stand
in references.bib. On a small screen and on paper, the list at the end of the page says it.
"""

import re
from html import escape

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

LISTS = {"sources", "bibliography"}  # sections
PLAIN = (nodes.reference, nodes.literal, nodes.title, nodes.raw, nodes.math)


def surname(person):
    return " ".join([*person.prelast_names, *person.last_names])


def said(authors):
    """Return the authors as a sentence names them."""
    names = [surname(person) for person in authors]
    if len(names) > 3:
        return f"{names[0]} et al."
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def short(authors):
    """Return the form that a sentence may take for three authors too."""
    return f"{surname(authors[0])} et al." if len(authors) > 2 else said(authors)


def in_full(entry):
    """Return what is shown: authors, title, venue and year."""
    fields = entry.fields
    venue = next((fields[f] for f in ("journal", "booktitle", "howpublished") if f in fields), "")
    where = ", ".join(filter(None, [venue, fields.get("year", "")]))
    parts = said(entry.persons["author"]), fields["title"], where
    return re.sub(r"[{}\\]", "", ". ".join(part.rstrip(".") for part in parts if part)) + "."


def entries(env):
    """Return the sources that have an author and an address."""
    known = env.get_domain("cite").bibdata.data.entries.values()
    return [e for e in known if e.persons.get("author") and "url" in e.fields]


def citations(sources):
    """Return {the words that cite it: its address}, without words that may mean two sources."""
    found = {}
    for entry in sources:
        authors, year = entry.persons["author"], entry.fields.get("year")
        for names in {said(authors), short(authors)} if year else ():
            found.setdefault(f"{names} {year}", set()).add(entry.fields["url"])
    return {words: urls.pop() for words, urls in found.items() if len(urls) == 1}


class Cited(SphinxPostTransform):
    default_priority = 700
    formats = ("html",)

    def run(self):
        sources = entries(self.env)
        self.link(citations(sources))
        texts = {entry.fields["url"]: in_full(entry) for entry in sources}
        for node in self.document.findall(nodes.reference):
            if node.get("refuri") in texts and not in_a_list(node):
                node["classes"].append("cited")

    def link(self, found):
        """Make links of the words that cite a source."""
        if not found:
            return
        words = re.compile("|".join(map(re.escape, sorted(found, key=len, reverse=True))))
        for text in list(self.document.findall(nodes.Text)):
            if words.search(text) and not any(isinstance(a, PLAIN) for a in ancestors(text)):
                text.parent.replace(text, pieces_of(text, words, found))


def pieces_of(text, words, found):
    """Return a text cut into plain pieces and links."""
    pieces, at = [], 0
    for match in words.finditer(text):
        url = found[match[0]]
        link = nodes.reference("", match[0], refuri=url, internal=False)
        pieces += [nodes.Text(text[at : match.start()]), link]
        at = match.end()
    return [*pieces, nodes.Text(text[at:])]


def ancestors(node):
    while (node := node.parent) is not None:
        yield node


def in_a_list(node):
    """Whether a node stands in a page's list of sources, which says it in full."""
    return any(LISTS & set(a["ids"]) for a in ancestors(node) if isinstance(a, nodes.section))


def add_sources(app, page, template, context, doctree):
    """Write beside each link what it shows; docutils has no attribute for that."""
    if 'class="cited ' not in context.get("body", ""):
        return
    texts = {escape(e.fields["url"]): escape(in_full(e)) for e in entries(app.env)}
    context["body"] = re.sub(
        r'<a class="cited [^"]*" href="([^"]*)"',
        lambda link: f'{link[0]} data-source="{texts[link[1]]}"',
        context["body"],
    )


def setup(app):
    app.add_post_transform(Cited)
    app.connect("html-page-context", add_sources)
