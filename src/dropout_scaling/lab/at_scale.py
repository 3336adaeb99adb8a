"""The masks of two ranks, drawn."""

from dropout_scaling import plots


def draw_masks(ranks, ways):
    """Draw the first six units of each rank's hidden half, and of its copy of the output.

    ``ranks``: for each rank {way: (hidden mask, output mask, output)}. ``ways``: three of them.
    """
    _, axes = plots.subplots(4.7, 3, 2)
    for row, way in zip(axes, ways, strict=True):
        for column, place in enumerate(("hidden halves", "copied output")):
            ax, pair = row[column], [result[way][column] for result in ranks]
            for rank, mask in enumerate(pair):
                look = {"style": plots.INVERTED, "text": False, "name": f"{rank}"}
                plots.units(ax, mask[:6], y=-0.9 * rank, **look)
            same = (pair[0] == pair[1]).all()
            verdict = "right" if same == (place == "copied output") else "WRONG"
            look = {"ha": "center", "va": "top"}
            look["weight"] = "bold" if verdict == "WRONG" else "normal"
            ax.text(2.5, -1.5, f"{'same' if same else 'different'}: {verdict}", **look)
            ax.set_title(f"{way}:\n{place}", loc="center")
            plots.bare(ax).set(xlim=(-1.3, 5.6), ylim=(-2.3, 0.5))
