"""The site's stylesheet, as what is printed takes it."""

from tools.paths import HTML

STYLE = HTML / "_static/styles/site.css"


def site_style():
    """Its text. A page draws itself without letters that come late; what is printed waits."""
    return STYLE.read_text("utf8").replace("font-display: optional", "font-display: block")
