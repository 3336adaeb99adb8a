"""The directive `citation`: how to cite this book, in words and as BibTeX, from CITATION.cff."""

import textwrap
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective


def read_cff(file):
    cff = yaml.safe_load(file.read_text("utf8"))
    return {
        "author": " and ".join(author["name"] for author in cff["authors"]),
        "title": cff["title"],
        "version": cff["version"],
    }


def as_text(entry):
    text = "{author} ({year}). {title}. Version {version}.".format(**entry)
    return f"{text} {entry['url']}" if "url" in entry else text


def as_bibtex(entry):
    # In braces of its own, an organisation's name is not taken apart.
    fields = {**entry, "author": f"{{{entry['author']}}}"}
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join(["@misc{dropout-to-scale,", *lines, "}"])


class Citation(SphinxDirective):
    def run(self):
        file = Path(self.env.srcdir).parent / "CITATION.cff"
        self.env.note_dependency(str(file))
        entry = read_cff(file) | {"year": str(self.config.copyright)}
        url = self.config.html_baseurl or self.config.html_theme_options.get("repository_url")
        if url:
            entry["url"] = url
        text = "\n".join(textwrap.wrap(as_text(entry), 80))
        return [
            nodes.literal_block(text, text, language="text"),
            nodes.literal_block(as_bibtex(entry), as_bibtex(entry), language="bibtex"),
        ]


def setup(app):
    app.add_directive("citation", Citation)
