"""What a page says of itself to a search engine, and beside a shared link.

The sentence is in descriptions.yml. The address of a card, and the page's own, must be whole:
they are there only if `html_baseurl` says where the book is published. The questions and answers
of QUESTIONS are said once more as schema.org's FAQPage.
"""

import json
import re
from html import escape
from pathlib import Path
from urllib.parse import urljoin

import yaml
from docutils import nodes

from dropout_site.search.sections import say

QUESTIONS = "reference/questions"


def read_descriptions(app):
    file = Path(app.srcdir, "descriptions.yml")
    app.env.page_descriptions = yaml.safe_load(file.read_text("utf8")) if file.is_file() else {}


def meta(**attributes):
    pairs = " ".join(f'{k}="{escape(v)}"' for k, v in attributes.items())
    return f"<meta {pairs}/>\n"


def questions(doctree):
    """Return each section of the third rank, its title a question and the rest its answer."""
    found = []
    for section in doctree.findall(lambda n: isinstance(n, nodes.section) and rank(n) == 3):
        title, *answer = section.children
        text = re.sub(r"\s+", " ", " ".join(say(part) for part in answer)).strip()
        accepted = {"@type": "Answer", "text": text}
        found.append({"@type": "Question", "name": say(title), "acceptedAnswer": accepted})
    return found


def rank(section):
    return 1 + rank(section.parent) if isinstance(section.parent, nodes.section) else 1


def as_data(doctree):
    page = {
        "@context": "https://schema.org",
        "@type": "FAQPage",
        "mainEntity": questions(doctree),
    }
    # No text can end the script.
    text = json.dumps(page, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/ld+json">{text}</script>\n'


def describe(app, page, template, context, doctree):
    if doctree is None:
        return
    sentence = app.env.page_descriptions.get(page)
    if not sentence:
        return
    title = app.env.titles[page].astext()
    tags = {
        "og:type": "article",
        "og:site_name": app.config.html_title,
        "og:title": title,
        "og:description": sentence,
    }
    context["metatags"] += meta(name="description", content=sentence)
    site = app.config.html_baseurl
    if site:
        # Here, as with it comes matplotlib.
        from dropout_site.sharing.card import draw

        card = f"_static/cards/{page.replace('/', '-')}.png"
        draw(title, app.config.html_title, Path(app.outdir, card))
        tags["og:url"] = urljoin(site, app.builder.get_target_uri(page))
        tags["og:image"] = urljoin(site, card)
        tags["og:image:alt"] = f"{title} ({app.config.html_title})"
        context["metatags"] += meta(name="twitter:card", content="summary_large_image")
    for name, content in tags.items():
        context["metatags"] += meta(property=name, content=content)
    if page == QUESTIONS:
        context["metatags"] += as_data(doctree)


def setup(app):
    app.connect("builder-inited", read_descriptions)
    app.connect("html-page-context", describe)
