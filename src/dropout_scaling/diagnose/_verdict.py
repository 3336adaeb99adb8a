"""The verdict on an observed dropout: right, or the name of its misconception."""

from functools import lru_cache
from textwrap import fill
from typing import NamedTuple

from dropout_scaling.diagnose.observe import ALPHA, Facts, observe
from dropout_scaling.misconceptions import MISCONCEPTIONS

REPORT_WIDTH = 72  # characters
_MASK = Facts(
    kind="mask", rate=frozenset({"q"}), shared=(), dependent=(), count="free", backward="same",
    at_zero="keeps all", at_one="zeros", mutates=False,
)  # fmt: skip
RIGHT = {
    "inverted dropout": _MASK._replace(scale=frozenset({"1/q"}), evaluation=frozenset({"1"})),
    "standard dropout": _MASK._replace(scale=frozenset({"1"}), evaluation=frozenset({"q"})),
    "noise of mean 1 and variance p/q, such as the paper's Gaussian noise (section 10)": Facts(
        kind="gaussian", evaluation=frozenset({"1"}), backward="same", mutates=False
    ),
}
# A mask shared along these axes is another known layer; along other axes it is a fault.
SHARED = {
    ("position",): "with one decision for a whole channel, as Dropout2d",
    ("unit",): "with one decision for a whole row, as DropPath",
    ("position", "unit"): "with one decision for a whole row, as DropPath",
}
ALPHA_DROPOUT = (
    "This is alpha dropout, made for SELU networks. It shifts dropped and kept values: a layer "
    "keeps its mean and variance, but a single value does not keep its mean. As plain dropout it "
    "is wrong."
)
UNSEEN = {
    "evaluation": "evaluation was not seen: the layer has no argument for the mode",
    "backward": "the backward pass was not seen",
}


class Report(NamedTuple):
    """The result of ``diagnose``; ``str`` gives it as text.

    ``ok``: whether everything observed is right. ``misconception``: its name in
    ``misconceptions``, or None. ``explanation``: one or two sentences. ``evidence``: the
    observations, with numbers and bounds. ``judged``: False if the layer could not be run, so that
    it is neither right nor wrong; ``ok`` is False then too.
    """

    ok: bool
    misconception: str | None
    explanation: str
    evidence: tuple
    judged: bool = True

    def __str__(self):
        lines = [self._headline(), fill(self.explanation, REPORT_WIDTH)]
        lines += [
            fill(line, REPORT_WIDTH, initial_indent="  - ", subsequent_indent="    ")
            for line in self.evidence
        ]
        return "\n".join(lines)

    def _headline(self):
        if not self.judged:
            return "not judged"
        if not self.ok:
            return f"wrong: {self.misconception or 'no known misconception'}"
        half = UNSEEN["evaluation"] in self.evidence
        return "right while training; evaluation was not seen" if half else "right"


