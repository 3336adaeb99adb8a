"""Join the stylesheets that every page asks for: one file to wait for instead of eight.

Those of the theme, Sphinx and its extensions, the rules of formulas and book.css, in the order of
the pages, without comments and what no page can show.
"""

import hashlib
import re
from pathlib import Path

from dropout_site.page_weight.used_rules import names, only_used

LINK = re.compile(r'<link [^>]*?href="([^"]*?)(_static/[^"?]+\.css)[^"]*"[^>]*>\s*')
ONE = "_static/styles/site.css"


def joined(file, static):
    """Return a stylesheet's text as it reads from the folder of ONE, with all that it imports."""

    def moved(found):
        target = (file.parent / found[1]).resolve().relative_to(static)
        return f"url(../{target.as_posix()})"

    css = re.sub(r"/\*.*?\*/", "", file.read_text("utf8"), flags=re.DOTALL)
    css = re.sub(r"""url\(["']?(?!["']?data:)([^)"']+)["']?\)""", moved, css)
    return re.sub(r'@import "([^"]+)";', lambda found: joined(file.parent / found[1], static), css)


def join_all(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    site = Path(app.outdir).resolve()
    pages = {f: f.read_text("utf8") for f in site.rglob("*.html") if "_static" not in f.parts}
    asked = {tuple(name for _, name in LINK.findall(html)) for html in pages.values()}
    if len(asked) != 1:
        raise ValueError(f"the pages ask for different stylesheets: {sorted(asked)}")
    stylesheets = asked.pop()
    whole = "\n".join(joined(site / name, site / "_static") for name in stylesheets)
    scripts = [file.read_text("utf8") for file in site.rglob("*.js")]
    css = only_used(whole, names(pages.values(), scripts))
    (site / ONE).write_text(css, "utf8")
    version = hashlib.sha256(css.encode()).hexdigest()[:8]
    for file, html in pages.items():
        first = LINK.search(html)
        rest = LINK.sub("", html[first.end() :])
        link = f'<link rel="stylesheet" href="{first[1]}{ONE}?v={version}" />\n'
        file.write_text(html[: first.start()] + link + rest, "utf8")
    for file in (site / "_static").rglob("*.css*"):  # with the theme's maps, of 1 MB
        if file != site / ONE:
            file.unlink()


def setup(app):
    app.connect("build-finished", join_all, priority=900)
