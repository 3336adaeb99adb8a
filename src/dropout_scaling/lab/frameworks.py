"""The look-up page of frameworks, made from its rows: a table of all, and a fold for each."""

import re

from dropout_scaling.tables import Markdown, table


def parts(rows):
    """Return the rows in two parts, in the order of their names: unlike PyTorch, and like it."""
    found = {"Unlike PyTorch": [], "Like PyTorch": []}
    for row in sorted(rows, key=lambda row: short(row).lower()):
        found["Unlike PyTorch" if "**" in _line(row) else "Like PyTorch"].append(row)
    return found


def overview(rows):
    """Return the table of both parts: what the number means, and what ones become in each mode."""
    head = "library | number | train | eval"
    return Markdown(
        "\n\n".join(
            f"**{name}**\n\n{table(head, map(_line, part))}" for name, part in parts(rows).items()
        )
    )


def folds(rows):
    """Return a fold for each row: the lines that were run, and what came out."""
    text = []
    for row in [row for part in parts(rows).values() for row in part]:
        text += ["<details>", f"<summary>{_html(row['layer'])}</summary>", ""]
        text += [f'<a id="{_anchor(row)}" style="scroll-margin-top: 7rem"></a>', ""]
        if "code" in row:
            text += ["```python", row["code"], "```", ""]
        text += [row["reason"]] if row["how"] == "not run" else _said(row)
        text += ["", "</details>", ""]
    return Markdown("\n".join(text))


def short(row):
    """Return the name of a row's library, and what tells two rows of it apart."""
    library, _, rest = row["layer"].partition(", ")
    apart = rest.partition(" with ")[2].split(",")[0]
    return f"{library} with {apart}" if apart else library


def _html(text):
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", text)


def _bold(value, usual):
    return value if value == usual else f"**{value}**"


def _anchor(row):
    return "lines-" + re.sub(r"\W+", "-", short(row).lower()).strip("-")


def _line(row):
    shown = _html(re.sub("(?<=[a-z])(?=[A-Z])|(?<=Deep)", "\u00ad", short(row)))
    name = f'<a href="#{_anchor(row)}">{shown}</a>'
    if row["how"] == "not run":
        return f"{name} | did not run here | |"
    # on a narrow screen it breaks between its words
    argument = re.sub("(?<=[a-z])(?=[A-Z])|(?<=_)", "<wbr>", row["argument"])
    argument = f'<code class="literal">{argument}</code>'
    number = f"{argument} {_bold(row['means'] + 's', 'drops')}"
    if row["how"] == "read":
        return f"{name} (read) | {number} | 0,\u00a01/`q` | {row['evaluation']}"
    train = _bold(f"0,\u00a0{row['kept']:g}", "0,\u00a01.25")
    evaluation = _bold(f"{row['evaluation']:g}", "1")
    return f"{name} | {number} | {train} | {evaluation}"


def _said(row):
    number = f"- **Number:** `{row['argument']}`, to {row['means']}."
    switch = f"- **Switch:** {row['mode']}."
    seed = f"- **Randomness:** {row['seed']}."
    sharing = f"- **One decision for several values:** {row['sharing']}."
    if row["how"] == "read":
        page = f"[its documentation or source]({row['source']})"
        return [number, switch, seed, sharing, f"- **Read** in {page}, not run."]
    given = " in place of these lines' 0.8" * (row["means"] == "keep")
    ones = f"0 or {row['kept']:g} in training, {row['evaluation']:g} at evaluation"
    edges = f"Dropping nothing {row['drop_none']}; dropping all {row['drop_all']}."
    vector = f" A vector {row['vector']}." if row["vector"] else ""
    judged = row["verdict"] if row["ok"] else f"**{row['verdict']}**"
    versions = ", ".join(f"{name} {v}" for name, v in row["versions"].items())
    return [
        f"{number} With 0.2{given}, ones become {ones}.",
        f"{switch} Told nothing, it {row['untold']}.",
        f"{seed} A seed gave the same mask again.",
        f"- **Edges:** {edges}{vector} From float16 comes {row['half']}.",
        sharing,
        f"- **`diagnose`:** {judged}",
        f"- **Run with** {versions}, Python {row['python']}.",
    ]
