"""Print the lines of a function that matter, as the chapters do."""

import ast
import functools
import inspect

from dropout_scaling import _arguments


def show(*functions):
    """Print the source of each of ``functions`` without its docstring and argument checks.

    A check is a call of a ``check_`` function of this package: it hands back one of its arguments,
    as an array if it was a list, or raises. That argument is printed in its place, and a line that
    then does nothing is left out.

    >>> from dropout_scaling.reference import standard_train
    >>> show(standard_train)
    def standard_train(x, mask):
        return np.where(mask, x, 0)
    """
    print("\n\n".join(_shown(inspect.getsource(function)) for function in functions))


def _shown(source):
    text = functools.partial(ast.get_source_segment, source)
    checks = [(text(n), text(_handed_back(n))) for n in ast.walk(ast.parse(source)) if _is_check(n)]
    for check, argument in checks:
        source = source.replace(check, argument)
    (function,) = ast.parse(source).body
    lines = source.splitlines()
    for first, last in sorted(
        ((n.lineno, n.end_lineno) for n in ast.walk(function) if _does_nothing(n)), reverse=True
    ):
        del lines[first - 1 : last]
    return "\n".join(lines[function.lineno - 1 :]).rstrip()  # without its decorators


def _is_check(node):
    return isinstance(node, ast.Call) and getattr(node.func, "id", "").startswith("check_")


def _handed_back(check):
    # The first argument, unless that is the name that an error message gives to the second.
    parameters = inspect.signature(getattr(_arguments, check.func.id)).parameters
    return check.args[next(iter(parameters)) == "name"]


def _does_nothing(node):
    """A docstring, the bare name that is left of a check, or ``x = x``."""
    if isinstance(node, ast.Assign):
        return [*map(ast.unparse, node.targets)] == [ast.unparse(node.value)]
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant | ast.Name)
