"""Serve MathJax from the site itself: reading a page asks no other server for anything.

The files come with the package `sphinx-mathjax-offline`; used as a Sphinx extension it would copy
all 24 MB of them. This takes the one bundle that pages load and what that can ask for later.
"""

import importlib.util
import shutil
from pathlib import Path

BUNDLE = "tex-chtml.js"
# Fonts, TeX extensions on demand, and what the menu's accessibility entries switch on.
PARTS = (BUNDLE, "output/chtml", "input/tex", "a11y", "sre")


def copy_mathjax(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    source = Path(package.origin).parent / "static" / "mathjax"
    for part in PARTS:
        target = Path(app.outdir) / "_static" / "mathjax" / part
        if (source / part).is_dir():
            shutil.copytree(source / part, target, dirs_exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / part, target)


def setup(app):
    app.config.mathjax_path = f"mathjax/{BUNDLE}"
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
