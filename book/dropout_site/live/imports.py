"""What a cell needs, read from its code: modules, and names that earlier cells made.

The build uses it to find the cells that can run in the page, and the page to load only the wheels
that the code asks for. Standard library only.
"""

import ast
import functools
import symtable
import sys

OURS = "dropout_scaling"
DATA = f"{OURS}.data"  # it reads files, and data of scikit-learn's, that a page does not get
# Pyodide has these; of the standard library, all that needs no second process.
AT_HAND = {OURS, "numpy", "matplotlib"} | (
    set(sys.stdlib_module_names) - {"subprocess", "multiprocessing"}
)


def modules(source, package):
    """Return the top-level modules that `source` imports, itself or through the book's package.

    `package`: the folder of the package. What one of its functions imports when it is called is not
    among them: the same module serves NumPy and PyTorch.
    """
    found, seen = set(), set()
    todo = [n for n in ast.walk(ast.parse(source)) if is_import(n)]
    while todo:
        for name in full_names(todo.pop()):
            top, _, rest = name.partition(".")
            found.add(top if not name.startswith(DATA) else DATA)
            for file in files(package, rest) if top == OURS else ():
                if file not in seen:
                    seen.add(file)
                    todo += imports_of(file)
    return found


@functools.cache  # all cells of the book ask for the same few files
def imports_of(file):
    """The imports of a file of the package as it is loaded; none if there is no such file."""
    if not file.is_file():
        return []
    return [n for n in ast.parse(file.read_text("utf8")).body if is_import(n)]


def files(package, name):
    """Yield the files that may be loaded for `a.b.c`: of the package, of `a`, `a.b` and `a.b.c`."""
    yield package / "__init__.py"
    place = package
    for part in name.split("."):
        place = place / part
        yield place / "__init__.py"
        yield place.with_suffix(".py")


def is_import(node):
    return isinstance(node, (ast.Import, ast.ImportFrom))


def full_names(node):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    # `from dropout_scaling import plots` may name a module, too.
    return [f"{node.module}.{alias.name}" for alias in node.names]


def made_and_taken(source):
    """Return the names that the code gives a value, and those that it takes from elsewhere."""
    top = symtable.symtable(source, "<cell>", "exec")
    made = {
        s.get_name()
        for s in top.get_symbols()
        if s.is_assigned() or s.is_imported() or s.is_namespace()
    }
    taken = {s.get_name() for s in top.get_symbols() if s.is_referenced()}
    inner = list(top.get_children())
    while inner:
        table = inner.pop()
        taken |= {s.get_name() for s in table.get_symbols() if s.is_global()}
        inner += table.get_children()
    return made, taken - made


def live(sources, package):
    """Return the indices of the cells that run without PyTorch and its like.

    A cell does if all its modules are at hand, and no name that it takes was made by a cell that
    does not.
    """
    alive, elsewhere = [], set()
    for index, source in enumerate(sources):
        try:
            made, taken = made_and_taken(source)
            here = modules(source, package) <= AT_HAND
        except SyntaxError:  # a magic, which belongs to Jupyter
            continue
        if here and not taken & elsewhere:
            alive.append(index)
            elsewhere -= made
        else:
            elsewhere |= made
    return alive
