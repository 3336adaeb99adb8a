"""Of the theme's icons, send those that the pages show.

The theme loads all of Font Awesome: 540 KB of script, compressed, and 25 KB of rules in its
stylesheet, for a dozen signs. The same signs come from its font, which is cut to them here, and
the script is left out. So are the scripts of Sphinx's search, which the theme asks for on every
page but that of the results: the book has a search of its own.
"""

import re
from pathlib import Path

from dropout_site.cut_font import cut_font

THEME_CSS = "_static/styles/pydata-sphinx-theme.css"
FONTS = "_static/vendor/fontawesome/webfonts"
SCRIPTS = [
    r'<script defer src="[^"]*scripts/fontawesome\.js[^"]*"></script>',
    r'<script src="[^"]*_static/searchtools\.js"></script>',
    r'<script src="[^"]*_static/language_data\.js"></script>',
    r'<script src="[^"]*searchindex\.js"></script>',
]
ICON_RULE = r'((?:\.fa-[\w-]+:{1,2}before,?)+)\{content:"[^"]*"\}'
FACE = (
    r"url\(\.\./vendor/fontawesome/webfonts/([\w-]+)\.woff2\) format\(\"woff2\"\),"
    r"url\([^)]*\) format\(\"truetype\"\)"
)


def drop_scripts(html, is_search):
    """Return the page without the scripts that it does not need; a missing one is an error."""
    for script in SCRIPTS[:1] if is_search else SCRIPTS:
        html, found = re.subn(script, "", html)
        if found != 1:
            raise ValueError(f"{found} times in a page, not once: {script}")
    return html


def drop_rules(css, used):
    """Return the stylesheet without the rules of icons that are not in `used`."""

    def keep_if_used(rule):
        names = re.findall(r"\.(fa-[\w-]+)", rule[1])
        return rule[0] if used.intersection(names) else ""

    return re.sub(ICON_RULE, keep_if_used, css)


def lighten(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    site = Path(app.outdir)
    used = set()
    for file in site.rglob("*.html"):
        if "_static" not in file.parts:
            html = drop_scripts(file.read_text("utf8"), file == site / "search.html")
            file.write_text(html, "utf8")
            used |= set(re.findall(r"\bfa-[\w-]+", html))
    css = drop_rules((site / THEME_CSS).read_text("utf8"), used)
    css = re.sub(FACE, r'url(../vendor/fontawesome/webfonts/\1.woff) format("woff")', css)
    (site / THEME_CSS).write_text(css, "utf8")
    styles = "".join(f.read_text("utf8") for f in (site / "_static").rglob("*.css"))
    # A stylesheet writes a sign as it is, or by its number.
    code_points = {ord(c) for c in styles if "\ue000" <= c <= "\uf8ff"} | {
        int(c, 16) for c in re.findall(r'"\\([0-9a-f]{4})"', styles)
    }
    for font in (site / FONTS).glob("*.ttf"):
        cut_font(app, font, font.with_suffix(".woff"), code_points, layout_features=[])
    for unused in [
        *(site / FONTS).glob("*.ttf"),
        *(site / FONTS).glob("*.woff2"),
        *(site / "_static/scripts").glob("fontawesome*"),
    ]:
        unused.unlink()


def setup(app):
    app.connect("build-finished", lighten, priority=900)
