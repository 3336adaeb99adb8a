"""What stands in, in the student's process, for Jupyter's shell and for Colab.

It does nothing, and notes that it did nothing: no check needs a plot, a package or a drive.
"""

import types
from importlib.machinery import ModuleSpec

RUN_THEIR_CELL = {"time", "timeit", "capture", "prun"}  # below %%time stands Python
RUN_THEIR_LINE = {"time", "prun"}
HELP = {"pinfo", "pinfo2"}  # f? and f??
MAX_NOTE_CHARACTERS = 40


class Shell:
    """What ``get_ipython()`` returns. Magics and shell lines do nothing; what is timed runs.

    ``cells``: the ``Cells`` in which it is used.
    """

    def __init__(self, cells):
        self._cells = cells

    def run_line_magic(self, name: str, line: str = "", *_, **__) -> object:
        """Do nothing for `%name line`. If the line is timed, run it and return its value."""
        if name in RUN_THEIR_LINE:
            try:
                code = compile(line, "<magic>", "eval")
            except SyntaxError:
                code = compile(line, "<magic>", "exec")
            return eval(code, self._cells.variables)
        if name not in HELP:
            self._note(f"%{name}")
        return None

    magic = run_line_magic

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        """Do nothing for a cell below `%%name line`. If the cell is timed, run it."""
        if name in RUN_THEIR_CELL:
            self._cells.run(cell, 1)
        else:
            self._note(f"%%{name}")

    def system(self, line: str) -> None:
        """Do nothing for `!line`."""
        self._note(f"!{line}")

    def getoutput(self, line: str, *_, **__) -> list[str]:
        """Return no lines for `!line`."""
        self._note(f"!{line}")
        return []

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        self._note(f"get_ipython().{name}")
        return Nothing()

    def _note(self, text: str) -> None:
        self._cells.note(text[:MAX_NOTE_CHARACTERS])


class Nothing:
    """Any object: it can be called, looked into, iterated over and entered, and holds nothing."""

    def __call__(self, *_, **__):
        return self

    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key):
        return self

    def __iter__(self):
        return iter(())

    def __len__(self):
        return 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


class _Module(types.ModuleType):
    def __getattr__(self, name: str):
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing()


class Colab:
    """Finds `google.colab` and what is in it, which only Colab has. For ``sys.meta_path``."""

    def __init__(self, note):
        self._note = note

    def find_spec(self, name: str, *_) -> ModuleSpec | None:
        """Return what makes a module of that name, or None if it is not Colab's."""
        if name == "google" or name.split(".")[:2] == ["google", "colab"]:
            return ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        """Return a module that has everything, and nothing in it."""
        if spec.name == "google.colab":
            self._note(spec.name)
        return _Module(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Run nothing."""
