"""Serve MathJax from the site itself: reading a page asks no other server for anything.

The files come with the package `sphinx-mathjax-offline`, which as a Sphinx extension would copy all
24 MB of them. This takes the parts that the book's formulas need: not the ready bundle, as 40 % of
that is a menu. The fonts are cut to SIGNS. Any other sign would show in a font of the reader's, and
tests/browser/test_pages.py tells which to add.
"""

import importlib.util
import re
import shutil
import string
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

START = "startup.js"
LOADED = [
    "input/tex-base",
    "[tex]/ams",
    "output/chtml",
    "a11y/assistive-mml",  # what a screen reader reads
]
FILES = [
    START,
    "core.js",
    "input/tex-base.js",
    "input/tex/extensions/ams.js",
    "output/chtml.js",
    "output/chtml/fonts/tex.js",
    "a11y/assistive-mml.js",
]
AHEAD = FILES[:3]
FONTS = "output/chtml/fonts/woff-v2"
# What the formulas show: ASCII, and what a browser has been seen to draw besides, or is likely to.
GREEK = "ΓΔΣΦΩαβγδεηθλμπρστφω\u03f5"
OPERATORS = "\u00a0¬±·×′…∂∇∈∏∑−∗∘√∝∞∥≈≠≤≥⋅⋯⇒⟹←→‖∼≡≪≫"
SIGNS = string.printable + GREEK + OPERATORS


def files():
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    return Path(package.origin).parent / "static" / "mathjax"


def cut_font(source, target):
    font = TTFont(source)
    # The fonts of large delimiters are put together from pieces: those stay whole, as does the
    # font of no width, which has no letters.
    if not re.search("_(Size|Zero)", source.name):
        cutter = Subsetter(Options(hinting=False, drop_tables=["FFTM"]))
        cutter.populate(text=SIGNS)
        cutter.subset(font)
    font.flavor = "woff"
    font.save(target)


def only_where_needed(app, page, template, context, doctree):
    """Leave MathJax out of a page without formulas; Sphinx loads it for those of pages below, too.

    Such a page asks for the first files when it is idle: a chapter with formulas may come next.
    """
    if app.env.get_domain("math").data["has_equations"].get(page):
        return
    scripts = context["script_files"]
    scripts[:] = [script for script in scripts if not is_mathjax(script)]
    if page in app.env.found_docs:
        for name in AHEAD:
            address = context["pathto"](f"_static/mathjax/{name}", resource=True)
            context["metatags"] += f'<link rel="prefetch" href="{address}"/>\n'


def is_mathjax(script):
    body = getattr(script, "attributes", {}).get("body") or ""
    return script.filename == f"_static/mathjax/{START}" or body.startswith("window.MathJax")


def copy_mathjax(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    target = Path(app.outdir) / "_static" / "mathjax"
    for name in FILES:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(files() / name, target / name)
    (target / FONTS).mkdir(parents=True)
    # Cutting takes time, and a change of the pages changes no font.
    kept = Path(app.doctreedir) / "fonts"
    kept.mkdir(exist_ok=True)
    for font in (files() / FONTS).glob("*.woff"):
        if app.fresh_env_used or not (kept / font.name).is_file():
            cut_font(font, kept / font.name)
        shutil.copyfile(kept / font.name, target / FONTS / font.name)


def setup(app):
    app.config.mathjax_path = f"mathjax/{START}"
    app.config.mathjax3_config |= {
        "loader": {"load": LOADED},
        "tex": {"packages": ["base", "ams"]},
    }
    app.connect("html-page-context", only_where_needed, priority=600)
    app.connect("build-finished", copy_mathjax)
