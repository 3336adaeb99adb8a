"""What a page says of itself to a search engine, and where somebody shares its link.

The sentence is in descriptions.yml.
A card, a sitemap and a page's own address must be whole addresses: they are made only where
`html_baseurl` says where the book is published.
"""

from html import escape
from pathlib import Path
from urllib.parse import urljoin
from xml.sax.saxutils import escape as escape_xml

import yaml


def read_descriptions(app):
    file = Path(app.srcdir, "descriptions.yml")
    app.env.page_descriptions = (
        yaml.safe_load(file.read_text("utf8")) if file.is_file() else {}
    )


def meta(**attributes):
    pairs = " ".join(f'{k}="{escape(v)}"' for k, v in attributes.items())
    return f"<meta {pairs}/>\n"


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
        from card import draw  # with it comes matplotlib

        card = f"_static/cards/{page.replace('/', '-')}.png"
        draw(title, app.config.html_title, Path(app.outdir, card))
        tags["og:url"] = urljoin(site, app.builder.get_target_uri(page))
        tags["og:image"] = urljoin(site, card)
        tags["og:image:alt"] = f"{title} ({app.config.html_title})"
        context["metatags"] += meta(
            name="twitter:card", content="summary_large_image"
        )
    for name, content in tags.items():
        context["metatags"] += meta(property=name, content=content)


def write_sitemap(app, exception):
    site = app.config.html_baseurl
    if exception is not None or app.builder.format != "html" or not site:
        return
    pages = sorted(app.builder.get_target_uri(p) for p in app.env.found_docs)
    addresses = "".join(
        f"<url><loc>{escape_xml(urljoin(site, page))}</loc></url>\n"
        for page in pages
    )
    Path(app.outdir, "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"{addresses}</urlset>\n",
        "utf8",
    )


def setup(app):
    app.connect("builder-inited", read_descriptions)
    app.connect("html-page-context", describe)
    app.connect("build-finished", write_sitemap)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
