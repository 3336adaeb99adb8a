"""Run a reader's cells, one after another, as Jupyter would, and say what comes out.

It runs in the page, under Pyodide. Each piece of output goes to `send(kind, text)`; the kinds are
"text", "error" (a traceback) and "figure" (SVG).
"""

import ast
import contextlib
import importlib.util
import io
import linecache
import logging
import os
import re
import sys
import time
import traceback
from pathlib import Path

import theme_svg
from imports import OURS, modules

TEXT_LIMIT = 100_000  # characters a run may print
FIGURE_LIMIT = 3_000_000  # characters of SVG a run may draw
OFTEN = 0.1  # seconds between two pieces of text
OWN = "<cell "  # how the file names of readers' code begin

os.environ["MPLBACKEND"] = "agg"
# At its first import it says that it builds its font cache: nothing that a reader can use.
logging.getLogger("matplotlib.font_manager").setLevel("ERROR")


def wheels(sources):
    """Return which of the big wheels the cells ask for."""
    package = Path(importlib.util.find_spec(OURS).origin).parent
    needed = {"numpy"}
    for source in sources:
        with contextlib.suppress(SyntaxError):  # said when it runs
            needed |= modules(source, package) & {"matplotlib"}
    return sorted(needed, reverse=True)


class Printed(io.TextIOBase):
    """Sends what is printed, in pieces, up to the limit."""

    def __init__(self, send):
        self.send = send
        self.waiting, self.left, self.sent = [], TEXT_LIMIT, time.monotonic()

    def writable(self):
        return True

    def write(self, text):
        if self.left > 0:
            self.waiting.append(text[: self.left])
            self.left -= len(text)
            if self.left <= 0:
                note = f"cut here: a run may print {TEXT_LIMIT:,} characters"
                self.waiting.append(f"\n[{note}]\n")
                self.flush()
            elif time.monotonic() - self.sent > OFTEN:
                self.flush()
        return len(text)

    def flush(self):
        if self.waiting:
            self.send("text", "".join(self.waiting))
        self.waiting, self.sent = [], time.monotonic()


class Session:
    """The names that the cells share."""

    def __init__(self, send):
        self.send = send
        self.names = {"__name__": "__main__"}
        self.figures = 0

    def run(self, source, label, alt="", quiet=False):
        """Run a cell; return whether it came to its end.

        `label`: which cell it is. `alt`: what its figure shows, if that is known.
        `quiet`: it runs for the sake of a cell below, and only an error is sent.
        """
        printed = Printed((lambda *_: None) if quiet else self.send)
        with (
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
        ):
            try:
                value = self.execute(source, f"{OWN}{label}>")
                if value is not None:
                    self.names["_"] = value
                    if not quiet and not is_figure(value):
                        print(repr(value))
                printed.flush()
                self.draw(alt, quiet)
            except (Exception, SystemExit, KeyboardInterrupt) as error:
                printed.flush()
                close_figures()
                told = explain(error, None if quiet else label)
                self.send("error", told[-TEXT_LIMIT:])
                return False
        return True

    def execute(self, source, name):
        """Run the code; return the value of its last expression, or None if `;` ends it."""
        lines = source.splitlines(keepends=True)
        linecache.cache[name] = (len(source), None, lines, name)
        tree = ast.parse(source, name)
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr):
            end = tree.body[-1]
            line = lines[end.end_lineno - 1].encode()
            after = line[end.end_col_offset :].decode().split("#")[0]
            if ";" not in after:
                last = ast.Expression(tree.body.pop().value)
        exec(compile(tree, name, "exec"), self.names)
        return last and eval(compile(last, name, "eval"), self.names)

    def draw(self, alt, quiet):
        """Send the figures that pyplot holds, and close them."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is None:
            return
        left = FIGURE_LIMIT
        for number in [] if quiet else pyplot.get_fignums():
            figure, file = pyplot.figure(number), io.StringIO()
            figure.savefig(file, format="svg", bbox_inches="tight")
            left -= len(file.getvalue())
            if left < 0:
                limit = f"{FIGURE_LIMIT:,} characters of SVG"
                self.send("text", f"[not shown: a run may draw {limit}]\n")
                break
            self.figures += 1
            prefix = f"live{self.figures}-"
            width = getattr(sys.modules.get(f"{OURS}.plots"), "text_width", None)  # if it drew
            svg = theme_svg.inline(file.getvalue(), alt or words_of(figure), prefix, width)
            self.send("figure", svg)
        close_figures()


def is_figure(value):
    """Whether the value is a figure, which is drawn, not printed."""
    figure = sys.modules.get("matplotlib.figure")
    return figure is not None and isinstance(value, figure.Figure)


def close_figures():
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")


def words_of(figure):
    """What a screen reader can be told of a figure that nobody has described."""
    parts = []
    for ax in figure.axes:
        titles = [ax.get_title(loc=side) for side in ("left", "center", "right")]
        labels = [("x axis", ax.get_xlabel()), ("y axis", ax.get_ylabel())]
        parts += [" ".join(title.split()) for title in titles if title]
        parts += [f"{axis}: {label}" for axis, label in labels if label]
    return ". ".join(["Figure drawn by your code", *parts]) + "."


def explain(error, here):
    """The traceback, cut to the reader's own lines. `here`: the label of the cell it stands below.

    No cell in the page has a number, so the traceback says whether it means this one.
    """
    told = traceback.TracebackException.from_exception(error)
    part = told
    while part is not None:
        own = [f for f in part.stack if f.filename.startswith(OWN)]
        part.stack = traceback.StackSummary.from_list(own)
        following = part.__cause__ or part.__context__
        # A cause in which no line is the reader's own would explain nothing.
        if following and not any(f.filename.startswith(OWN) for f in following.stack):
            part.__cause__ = part.__context__ = following = None
        part = following
    return re.sub(
        rf'^(\W*)File "{OWN}(.*?)>"',
        lambda m: m[1] + ("This cell" if m[2] == here else "A cell above"),
        "".join(told.format()),
        flags=re.MULTILINE,
    )
