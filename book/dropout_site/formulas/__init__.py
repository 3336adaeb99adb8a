r"""Draw the formulas while the site is built: a page ships no typesetter, and needs no scripts.

MathJax draws all of the book's formulas in one run of Node, in a third of a second. MathJax comes
with the package `sphinx-mathjax-offline`, Node with Playwright. Each formula holds three things:
the drawing; MathML, which a screen reader reads; and its TeX, out of sight, which is what a reader
copies. MathJax's fonts are cut to the signs that the drawings show.
"""

import contextlib
import importlib.util
import json
import pickle
import re
import shutil
import subprocess
from pathlib import Path

from docutils import nodes
from playwright._impl._driver import compute_driver_executable  # it has no public name
from sphinx.errors import ExtensionError
from sphinx.util.math import get_node_equation_number

from dropout_site.cut_font import cut_font

HERE = Path(__file__).parent
RULES = "formulas.css"
KEPT = "drawn-formulas"  # beside what Sphinx keeps of each page
NO_LETTERS = "MathJax_Zero.woff"  # it keeps lines from growing


def mathjax():
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    return Path(package.origin).parent / "static" / "mathjax"


def typeset(formulas):
    """Return the drawing of each formula, a pair (TeX, display), and the rules for all of them."""
    node, _ = compute_driver_executable()
    done = subprocess.run(
        [node, HERE / "typeset.js", mathjax()],
        input=json.dumps(formulas),
        capture_output=True,
        encoding="utf8",
    )
    if done.returncode:
        raise ExtensionError(f"MathJax: {done.stderr.strip()}")
    answer = json.loads(done.stdout)
    return dict(zip(formulas, answer["drawn"], strict=True)), answer["rules"]


def key(node):
    return node.astext().strip(), isinstance(node, nodes.math_block)


def is_formula(node):
    return isinstance(node, nodes.math | nodes.math_block)


def collect(app, doctree):
    formulas_of(app.env)[app.env.docname] = list(map(key, doctree.findall(is_formula)))


def formulas_of(env):
    """The formulas of each page, as it was last read."""
    if not hasattr(env, "book_formulas"):
        env.book_formulas = {}
    return env.book_formulas


def merge(app, env, pages, other):
    formulas_of(env).update({page: formulas_of(other)[page] for page in pages})


def typeset_all(app, env):
    """Have the formulas drawn, unless they are those of the last time."""
    formulas = {one: None for page in sorted(env.found_docs) for one in formulas_of(env)[page]}
    kept = Path(app.doctreedir, KEPT)
    with contextlib.suppress(FileNotFoundError):
        app.book_formulas, app.book_formula_rules = pickle.loads(kept.read_bytes())
        if list(app.book_formulas) == list(formulas):
            return
    app.book_formulas, app.book_formula_rules = typeset(list(formulas))
    kept.write_bytes(pickle.dumps((app.book_formulas, app.book_formula_rules)))


def draw(writer, node, tag, before=""):
    tex, display = key(node)
    drawing = writer.builder.app.book_formulas[tex, display]
    sign = "$$" if display else "$"
    copied = f'<span class="tex" aria-hidden="true">{sign}{writer.encode(tex)}{sign}</span>'
    # A wide one scrolls by keys as a wide table does, by the theme's script.
    scrolls = " pst-scrollable-table-container" if display else ""
    opening = writer.starttag(node, tag, "", CLASS=f"math notranslate nohighlight{scrolls}")
    writer.body.append(f"{opening}{before}{drawing}{copied}</{tag}>")
    raise nodes.SkipNode


def visit_inline(writer, node):
    draw(writer, node, "span")


def visit_block(writer, node):
    number = ""
    if node["number"]:
        number = f'<span class="eqno">({get_node_equation_number(writer, node)})</span>'
    draw(writer, node, "div", number)


def signs(rules):
    """What the drawings show: a rule writes a sign as it is, or by its number."""
    number = re.compile(r"\\([0-9A-F]+) ?")
    written = re.findall('content: "(.*?)"', rules)
    return "".join(number.sub(lambda found: chr(int(found[1], 16)), text) for text in written)


def write(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    rules = app.book_formula_rules
    (static / RULES).write_text(rules, "utf8")
    (static / "fonts").mkdir(exist_ok=True)
    code_points = set(map(ord, signs(rules)))
    for font in (mathjax() / "output/chtml/fonts/woff-v2").glob("*.woff"):
        if font.name == NO_LETTERS:
            shutil.copyfile(font, static / "fonts" / font.name)
        else:
            target = static / "fonts" / font.name
            cut_font(app, font, target, code_points, drop_tables=["FFTM"])


def setup(app):
    app.add_html_math_renderer("drawn", (visit_inline, None), (visit_block, None))
    app.config.html_math_renderer = "drawn"
    app.add_css_file(RULES)
    app.connect("doctree-read", collect)
    app.connect("env-merge-info", merge)
    app.connect("env-updated", typeset_all)
    app.connect("build-finished", write)
