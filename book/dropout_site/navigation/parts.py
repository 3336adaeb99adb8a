"""Fold the parts of the contents at the side but for the one that one is in, or else the walk.

Fifty titles at once are a wall. A fold is the browser's own, so it needs no script.
"""

from dropout_site.navigation.place_in_walk import WALK


def fold(contents):
    """Make folds of the theme's captions and lists, in the soup that the theme makes."""
    somewhere = contents.select("ul.current")
    for caption in contents.select("p.caption"):
        pages = caption.find_next_sibling("ul")
        part, summary = contents.new_tag("details"), contents.new_tag("summary")
        part["class"] = "part"
        if pages in somewhere or (not somewhere and caption.get_text() == WALK):
            part["open"] = ""
        summary.extend(caption.contents[:])
        caption.replace_with(part)
        part.extend([summary, pages])
    return contents


def fold_parts(app, page, template, context, doctree):
    if (contents := context.get("generate_toctree_html")) is None:
        return

    def folded(kind, **options):
        made = contents(kind, **options)
        return fold(made) if kind == "sidebar" else made

    context["generate_toctree_html"] = folded


def setup(app):
    app.connect("html-page-context", fold_parts, priority=900)  # once the theme has set it
