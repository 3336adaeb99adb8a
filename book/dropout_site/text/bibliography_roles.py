"""Mark the bibliography up as what it is to a reader: paragraphs, one after another.

Docutils calls it a list whose items have a role that ARIA has given up, so that to a screen reader
the list holds loose links. Without the roles the text reads as it stands.
"""

ROLES = (' role="doc-biblioentry"', ' role="list"')


def without_roles(app, pagename, templatename, context, doctree):
    if pagename == "reference/bibliography":
        for role in ROLES:
            context["body"] = context["body"].replace(role, "")


def setup(app):
    app.connect("html-page-context", without_roles)
