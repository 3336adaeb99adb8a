"""What ones become in each wrong dropout of the bank, and the tables and figures of that."""

import re

import numpy as np

from dropout_scaling import plots
from dropout_scaling.diagnose.call import Caller
from dropout_scaling.diagnose.contract import CONTRACT
from dropout_scaling.diagnose.five_steps import STEPS
from dropout_scaling.misconceptions import MISCONCEPTIONS
from dropout_scaling.tables import Markdown, breakable, table

P = 0.2
CHECKS = list(CONTRACT)
MASKS, GRADIENT = CHECKS[4:8], CHECKS[11]


def _values(y):
    """Return the values of many calls, in words."""
    found = np.unique(np.concatenate(y).astype(float).round(5))
    if len(found) > 2:
        return "0, " * bool(found[0] == 0) + "many others"
    return ", ".join(f"{value:.5g}" for value in found)


def became(layer):
    """Return what ones become at p = 0.2: in train mode, the share of zeros there, in eval mode."""
    call, ones = Caller(layer), np.ones((16, 16), dtype=np.float32)
    train = [call(ones, P, True).y for _ in range(200)]
    zeros = np.mean(np.equal(train, 0))
    return _values(train), zeros, _values([call(ones, P, False).y])


def group(ones, broken):
    """Return the part of the bank for a layer that made ``ones`` and broke these checks.

    If its values are right, it goes by the first check that it breaks. ``ones``: of ``became``.
    """
    train, zeros, evaluation = ones
    if train == "1" or (evaluation[0] == "0" and "," in evaluation):
        return "time"
    if abs(zeros - P) > 0.15:  # 200 decisions: five standard deviations
        return "zeros"
    if train not in ("0, 1", "0, 1.25"):
        return "size"
    if (train, evaluation) not in (("0, 1", "0.8"), ("0, 1.25", "1")):
        return "evaluation"
    if broken[0] in MASKS:
        return "masks"
    return "gradient" if broken[0] == GRADIENT else "ends"


def _link(name):
    return f'<a href="#{name}">{breakable(name)}</a>'


def look_up(ones_of, group_of):
    """Return the table from what ones become to the names, and who is right at a half.

    ``ones_of``: {name: of ``became``}. ``group_of``: {name: of ``group``}.
    """
    same = {}
    for name, (train, zeros, evaluation) in ones_of.items():
        if group_of[name] == "zeros" and zeros > 0:
            train += f"; {zeros:.0%} zeros".replace("%", " %")
        same.setdefault((train, evaluation), []).append(_link(name))
    rows = []
    for shown, links in sorted(same.items(), key=lambda row: (len(row[1]) > 3, row)):
        note = "right in its values: " * (len(links) > 3)
        shown = " | ".join(shown).replace(", ", ",\u00a0")
        rows.append(f"{shown} | {note}{', '.join(links)}")
    hidden = (_link(name) for name, m in MISCONCEPTIONS.items() if m.hidden_at_half)
    half = f"Right at `p = 0.5`, and only there: {', '.join(hidden)}."
    return Markdown(table("train | eval | it is", rows) + "\n\n" + half)


def _sentence(words):
    return f"{words[0].upper()}{words[1:]}."


def _entry(name):
    member = MISCONCEPTIONS[name]
    what = f'<a id="{name}"></a><strong>{breakable(name)}</strong><br>'
    what += _sentence(member.symptom)
    what += " *Right at `p = 0.5`.*" * member.hidden_at_half
    cure = _sentence(member.cure).replace("P is", "`p` is")
    if member.met:
        place = re.sub("(?<=[a-z])(?=[A-Z])", "\u00ad", member.met.split("/")[4])
        cure += f" (Met in [{place}]({member.met}).)"
    return f"{what} | {cure}"


def bank(group_of, part):
    """Return the table of one part of the bank. ``group_of``: {name: of ``group``}."""
    return table("what it does | cure", [_entry(n) for n in MISCONCEPTIONS if group_of[n] == part])


def draw_broken(broken):
    """Draw which checks each member breaks. ``broken``: {name: names of checks}."""
    _, ax = plots.subplots(7.4)
    blue = plots.INVERTED["color"]
    for row, names in enumerate(broken.values()):
        columns = [CHECKS.index(name) + 1 for name in names]
        ax.plot(columns, [row] * len(columns), "o", color=blue, markersize=7)
    ax.set_yticks(range(len(broken)), [name.replace("_", " ") for name in broken])
    ax.set_xticks(range(1, len(CHECKS) + 1))
    ax.set(xlim=(0.3, len(CHECKS) + 0.7), ylim=(len(broken) - 0.4, -0.6))
    ax.tick_params(length=0, labeltop=True)
    ax.tick_params(axis="x", labelsize=8)
    ax.grid(color=plots.INK, alpha=0.25)
    ax.spines[:].set_visible(False)


def draw_stopped(stopped):
    """Draw how many members each step stops. ``stopped``: {p: {name: step, 6 if none}}."""
    blue = plots.INVERTED["color"]
    _, axes = plots.subplots(5.6, 2, sharex=True)
    for ax, (p, stops) in zip(axes, stopped.items(), strict=True):
        for step in range(1, 7):
            count = list(stops.values()).count(step)
            look = {"fillstyle": "full" if step < 6 else "none", "markersize": 8}
            ax.plot([step] * count, range(1, count + 1), "o", color=blue, **look)
            ax.text(step, count + 0.8, count, ha="center")
        ax.set(ylim=(0.2, 12.5), yticks=[], title=f"tested at p = {p}")
        ax.spines["left"].set_visible(False)
        ax.tick_params(length=0)
    axes[1].plot([5.75, 5.75], [4.6, 10.4], color=plots.INK, linewidth=1)
    axes[1].text(5.65, 7.5, "six more", ha="right", va="center")
    names = [f"{step}\n{word}" for step, word in enumerate(STEPS, start=1)]
    axes[1].set_xticks(range(1, 7), [*names, "passes\nall"])
    axes[1].set(xlim=(0.4, 6.6))
