"""What makes the book's pages the site: one Sphinx extension, in parts.

    text/        what a chapter is made of: boxes, folds, docstrings, citations
    formulas/    formulas, drawn while the site is built
    figures/     drawings in the page itself, in its theme and its font
    live/        cells that a reader runs in the page
    playground/  the playground of the first page
    predictions/ the answer to a prediction, out of sight until it is made
    explorables/ drawings with sliders under a chapter's cells
    navigation/  from page to page: the parts, the place, the end of all steps, a wrong address
    search/      the section that answers a question
    sharing/     what other sites show of a page
    incremental/ after an edit, what it has changed is made anew, and nothing else
    page_weight/ fewer files and bytes to load
    cut_font.py  a font cut to the signs that the site shows

`_config.yml` names this package alone.
"""

from importlib import import_module

# Of two parts that write into the head of a page, the first one writes above.
# The parts of page_weight go through a copy of the site, and so come last, in this order.
# Otherwise the order is free: no part reads what another one has made.
PARTS = (
    "text.asked",
    "text.bibliography_roles",
    "text.boxes",
    "text.citation",
    "text.cited",
    "text.docstrings",
    "text.fold_places",
    "text.folds",
    "text.kinds",
    "text.opening",
    "text.short_code",
    "text.unbroken",
    "formulas",
    "figures.inline_svg",
    "live",
    "playground",
    "predictions",
    "explorables",
    "navigation.not_found",
    "navigation.parts",
    "navigation.place_in_walk",
    "navigation.story_end",
    "search",
    "sharing.page_tags",
    "sharing.sitemap",
    "incremental.outline",
    "incremental.finished_copy",
    "incremental.kept_templates",
    "page_weight.deferred_scripts",
    "page_weight.typeface",
    "page_weight.only_used_icons",
    "page_weight.one_stylesheet",
)


def setup(app):
    for part in PARTS:
        import_module(f"{__name__}.{part}").setup(app)
    # It numbers once all is read, so it may be; it does not say so, and Sphinx would warn.
    if "sphinx_multitoc_numbering" in app.extensions:
        app.extensions["sphinx_multitoc_numbering"].parallel_read_safe = True
    return {"parallel_read_safe": True, "parallel_write_safe": True}
