"""Live cells: in a chapter that is mostly NumPy, a reader runs and changes the code in the page.

The page's script (page.js) starts a worker (worker.js) at the reader's click. The worker fetches
Python itself, Pyodide, from the address `live_runtime` in _config.yml, and the book's package from
the site. Until the click nothing of this is loaded.
"""

import base64
import hashlib
import html
import importlib.util
import io
import json
import shutil
import zipfile
from pathlib import Path

import nbformat
from docutils import nodes

from dropout_site.live.imports import OURS, live

HERE = Path(__file__).parent
# What runs in the page lies there side by side: so there `import theme_svg`.
IN_PYTHON = [
    HERE / "runner.py",
    HERE / "imports.py",
    HERE.parent / "figures" / "theme_svg.py",
]
FOLDER = "live"  # of the site


def package():
    """The folder of the book's package, as this Python finds it."""
    return Path(importlib.util.find_spec(OURS).origin).parent


def packed():
    """Return the package as a ZIP file: its name, and the same bytes for the same source."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for file in sorted(package().rglob("*.py")):
            name = file.relative_to(package().parent).as_posix()
            entry = zipfile.ZipInfo(name)  # with the date of 1980
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())
    return f"{OURS}.zip", content.getvalue()


def digest(data):
    """As the browser checks it: `integrity` of a request."""
    sha256 = hashlib.sha256(data).digest()
    return f"sha256-{base64.b64encode(sha256).decode()}"


def live_cells(path):
    """Return which cells of the notebook are live, as indices among all its cells.

    None are if that would be half of its code cells or fewer: such a chapter is about PyTorch, and
    a few cells that run would only be a riddle.
    """
    notebook = nbformat.read(path, as_version=4)
    # An assignment is handed in as a file.
    if "otter" in notebook.metadata:
        return []
    code = [(i, c.source) for i, c in enumerate(notebook.cells) if c.cell_type == "code"]
    alive = live([source for _, source in code], package())
    return [code[k][0] for k in alive] if 2 * len(alive) > len(code) else []


def mark(app, doctree, page):
    """Give the live cells of a page their class."""
    path = Path(app.env.doc2path(page))
    if path.suffix != ".ipynb":
        return
    alive = live_cells(path)
    for cell in doctree.findall(nodes.container):
        if cell.get("nb_element") == "cell_code" and cell["cell_index"] in alive:
            cell["classes"].append("live")


def files():
    """What the site serves for live cells, by name: the package, and what runs the cells."""
    name, data = packed()
    served = {name: data}
    return served | {f.name: f.read_bytes() for f in IN_PYTHON}


def add_script(app, page, template, context, doctree):
    """Add the script to a page with live cells, and to no other."""
    cells = doctree.findall(nodes.container) if doctree else ()
    if not any("live" in cell["classes"] for cell in cells):
        return

    def address(name):
        data = (HERE / name).read_bytes()
        version = hashlib.sha256(data).hexdigest()[:8]
        return f"{context['pathto'](f'{FOLDER}/{name}', resource=True)}?v={version}"

    settings = {
        "runtime": app.config.live_runtime,
        "worker": address("worker.js").rpartition("/")[2],
        "files": {name: digest(data) for name, data in files().items()},
    }
    context["metatags"] = context.get("metatags", "") + (
        # In the page: it would wait for one more file before it shows anything.
        f"<style>{(HERE / 'live.css').read_text('utf8')}</style>"
        f'<script defer src="{address("page.js")}" '
        f'data-live="{html.escape(json.dumps(settings))}"></script>'
    )


def write_files(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    target = Path(app.outdir) / FOLDER
    target.mkdir(exist_ok=True)
    for name in ("page.js", "worker.js"):
        shutil.copyfile(HERE / name, target / name)
    for name, data in files().items():
        (target / name).write_bytes(data)


def setup(app):
    app.add_config_value("live_runtime", "", "html")
    app.connect("doctree-resolved", mark)
    app.connect("html-page-context", add_script)
    app.connect("build-finished", write_files)
