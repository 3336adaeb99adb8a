"""Mark the bibliography up as what it is to a reader: paragraphs, one after another.

Docutils calls it a list, and gives its items a role that ARIA has dropped: a screen reader then
finds loose links in a list. Without the roles the text reads as it stands.
"""

ROLES = (' role="doc-biblioentry"', ' role="list"')


def without_roles(app, pagename, templatename, context, doctree):
    if pagename == "reference/bibliography":
        for role in ROLES:
            context["body"] = context["body"].replace(role, "")


def setup(app):
    app.connect("html-page-context", without_roles)
