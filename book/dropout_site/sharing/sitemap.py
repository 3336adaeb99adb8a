"""List the pages for search engines, in sitemap.xml.

Its addresses must be whole: it is made only if `html_baseurl` says where the book is published.
"""

from pathlib import Path
from urllib.parse import urljoin
from xml.sax.saxutils import escape


def write_sitemap(app, exception):
    site = app.config.html_baseurl
    if exception is not None or app.builder.format != "html" or not site:
        return
    pages = sorted(app.builder.get_target_uri(p) for p in app.env.found_docs)
    addresses = "".join(f"<url><loc>{escape(urljoin(site, page))}</loc></url>\n" for page in pages)
    Path(app.outdir, "sitemap.xml").write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"{addresses}</urlset>\n",
        "utf8",
    )


def setup(app):
    app.connect("build-finished", write_sitemap)
