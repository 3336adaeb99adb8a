"""Name a folded cell as the eye reads it.

MyST-NB labels each fold "Toggle hidden content", and a screen reader then says that in place of
"Show the solution". On paper nothing is shown or hidden: there the fold is called "Solution"
(book.css). A check is called "Checked", open or closed: a build whose check fails has no page.
"""

from html import escape

from myst_nb.sphinx_ import HideCodeCellNode

SHOW = "Show "  # what the setting nb_code_prompt_show begins with
CHECKED = "Checked"


def open_fold(self, node):
    show, hide = escape(node["prompt_show"]), escape(node["prompt_hide"])
    if show != CHECKED and not show.startswith(SHOW):
        raise ValueError(f"code_prompt_show must be {CHECKED!r} or begin with {SHOW!r}: {show!r}")
    printed = show.removeprefix(SHOW).removeprefix("the ")
    printed = printed[:1].upper() + printed[1:]
    self.body.append(
        f'<details class="admonition hide {" ".join(node["classes"])}">\n'
        f'<summary data-printed="{printed}">\n'
        f'<span class="collapsed admonition-title">{show}</span>\n'
        f'<span class="expanded admonition-title">{hide}</span>\n'
        "</summary>\n"
    )


def close_fold(self, node):
    self.body.append("</details>\n")


def setup(app):
    app.add_node(HideCodeCellNode, override=True, html=(open_fold, close_fold))
