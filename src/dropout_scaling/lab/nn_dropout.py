"""What `nn.Dropout` makes of values, drawn."""

from dropout_scaling import plots


def draw(x, y):
    """Draw the outputs ``y`` over the inputs ``x``, shape (n,), none of them 0: kept or dropped."""
    kept = y != 0
    _, ax = plots.subplots(4.2)
    blue = plots.INVERTED["color"]
    ax.plot(x, x, color=plots.INK, linewidth=1)
    ax.plot(x[kept], y[kept], "o", color=blue, markersize=7)
    ax.plot(x[~kept], y[~kept], "o", color=blue, fillstyle="none", markersize=8)
    look = {"va": "center", "fontsize": 13}
    bold = {**look, "weight": "bold", "color": blue}
    ax.text(1.1, 2.9, "train, kept:\ny = x / 0.6", ha="right", **bold)
    ax.text(2.15, 0, "train, dropped:\ny = 0", **bold)
    ax.text(2.15, 1.9, "eval:\ny = x", **look)
    ax.set(xlabel="input x", xlim=(-2.2, 4.5), yticks=[-3, 0, 3], xticks=[-2, 0, 2])
    ax.set_title("output y")
