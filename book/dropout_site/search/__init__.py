"""Find the section that answers a question, in the reader's words: without a server, or a network.

Sphinx's own search wants every word on one page. This one ranks sections, by ranking.js, over the
words that sections.py cuts from the pages. Two files add words that the pages do not have:
synonyms.txt for the whole book, asked.yml for single sections, in the words of people who ask.

ranking.js is the book's own: no wheel was found that has MiniSearch, and the one of MkDocs, which
has lunr, brings eight more packages. For the phrasings of tests/browser/phrasings.txt, from the
same words, it finds more of the answers than MiniSearch 7.2 and lunr 2.3.9 did.
"""

import json
import shutil
from hashlib import sha256
from pathlib import Path

from dropout_site.search.sections import sections, words

HERE = Path(__file__).parent
FOLDER = "search"  # of the site
LOADER = "open.js"  # on every page; it loads the others when a reader turns to the search
FILES = (LOADER, "words.js", "ranking.js", "results.js", "here.js", "results.css")
DATA = "sections.js"  # a script, since a page that is opened as a file may fetch no data
SPHINX_S = ("searchtools.js", "language_data.js", "sphinx_highlight.js")


def synonyms():
    lines = (HERE / "synonyms.txt").read_text("utf8").splitlines()
    groups = [line for line in lines if line and not line.startswith("#")]
    return [[word.strip() for word in group.split(",")] for group in groups]


def replace_sphinx_s(app):
    app.builder.search = False
    kept(app).mkdir(parents=True, exist_ok=True)


def kept(app, page=""):
    """Where the sections of a page stay until it is written anew, by whatever process."""
    return Path(app.doctreedir, FOLDER, page.replace("/", "-")).with_suffix(".json" if page else "")


def collect(app, page, template, context, doctree):
    if doctree is not None:
        about = app.env.page_descriptions.get(page, "")
        address, title = app.builder.get_target_uri(page), app.env.titles[page].astext()
        kept(app, page).write_text(json.dumps([address, title, sections(doctree, page, about)]))


def change_scripts(app, page, template, context, doctree):
    scripts = context["script_files"]
    scripts[:] = [script for script in scripts if not str(script.filename).endswith(SPHINX_S)]
    version = sha256((HERE / LOADER).read_bytes()).hexdigest()[:8]
    address = context["pathto"](f"{FOLDER}/{LOADER}", resource=True)
    context["metatags"] = context.get("metatags", "") + (
        f'<script defer src="{address}?v={version}"></script>'
    )


def page_of_results(app):
    yield "search", {"title": "Search"}, "search.html"


def leave_out_what_is_said(pages):
    """Keep of the words that are never quoted those alone that no section says: a quarter less."""
    records = [record for _, _, records in pages for record in records]
    said = {word for _, heading, text, *_ in records for word in words(f"{heading} {text}")}
    for record in records:
        record[3] = " ".join(word for word in record[3].split() if word not in said)


def write(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    site = Path(app.outdir)
    (site / FOLDER).mkdir(exist_ok=True)
    for name in FILES:
        shutil.copyfile(HERE / name, site / FOLDER / name)
    pages = [json.loads(kept(app, page).read_text()) for page in sorted(app.env.found_docs)]
    leave_out_what_is_said(pages)
    data = {"pages": pages, "synonyms": synonyms()}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    (site / FOLDER / DATA).write_text(f"Results.read({text});\n", "utf8")
    for name in SPHINX_S:
        (site / "_static" / name).unlink()


def setup(app):
    app.connect("builder-inited", replace_sphinx_s)
    app.connect("html-page-context", collect)
    app.connect("html-page-context", change_scripts, priority=600)
    app.connect("html-collect-pages", page_of_results)
    app.connect("build-finished", write)
