"""A chapter as a reader takes it elsewhere: its solutions folded there too, its figures described.

JupyterLab folds a cell by metadata that the chapter has, Colab by metadata of its own. Neither
shows the alt text of a figure that a reader draws, so it stands below the cell, in a fold.
"""

from html import escape

import nbformat

SOLUTION = "Show the solution"
IN_COLAB = {"cellView": "form"}
TITLE = "# @title Solution\n"  # what Colab shows of a folded cell
DESCRIPTION = """<details>
<summary>What the figure shows</summary>

{alt}

</details>"""


def for_elsewhere(notebook):
    """Return the notebook changed in this way."""
    cells = []
    for cell in notebook.cells:
        shown = cell.metadata.get("mystnb", {})
        if shown.get("code_prompt_show") == SOLUTION:
            cell.metadata.update(IN_COLAB)
            cell.source = TITLE + cell.source
        cells.append(cell)
        alt = shown.get("image", {}).get("alt")
        if alt:
            text = DESCRIPTION.format(alt=escape(alt, quote=False))
            cells.append(nbformat.v4.new_markdown_cell(text, id=f"{cell.id[:59]}-alt"))
    notebook.cells = cells
    return notebook
