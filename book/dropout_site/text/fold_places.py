"""Put folded code where it is in nobody's way: below what it prints or draws, in one fold.

MyST-NB folds a cell's code above its output, so a reader meets "Show the code" before the picture.
And cells in a row that show nothing else, such as two of imports, would be as many folds.
"""

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode, HideInputCells
from sphinx.transforms.post_transforms import SphinxPostTransform


class FoldPlaces(SphinxPostTransform):
    default_priority = HideInputCells.default_priority + 1
    formats = ("html",)

    def run(self, **kwargs):
        for cell in list(self.document.findall(has_folded_code)):
            put_below(cell)
            following = next_to(cell)
            if len(cell.children) == 1 and following is not None and has_folded_code(following):
                join(cell, following)


def has_folded_code(node):
    """Whether a node is a cell whose code is folded, and its output, if it has some, is not."""
    return (
        isinstance(node, nodes.container)
        and node.get("nb_element") == "cell_code"
        and node.get("hide_mode") == "input"
        and any(isinstance(child, HideCodeCellNode) for child in node.children)
    )


def next_to(node):
    return next(iter(node.parent.children[node.parent.index(node) + 1 :]), None)


def put_below(cell):
    """Move the fold below the output, and below the explorable that stands for it."""
    (fold,) = (child for child in cell.children if isinstance(child, HideCodeCellNode))
    cell.remove(fold)
    explorable = next_to(cell)
    if isinstance(explorable, nodes.raw) and 'class="explorable"' in explorable.astext():
        explorable.parent.remove(explorable)
        cell.append(explorable)
    cell.append(fold)


def join(cell, following):
    """Move a cell that is a fold and nothing else to the top of the next cell's fold."""
    (fold,) = cell.children
    (target,) = (child for child in following.children if isinstance(child, HideCodeCellNode))
    cell.parent.remove(cell)
    cell.children = []
    cell.extend(fold.children)
    target.insert(0, cell)
    if not fold["prompt_show"].endswith("imports"):
        target["prompt_show"], target["prompt_hide"] = fold["prompt_show"], fold["prompt_hide"]


def setup(app):
    app.add_post_transform(FoldPlaces)
