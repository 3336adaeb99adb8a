"""End the walk and the story at their last pages.

After the walk's no "next" leads on, as if there were another step: the foot says that it ends, and
where each part beside it begins. After the story's none leads into the teachers' pages.
"""

from dropout_site.navigation.place_in_walk import WALK

AFTER = "instructors/index"  # the first page that is not of the story


def end_the_story(app, page, template, context, doctree):
    _, _, following = app.builder.relations.get(page, (None, None, None))
    parts = {p.caption: list(p.files()) for p in app.env.external_site_map.root.subtrees}
    if following == AFTER:
        context["next"] = None
    if page == AFTER:
        context["prev"] = None
    if page == parts.get(WALK, [None])[-1]:
        context["next"] = None
        # For book/_templates/components/prev-next.html.
        context["beside_the_walk"] = [
            (caption, pages[0], app.env.titles[pages[0]].astext())
            for caption, pages in parts.items()
            if caption != WALK and pages[0] != AFTER
        ]


def setup(app):
    app.connect("html-page-context", end_the_story)
