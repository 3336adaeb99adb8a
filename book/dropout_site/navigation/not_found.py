"""The page that a host such as GitHub Pages shows for an address that leads nowhere.

It is shown at any depth, so its links are whole paths: from the address of the site or else from
the root. A `<base>` would do for them, but then "#main-content" would lead away from the page.
The package sphinx-notfound-page (1.1.0) leaves `data-content_root`, which scripts read, relative.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

BODY = """<section><h1>There is no page here</h1>
<p>The address may be old, or have a slip in it. These lead on:</p>
<ul>
<li>{first}, the first page</li>
<li>{questions} lists what people have asked, each with a short answer</li>
</ul>
<form action="{search}" method="get" role="search">
<p><label for="lost">Or search the book:</label>
<input id="lost" type="search" name="q"/> <button type="submit">Search</button></p>
</form></section>"""


def link(app, page):
    title = app.env.titles[page].astext()
    return f'<a href="{app.builder.get_target_uri(page)}">{title}</a>'


def not_found(app):
    questions = "reference/questions"
    if questions not in app.env.found_docs:
        return
    body = BODY.format(
        first=link(app, app.config.root_doc),
        questions=link(app, questions),
        search=app.builder.get_target_uri("search"),
    )
    noindex = '<meta name="robots" content="noindex"/>\n'
    yield (
        "404",
        {
            "title": "There is no page here",
            "body": body,
            "noindex": noindex,
        },
        "page.html",
    )


def keep_out_of_searches(app, page, template, context, doctree):
    context["metatags"] = context.pop("noindex", "") + context.get("metatags", "")


def whole_paths(html, root):
    """Return the page with each path relative to the site as one from `root`."""
    html = html.replace('data-content_root="./"', f'data-content_root="{root}"')
    return re.sub(
        r'(\s(?:href|src|action)=")(?!#|/|[a-z]+:)(?:\./)?',
        rf"\g<1>{root}",
        html,
    )


def start_links_at_the_site(app, exception):
    file = Path(app.outdir) / "404.html"
    if exception is not None or not file.is_file():
        return
    root = urlsplit(app.config.html_baseurl).path or "/"
    file.write_text(whole_paths(file.read_text("utf8"), root), "utf8")


def setup(app):
    app.connect("html-collect-pages", not_found)
    app.connect("html-page-context", keep_out_of_searches, priority=900)
    app.connect("build-finished", start_links_at_the_site)
