"""What each way of dropout keeps for its backward pass, drawn."""

from dropout_scaling import plots


def draw_kept(kept):
    """Draw the bytes for each value, a bar for each of five ways. ``kept``: {name: bytes}."""
    blue = plots.INVERTED["color"]
    _, ax = plots.subplots(3.6)
    for row, (name, value) in enumerate(kept.items()):
        ax.barh(row, value, height=0.36, color=blue)
        said = "24 in all" if row == 4 else f"{value:g}"
        ax.text(value + 0.06, row, said, va="center", color=blue)
        name = name.replace("native_dropout", "native_dropout (CUDA's, here on the CPU)")
        ax.text(0, row - 0.36, name)
    ax.set(ylim=(4.5, -0.85), xlim=(0, 4.4), yticks=[], xticks=[])
    ax.spines[["bottom", "left"]].set_visible(False)
    ax.set_title("bytes kept for each value")
