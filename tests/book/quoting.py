"""What a notebook holds by `number` and `claim`, read from its code."""

import ast
import re

NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def code(notebook):
    """The code cells with their sources as Python: IPython's own lines taken out."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            yield cell, ast.parse(re.sub(r"^[%!].*$", "", cell.source, flags=re.MULTILINE))


def calls(tree, *names):
    """The calls of these functions and methods."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and getattr(node.func, "attr", getattr(node.func, "id", "")) in names
        ):
            yield node


def quoted(notebook):
    """What the page says by `number(value, said)`, without its sign."""
    said = []
    for _, tree in code(notebook):
        said += [call.args[1].value for call in calls(tree, "number") if is_text(call.args[1])]
        for loop in (node for node in ast.walk(tree) if isinstance(node, ast.For)):
            names = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
            given = {getattr(call.args[1], "id", None) for call in calls(loop, "number")}
            if names & given:  # number(value, said) for each of several
                texts = [node.value for node in ast.walk(loop.iter) if is_text(node)]
                said += [text for text in texts if NUMBER.fullmatch(text)]
    return [text.lstrip("+-") for text in said]


def is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
