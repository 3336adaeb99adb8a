"""What a notebook holds by `number` and `claim`, read from its code."""

import ast
import re


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
    """What the page says by `number(values, said)`, without signs."""
    said = [call.args[1].value for _, tree in code(notebook) for call in calls(tree, "number")]
    return [text.lstrip("+-") for text in " ".join(said).split()]


def claimed(notebook):
    """The sentences of `claim`."""
    for _, tree in code(notebook):
        for call in calls(tree, "claim"):
            yield from (sentence.value for sentence in call.args[::2])
