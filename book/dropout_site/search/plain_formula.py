"""A formula in signs that can stand in a sentence: no reader should meet `\\cdot` in a result."""

import re

SIGNS = {
    "cdot": "·", "times": "×", "approx": "≈", "sim": "~", "le": "≤", "leq": "≤", "ge": "≥",
    "geq": "≥", "ne": "≠", "neq": "≠", "to": "→", "pm": "±", "infty": "∞", "sum": "Σ", "prod": "Π",
    "in": "∈", "odot": "⊙", "ldots": "…", "dots": "…", "cdots": "…", "sqrt": "√", "partial": "∂",
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η",
    "lambda": "λ", "mu": "μ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "varphi": "φ",
    "phi": "φ", "theta": "θ", "exp": "exp", "log": "log", "ln": "ln", "max": "max", "min": "min",
}  # fmt: skip
FRACTION = re.compile(r"\\[td]?frac\s*(?:\{([^{}]*)\}|(\w))\s*(?:\{([^{}]*)\}|(\w))")


def grouped(part):
    return part if re.fullmatch(r"[\w\\]*", part) else f"({part})"


def plain(tex):
    r"""Return the formula without TeX.

    >>> plain(r"\tfrac{1}{1-p} \cdot \mathbf{x}_i^2")
    '1/(1-p) · x_i²'
    """
    old = None
    while old != tex:
        old = tex
        tex = FRACTION.sub(lambda m: f"{grouped(m[1] or m[2])}/{grouped(m[3] or m[4])}", tex)
    tex = tex.replace("^2", "²").replace("^{2}", "²")
    tex = re.sub(r"\\([a-zA-Z]+)", lambda m: SIGNS.get(m[1], ""), tex)
    tex = re.sub(r"\\[,;:! ]|~|&", " ", tex)
    return re.sub(r"\s+", " ", re.sub(r"[{}\\]", "", tex)).strip()
