"""How long a page takes to read, measured: no author guesses it.

Prose at 200 words a minute, visible code at a third of that. What is folded, the sources, and what
a cell prints do not count.
"""

import re

from tools.book.notebooks import sets_up_only

WORDS_A_MINUTE = 200
CODE_IS_SLOWER = 3
# The tags of cells that a reader sees only after opening them, or never.
CLOSED = {"hide-cell", "hide-input", "remove-cell", "remove-input"}
WORD = re.compile(r"\w[\w’'.-]*")


def minutes(notebook):
    """Return the minutes that a notebook takes to read, not rounded."""
    cells = [cell for cell in notebook.cells if not CLOSED & set(cell.metadata.get("tags", []))]
    text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    shown = [cell for cell in cells if cell.cell_type == "code" and not sets_up_only(cell)]
    code = "\n".join(cell.source for cell in shown)
    words = len(WORD.findall(prose(text))) + CODE_IS_SLOWER * len(re.findall(r"\w+", code))
    return words / WORDS_A_MINUTE


def prose(text):
    """The words of Markdown that a reader reads: a formula counts as one, an address as none."""
    text = text.partition("\n## Sources\n")[0]
    text = re.sub(r"</summary>.*?</details>", "", text, flags=re.DOTALL)
    text = re.sub(r"</?[a-z]+>|<!--.*?-->", "", text)
    text = re.sub(r"\$\$.*?\$\$|\$[^$]*\$", "formula", text, flags=re.DOTALL)
    return re.sub(r"\]\([^)]*\)", "]", text)
