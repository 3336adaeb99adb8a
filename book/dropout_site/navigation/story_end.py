"""End the story at its last page: no "next" leads a reader on into the teachers' pages."""

AFTER = "instructors/index"  # the first page that is not of the story


def end_the_story(app, page, template, context, doctree):
    _, _, following = app.builder.relations.get(page, (None, None, None))
    if following == AFTER:
        context["next"] = None
    if page == AFTER:
        context["prev"] = None


def setup(app):
    app.connect("html-page-context", end_the_story)
