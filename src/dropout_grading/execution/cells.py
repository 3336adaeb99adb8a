"""Runs a notebook's cells as Jupyter does, but what fails costs itself alone.

Jupyter leaves out the rest of a cell behind an error. Here each statement runs: an import of a
package that the student has and the marker has not does not take the functions below it along.
"""

import __future__

import ast
import inspect
import linecache
import traceback
from collections import Counter
from collections.abc import Callable

from dropout_grading.execution.stand_ins import Shell
from dropout_grading.submissions.notebook import place

MAX_ERROR_CHARACTERS = 2000
MAX_DESCRIBED = 100  # cells with an error whose text is kept
MAX_NOTES = 5  # of one cell
FUTURE_FLAGS = [getattr(__future__, name).compiler_flag for name in __future__.all_feature_names]


class Cells:
    """The cells of one notebook, run in ``variables``.

    ``errors``: {number of a cell: what failed first in it, and how much more}. ``notes``: {number
    of a cell: the magics, shell lines and modules in it that did nothing}.
    """

    def __init__(self, variables: dict):
        self.variables, self.notes, self.loop = variables, {}, None
        self.number, self.file_name, self.flags = 0, "", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self._first, self._failed = {}, Counter()
        shell = Shell(self)
        variables.update(display=print, get_ipython=lambda: shell)

    def run_all(self, cells: list[str], before_cell: Callable[[int], object]) -> None:
        """Run each cell. ``before_cell`` gets its number."""
        for self.number, source in enumerate(cells):
            before_cell(self.number)
            self.file_name = f"<{place(self.number, source)}>"  # what a traceback shows
            # So that inspect.getsource finds what a cell defines.
            lines = source.splitlines(keepends=True)
            linecache.cache[self.file_name] = len(source), None, lines, self.file_name
            self.run(source)
        if self.loop:
            self.loop.close()

    def run(self, source: str, lines_above: int = 0) -> None:
        """Run the statements of a cell, or of what stands in it below ``lines_above``."""
        try:
            tree = self._parse(source)
        except BaseException as error:  # too deep, half a character: not SyntaxError alone
            self._fail(error)
            return
        if lines_above:
            ast.increment_lineno(tree, lines_above)
        for statement in tree.body:
            try:
                self._run(statement)
            except BaseException as error:  # SystemExit and KeyboardInterrupt too
                self._fail(error)

    def _parse(self, source: str) -> ast.Module:
        """Parse Python, or what IPython makes Python of: `%pip`, `!ls`, `f?`."""
        try:
            return self._compile(source, ast.PyCF_ONLY_AST)
        except SyntaxError:
            from IPython.core.inputtransformer2 import TransformerManager  # takes a while to import

            return self._compile(TransformerManager().transform_cell(source), ast.PyCF_ONLY_AST)

    def _compile(self, source: str | ast.Module, flags: int = 0):
        return compile(source, self.file_name, "exec", self.flags | flags, dont_inherit=True)

    def _run(self, statement: ast.stmt) -> None:
        code = self._compile(ast.Module([statement], []))
        for flag in FUTURE_FLAGS:  # they hold for all cells below
            self.flags |= code.co_flags & flag
        if not code.co_flags & inspect.CO_COROUTINE:
            exec(code, self.variables)
            return
        import asyncio

        self.loop = self.loop or asyncio.new_event_loop()
        self.loop.run_until_complete(eval(code, self.variables))

    def note(self, text: str) -> None:
        """Note something in the cell that runs which does nothing here."""
        notes = self.notes.setdefault(self.number, [])
        if text not in notes and len(notes) < MAX_NOTES:
            notes.append(text)

    def _fail(self, error: BaseException) -> None:
        self._failed[self.number] += 1
        if self._failed[self.number] == 1:
            described = len(self._first) < MAX_DESCRIBED
            text = describe(error, self.file_name) if described else type(error).__name__
            self._first[self.number] = text

    @property
    def errors(self) -> dict[int, str]:
        return {
            number: f"{text}; and {more} more" if (more := self._failed[number] - 1) else text
            for number, text in self._first.items()
        }


def describe(error: BaseException, running: str | None = None) -> str:
    """Return an error in one line, with its place: the line, and the cell if not ``running``."""
    # Not extract_tb, which reads each file.
    steps = traceback.walk_tb(error.__traceback__)
    frames = [(frame.f_code.co_filename, line) for frame, line in steps]
    try:
        text = str(error)
        if isinstance(error, SyntaxError):
            text = error.msg
            frames.append((error.filename, error.lineno))
    except Exception:
        text = ""
    cells = [pair for pair in frames if str(pair[0]).startswith("<code cell")]
    where = ""
    if cells:
        cell, number = cells[-1]
        where = f" (line {number})" if cell == running else f" (line {number} of {cell[1:-1]})"
    text = f"{type(error).__name__}: {text}"[:MAX_ERROR_CHARACTERS]
    return text.removesuffix(": ") + where
