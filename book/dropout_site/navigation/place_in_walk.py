"""Say above a page's title where it stands: which step of the walk, or which part of the book."""

WALK, DEEPER = "The walk", "Deeper"  # captions in _toc.yml


def places(site_map):
    """Return the words above each page that has some, by the page's name."""
    said = {}
    for part in site_map.root.subtrees:
        pages = list(part.files())
        for step, page in enumerate(pages, start=1):
            if part.caption == WALK:
                said[page] = f"{WALK}, step {step} of {len(pages)}"
            elif part.caption == DEEPER:
                said[page] = f"{DEEPER}: beside the walk, for whoever asks"
            elif part.caption:
                said[page] = part.caption
    return said


def say_the_place(app, page, template, context, doctree):
    words = places(app.env.external_site_map).get(page)
    if words and "body" in context:
        context["body"] = f'<p class="place">{words}</p>\n{context["body"]}'


def setup(app):
    app.connect("html-page-context", say_the_place)
