"""A small repository to try the commands on: the real tools and settings, a book of two pages."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib
import nbformat

from dropout_scaling.plots import STANDARD
from tools.book.watching import WARM
from tools.paths import ROOT

TOC = "format: jb-book\nroot: index\nchapters:\n  - file: page\n"
INDEX = """\
# The book

See [the page](page.ipynb).

> **Predict.** What comes?

> **Check yourself.** What was it?

> Someone **said** so.
"""
FIGURE = f"""\
import matplotlib.pyplot as plt
from matplotlib_inline.backend_inline import set_matplotlib_formats

set_matplotlib_formats("svg")
fig, ax = plt.subplots(figsize=(2, 1))
ax.plot([0, 1], color="{STANDARD["color"]}");"""
# PNG, a file of its own; the other figure is a drawing, which is in its page.
PICTURE = "import matplotlib.pyplot as plt\n\nfig, ax = plt.subplots()\nax.plot([0, 1]);"
CELLS = ("print(6 * 7)", PICTURE, FIGURE)
# What only real chapters import: here it would take most of the time.
HEAVY = re.compile(r'"(?:sklearn\.datasets|scipy\.stats|torch|torch\._dynamo)"(?:, |(?=\]))')
# Most of the edits that are tried have no figure.
IMPORTED = [module for module in WARM if not module.startswith("matplotlib")]
PRELOADING = ("tools/book/forked_kernels.py", "tools/book/seeds.py")
ALT = "A line that rises from zero to one, drawn in the colour of standard dropout."


def environment(variables):
    # Not this session's own repository or test settings, if it has any.
    ours = {"REPOSITORY_URL", "SITE_URL", "PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER"}
    env = {k: v for k, v in os.environ.items() if k not in ours}
    return env | {"DROPOUT_SCALING_DEVICE": "cpu", **variables}


class Builder:
    """A process that has imported what a build imports; each build is a copy of it.

    All copies of one have the same order of what is in a set, those of another a different one.
    """

    def __enter__(self):
        command = [sys.executable, Path(__file__).with_name("imported.py"), *IMPORTED]
        pipes = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
        self.process = subprocess.Popen(command, **pipes, env=environment({}), text=True)
        return self

    def run(self, root, module, env):
        with tempfile.TemporaryDirectory() as folder:
            said = [Path(folder, name) for name in ("stdout", "stderr")]
            asked = {"root": str(root), "module": module, "arguments": [], "env": env}
            print(json.dumps(asked | {"said": list(map(str, said))}), file=self.process.stdin)
            self.process.stdin.flush()
            status = int(self.process.stdout.readline())
            return subprocess.CompletedProcess(module, status, *(p.read_text("utf8") for p in said))

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Clone:
    """A copy of the repository with its own pages."""

    def __init__(self, root):
        self.root = root

    @classmethod
    def fresh(cls, root):
        """Make a clone in which nothing was run."""
        self = cls(root)
        parts = ("dropout_site", "_extra", "_static", "_templates")
        for name in ("tools", *(f"book/{part}" for part in parts)):
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in PRELOADING:
            self.write(name, HEAVY.sub("", (ROOT / name).read_text("utf8")))
        for name in ("_config.yml", "requirements.txt", "CITATION.cff"):
            shutil.copyfile(ROOT / name, root / name)
        self.write("_toc.yml", TOC)
        self.write("src/module.py", "CONSTANT = 1\n")
        self.write("book/references.bib", "")
        self.write("book/index.md", INDEX)
        self.write_notebook("Is it prose?", *CELLS)
        # Else the first figure has Matplotlib look through the machine's fonts again.
        for fonts in Path(matplotlib.get_cachedir()).glob("fontlist*.json"):
            self.write(f".cache/home/matplotlib/{fonts.name}", fonts.read_text("utf8"))
        return self

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf8")

    def write_notebook(self, prose, *sources, alt=ALT, name="page"):
        cells = [nbformat.v4.new_markdown_cell(f"# A page\n\n{prose}", id="text")]
        for number, source in enumerate(sources):
            cell = nbformat.v4.new_code_cell(source, id=f"code-{number}")
            if "subplots" in source and alt:
                cell.metadata["mystnb"] = {"image": {"alt": alt}}
            cells.append(cell)
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        path = self.root / "book" / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        nbformat.write(notebook, path)
        return path

    def run(self, tool, *arguments, **variables):
        """Run a module of ``tools`` as make does; return what it said and its exit status."""
        command = [sys.executable, "-m", f"tools.{tool}", *arguments]
        env = environment(variables)
        return subprocess.run(command, cwd=self.root, env=env, capture_output=True, text=True)

    def build(self, builder, tool="build", **variables):
        """Build the site as `make watch` does; return what it said and its exit status."""
        return builder.run(self.root, f"tools.book.{tool}", environment(variables))

    def kept(self):
        return sorted(p.name for p in (self.root / ".cache" / "executed").glob("*"))

    def page(self, name="page"):
        return Path(self.root, "_build", "html", f"{name}.html").read_text("utf8")
