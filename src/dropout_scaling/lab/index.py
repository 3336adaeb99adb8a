"""The figure of the first page: both kinds of dropout, in training and at evaluation."""

from dropout_scaling import plots


def draw_kinds(inverted, standard):
    """Draw what four ones become in each kind, at p = 0.5.

    ``inverted``, ``standard``: the values in training and those at evaluation, each of shape (4,).
    """
    kinds = {
        "PyTorch (inverted)": (plots.INVERTED, inverted, ("÷ 0.5", None)),
        "the paper (standard)": (plots.STANDARD, standard, (None, "× 0.5")),
    }
    _, axes = plots.subplots(3.1, 2, 2)
    for row, (name, (style, *does)) in zip(axes, kinds.items(), strict=True):
        row[0].text(-0.4, 1.75, name, weight="bold")
        modes = zip(row, ("training", "evaluation"), *does, strict=True)
        for ax, mode, values, scale in modes:
            plots.units(ax, values, style=style)
            scaled = {"color": style["color"], "weight": "bold"} if scale else {}
            ax.text(-0.4, 0.85, f"{mode}: {scale or 'as they are'}", **scaled)
            ax.text(3.75, 0, f"= {values.sum():g}", va="center", weight="bold")
            ax.set(xlim=(-0.45, 4.5), ylim=(-1.15, 2.2))
            plots.bare(ax, size=13)