def diagnose(layer, p: float, *, backward=None, shape=None, limit: float = 20.0) -> Report:
    """Return a ``Report`` on a dropout layer that should drop with probability ``p``.

    Standard and inverted dropout are right. So are Gaussian noise, and one decision for a whole
    channel or row; the report names them. Alpha dropout is wrong as plain dropout.
    Each comparison with chance has a false-alarm rate of at most 1e-7; a run makes fewer than ten.
    At p = 0.5 keep and drop look the same, so a function that takes p is judged at 0.2 instead.
    If several names fit a scale within the precision of the layer's dtype, the report says so.

    Args:
        layer: a NumPy function f(x, p, training=True) or a similar one, an ``nn.Module``, a
            functional such as ``F.dropout``, or an object with ``forward`` and ``backward``.
        p: the probability of dropping, in [0.01, 0.99].
        backward: as in ``observe``.
        shape: as in ``observe``.
        limit: as in ``observe``.

    Returns:
        The ``Report``. Changes of state are undone as in ``observe``.

    Raises:
        ValueError: for p outside [0.01, 0.99], or a bad ``shape`` or ``limit``.
        TypeError: if the layer is a class or cannot be called.

    >>> from dropout_scaling.misconceptions import MISCONCEPTIONS
    >>> diagnose(MISCONCEPTIONS["divides_by_p"].layer, 0.2).misconception
    'divides_by_p'
    """
    notes = []
    facts, evidence = observe(layer, p, backward=backward, shape=shape, limit=limit)
    if "at_zero" in evidence and abs(p - 0.5) < 0.05:  # it takes p, so any p can be used
        p, notes = 0.2, [f"judged at p = 0.2, since at {p} keep and drop look alike"]
        facts, evidence = observe(layer, p, backward=backward, shape=shape, limit=limit)
    elif abs(p - 0.5) < 0.05:
        hidden = ", ".join(m.name for m in MISCONCEPTIONS.values() if m.hidden_at_half)
        notes = [f"at p = {p} these mistakes look right, so try another p: {hidden}"]
    evidence = tuple(evidence.values())
    if facts.error is not None:
        text = f"The layer could not be judged: it {evidence[0]}."
        return Report(False, None, text, evidence, judged=False)

    notes = [*_ambiguities(facts), *notes]
    notes += [note for name, note in UNSEEN.items() if getattr(facts, name) is None]
    name = _right(facts)
    if name is not None:
        return Report(True, None, f"This is {name}.", (*evidence, *notes))
    if facts.kind == "alpha":
        return Report(False, None, ALPHA_DROPOUT, (*evidence, *notes))
    member = _member(facts, p)
    if member is None:  # what a layer does at p = 0 and 1 must not hide its fault in between
        member = _member(facts._replace(at_zero=None, at_one=None), p)
    if member is not None:
        return Report(False, member, MISCONCEPTIONS[member].advice, (*evidence, *notes))
    return Report(False, None, _differences(facts), (*evidence, *notes))


def _agree(a, b):
    """Return whether two facts, or all of two ``Facts``, may be equal; unseen facts always may."""
    if isinstance(a, Facts):
        return all(map(_agree, a, b))
    if isinstance(a, frozenset) and isinstance(b, frozenset):
        return bool(a & b)
    return a == b or a is None or b is None


def _right(facts):
    """Return the kind of right dropout that shows these facts, or None."""
    how = SHARED.get(facts.shared)
    plain = facts._replace(shared=()) if how else facts
    kind = next((name for name, right in RIGHT.items() if _agree(plain, right)), None)
    return f"{kind}, {how}" if kind and how else kind


@lru_cache(maxsize=8)
def _bank(p):
    """Return the facts of each member of ``misconceptions`` at ``p``."""
    return {name: observe(m.layer, p).facts for name, m in MISCONCEPTIONS.items()}


def _wrong(facts):
    """Return (name, seen, right) for each fact that differs from the nearest right dropout."""

    def differing(right):
        rows = zip(Facts._fields, facts, right, strict=True)
        return [row for row in rows if not _agree(*row[1:])]

    nearest = min(
        RIGHT.values(), key=lambda right: (right.kind != facts.kind, len(differing(right)))
    )
    return differing(nearest)


def _member(facts, p):
    """Return the name of the first misconception that explains these facts, or None."""
    return next((name for name, seen in _bank(p).items() if _explains(seen, facts)), None)


def _explains(seen, facts):
    """Return whether a member with the facts ``seen`` agrees and shows everything wrong."""
    return _agree(facts, seen) and all(
        getattr(seen, name) is not None for name, *_ in _wrong(facts)
    )


def _text(fact):
    return " or ".join(sorted(fact)) if isinstance(fact, frozenset) else str(fact)


def _ambiguities(facts):
    """Yield a sentence for each fact that fits several names."""
    for name, fact in zip(Facts._fields, facts, strict=True):
        if isinstance(fact, frozenset) and len(fact) > 1:
            yield f"the {name} may be {_text(fact)}: here they cannot be told apart"


def _differences(facts):
    rows = [f"{name} is {_text(a)}, but {_text(b)} is right" for name, a, b in _wrong(facts)]
    return f"No known misconception explains this: {'; '.join(rows)} (q = 1 - p)."


assert ALPHA * 10 <= 1e-6  # the rate that the docstrings promise
