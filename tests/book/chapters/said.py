"""What the tests of a chapter need: the sentence that they hold, and what the chapter's cells make.

A chapter holds the numbers that it prints beside them. What it says besides, of PyTorch or of
mathematics, is held here if its check is longer than the lesson can bear.
"""

import re
from types import SimpleNamespace

from tools.book.notebooks import chapters, read


def markdown(page):
    """Return a page's prose."""
    cells = read(chapters()[page]).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def stands(page, sentence):
    """Fail if the page does not say ``sentence``: then nobody needs the test that begins so."""
    said = re.sub(r"\s+", " ", markdown(page))
    assert re.sub(r"\s+", " ", sentence) in said, f"{page} says it no more"


def made_by(page, *ids):
    """Run these cells of a page, as a reader would who copies them; return what they made."""
    source = {cell.id: cell.source for cell in read(chapters()[page]).cells}
    made = {}
    for name in ids:
        exec(compile(source[name], f"{page}, cell {name}", "exec"), made)
    return SimpleNamespace(**made)
