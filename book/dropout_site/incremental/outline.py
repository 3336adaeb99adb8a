"""Write the other pages anew if what they show of an edited one has changed, and only then.

A page shows of others their titles and headings (the sidebar, "next", the text of a link), where a
link to them leads, and what a citation or an equation is called. All this is the book's outline.
While it stays as it was, Sphinx writes the pages whose own text has changed. When it does not, all
are written. The settings, the table of contents and this extension are not in it: `make book`
begins anew when one of these has changed.
"""

import ast
import hashlib
import json
import shutil
from pathlib import Path

from docutils import nodes

FILE = "outline"  # beside what Sphinx keeps of each page
SHARED = ("_images", "_downloads")  # folders of files that pages share


def outline(env):
    """Return a digest of all that one page can show of another."""
    pages = sorted(env.found_docs)
    seen = {
        "titles": [[page, env.titles[page].pformat()] for page in pages],
        "long titles": [[page, env.longtitles[page].pformat()] for page in pages],
        "headings": [[page, env.tocs[page].pformat()] for page in pages],
        "slugs": [[page, slugs(env.metadata[page])] for page in pages],
        "included": env.toctree_includes,
        "files": [copied(env.images), copied(env.dlfiles)],
        "domains": dict(env.domaindata),
    }
    return hashlib.sha256(json.dumps(plain(seen), sort_keys=True).encode()).hexdigest()


def slugs(metadata):
    """The anchors of a page's headings, by which Markdown links to them, without their lines."""
    return [[slug, rest[1:]] for slug, rest in metadata.get("myst_slugs", {}).items()]


def copied(files):
    """The files that pages share by name; a drawing is in its page, and has no file."""
    return [[file, name] for file, (_, name) in files.items() if not file.endswith(".svg")]


def plain(value):
    """Return the value as JSON can hold it: sets in order, trees as text, and no line numbers."""
    if isinstance(value, nodes.Node):
        return value.pformat()
    if isinstance(value, ast.AST):
        return ast.dump(value)
    if isinstance(value, dict):
        return sorted([repr(plain(key)), plain(one)] for key, one in value.items())
    if isinstance(value, set | frozenset):
        return sorted(repr(plain(one)) for one in value)
    if hasattr(value, "_asdict"):
        return plain({name: one for name, one in value._asdict().items() if name != "line"})
    if type(value).__repr__ is object.__repr__:  # which names a place in the memory
        return plain(vars(value))
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value if isinstance(value, str | int | None) else repr(value)


def all_if_it_changed(app, env):
    app.book_outline = outline(env)
    file = Path(app.doctreedir) / FILE
    before = file.read_text() if file.is_file() else None
    file.unlink(missing_ok=True)  # a build that fails leaves none
    if app.book_outline != before:
        for folder in SHARED:  # what no page shows any more must not stay
            shutil.rmtree(Path(app.outdir) / folder, ignore_errors=True)
        return list(env.found_docs)
    app.builder.allow_parallel = False  # to start processes takes longer than a few pages
    return []


def keep(app, exception):
    if exception is None:
        (Path(app.doctreedir) / FILE).write_text(app.book_outline)


def setup(app):
    app.connect("env-updated", all_if_it_changed, priority=900)
    app.connect("build-finished", keep)
