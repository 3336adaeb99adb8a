"""Tables in Markdown, drawn from rows: what the book's pages of results print."""

import re


class Markdown(str):
    """A text that Jupyter renders as Markdown."""

    __slots__ = ()

    def __new__(cls, text):
        return super().__new__(cls, text)

    def _repr_markdown_(self):
        return str(self)


def table(head, rows):
    """Return a Markdown table: ``head`` and each of ``rows`` is one line, cells between bars.

    >>> print(table("p | q", ["0.2 | 0.8"]))
    | p | q |
    |---|---|
    | 0.2 | 0.8 |
    """
    rule = "|".join(["---"] * (head.count("|") + 1))
    return Markdown("\n".join([f"| {head} |", f"|{rule}|", *(f"| {row} |" for row in rows)]))


def breakable(name):
    """Return a name as code that a narrow screen may break at each underscore and dot of it.

    >>> breakable("divides_by_p")
    '<code class="literal">divides_<wbr>by_<wbr>p</code>'
    """
    return f'<code class="literal">{re.sub("(?<=[._])", "<wbr>", name)}</code>'


def audited(rows):
    """Return the table of ``rows`` of ``data.audited_models``: each model, and what is said of it.

    What stands in backquotes is a name, and breakable.
    """

    def line(row):
        model = f"{row['model']}, {row['package']} {row['version']}"
        model += f", with {row['rates']}" if row["rates"] else ""
        says = re.sub("`(.*?)`", lambda name: breakable(name[1]), row["says"])
        return f"{model} | **{says}**<br>{row['code']}"

    return table("model | what `audit` says, and why", map(line, rows))
