"""Take one class or function out of an installed package, without what the package imports."""

import __future__

import ast
import importlib.util
import math
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

KEPT = ("staticmethod", "classmethod", "property")
USUAL = {
    "torch": torch, "nn": nn, "F": F, "np": np, "math": math, "Module": nn.Module,
    "Tensor": torch.Tensor,
}  # fmt: skip


def cut(package, file, *names, **given):
    """Return the last of the definitions ``names`` in a file of a package, run as it is written.

    What they use of their package is named too, before them, or ``given``; PyTorch's and NumPy's
    modules are there under their usual names. Annotations stay text, and decorators are left out:
    in these files they register a class or check types. A class that is not there raises KeyError.
    """
    folder = importlib.util.find_spec(package).submodule_search_locations[0]
    path = Path(folder) / file
    found = {
        part.name: part
        for part in ast.parse(path.read_text("utf8")).body
        if isinstance(part, ast.ClassDef | ast.FunctionDef)
    }
    parts = [found[name] for name in names]
    for part in ast.walk(ast.Module(parts, [])):
        if isinstance(part, ast.ClassDef | ast.FunctionDef):
            part.decorator_list = [d for d in part.decorator_list if getattr(d, "id", "") in KEPT]
    module = ast.Module(parts, [])
    flags = __future__.annotations.compiler_flag
    space = USUAL | given | {"__name__": f"{package}.{Path(file).stem}"}
    exec(compile(module, str(path), "exec", flags, dont_inherit=True), space)
    return space[names[-1]]
