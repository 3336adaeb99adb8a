"""Which names the code of a module reads: what is in none of them is surely never used."""

import dis
import functools
import inspect
import types

from torch import nn

DEPTH = 3  # of functions that call functions


def names_read(module: nn.Module) -> set:
    """Return the attributes and strings that a module's code reads, in its methods but __init__.

    Also in the functions that it holds, and in those of its file that these call.
    """
    kind = type(module)
    found = set()
    methods = [
        method
        for base in kind.__mro__[: kind.__mro__.index(nn.Module)]
        for name, method in vars(base).items()
        if name != "__init__"
    ]
    for method in [*methods, *vars(module).values()]:
        if isinstance(method, property):
            method = method.fget
        if isinstance(method, classmethod | staticmethod | types.MethodType):
            method = method.__func__
        method = inspect.unwrap(method) if callable(method) else None
        if isinstance(method, types.FunctionType):
            found |= _read_by(method, DEPTH)
    return found


def _read_by(function, depth):
    """The names that a function reads, and those that the functions read that it may call."""
    found = set(_read_in(function.__code__))
    if depth:
        cells = [cell.cell_contents for cell in function.__closure__ or () if _filled(cell)]
        named = [function.__globals__.get(name) for name in function.__code__.co_names]
        for called in [*cells, *named]:
            if isinstance(called, types.FunctionType):
                found |= _read_by(called, depth - 1)
    return found


def _filled(cell):
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


@functools.cache
def _read_in(code):
    found, before = set(), ""
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_ATTR", "LOAD_METHOD") and before != "LOAD_GLOBAL":
            found.add(step.argval)  # not F.dropout
        before = step.opname
    for constant in code.co_consts:
        if isinstance(constant, str):
            found.add(constant)
        elif inspect.iscode(constant):
            found |= _read_in(constant)
    return found
