"""The verdict on an observed dropout: right, wrong with its misconceptions' names, or neither."""

import re
from textwrap import fill
from typing import NamedTuple

from dropout_scaling.diagnose._chance import ALPHA
from dropout_scaling.diagnose._matching_misconceptions import ENDS, causes
from dropout_scaling.diagnose._relatives import UNSEEN_EVALUATION, known
from dropout_scaling.diagnose.observe import observe
from dropout_scaling.misconceptions import MISCONCEPTIONS

REPORT_WIDTH = 72  # characters
NEAR_HALF = 0.05
ALPHA_DROPOUT = (
    "This is alpha dropout, made for SELU networks. It shifts dropped and kept values: a layer "
    "keeps its mean and variance, but a single value does not keep its mean. As plain dropout it "
    "is wrong."
)
UNSEEN = {
    "evaluation": UNSEEN_EVALUATION,
    "backward": "the backward pass was not seen",
}
HELP = (
    "Pass a function of one array that calls the layer, or shape=(...) if it takes inputs of one "
    "shape only."
)


class Report(NamedTuple):
    """The result of ``diagnose``; ``str`` gives it as text, and it is true if the layer is right.

    ``ok``: whether everything observed is right. ``misconception``: its name in
    ``misconceptions``, or None. ``explanation``: a few sentences. ``evidence``: the observations,
    with numbers and bounds. ``judged``: False if the layer is neither right nor wrong: it could not
    be run, or it is right only under a condition that was not seen; ``ok`` is False then too.
    ``condition``: what it depends on, or "". ``others``: further misconceptions of the same layer.
    """

    ok: bool
    misconception: str | None
    explanation: str
    evidence: tuple
    judged: bool = True
    condition: str = ""
    others: tuple = ()

    def __bool__(self):
        return self.ok

    @property
    def misconceptions(self):
        """The names of all its misconceptions."""
        return (self.misconception, *self.others) if self.misconception else ()

    def __str__(self):
        lines = [fill(self._headline(), REPORT_WIDTH), fill(self.explanation, REPORT_WIDTH)]
        lines += [
            fill(line, REPORT_WIDTH, initial_indent="  - ", subsequent_indent="    ")
            for line in self.evidence
        ]
        return "\n".join(lines)

    def _repr_markdown_(self):
        """The same for a notebook, with what was seen behind a fold."""
        lines = [self._headline(), self.explanation, *self.evidence]
        headline, explanation, *evidence = map(_marked_down, lines)
        seen = "\n".join(f"- {line}" for line in evidence)
        told = explanation.replace("Cure:", "*Cure:*")
        return (
            f"**{headline[0].upper()}{headline[1:]}.** {told}\n\n"
            f"<details>\n<summary>What it saw</summary>\n\n{seen}\n\n</details>"
        )

    def _headline(self):
        if self.ok:
            return f"right {self.condition}".rstrip()
        if not self.judged:
            return f"right only {self.condition}" if self.condition else "not judged"
        return f"wrong: {' and '.join(self.misconceptions) or 'no known misconception'}"


def _marked_down(line):
    """Return a line as Markdown, with each name of code, such as ``x_y``, set as code."""
    parts = re.split(r"(\b[^\W\d]\w*(?:[._]\w+)+)", line)
    parts[::2] = [re.sub(r"([\\`*_$<\[\]|~])", r"\\\1", part) for part in parts[::2]]
    parts[1::2] = [f"`{name}`" for name in parts[1::2]]
    return "".join(parts)


def diagnose(layer, p: float, *, backward=None, shape=None, limit: float = 20.0) -> Report:
    """Return a ``Report`` on a dropout layer that should drop with probability ``p``.

    Standard and inverted dropout are right. So are noise of mean 1 and variance p/q, a relaxed
    mask, one decision for a whole channel or row, and whole blocks; the report names them. Alpha
    dropout is wrong as plain dropout. What a layer does at p = 0 or p = 1 is told in the first
    line, and is no fault. A layer is neither right nor wrong if that depends on what its calls
    cannot show, such as an evaluation elsewhere.
    Each comparison with chance has a false-alarm rate of at most 1e-7; a run makes fewer than ten.
    At p = 0.5 keep and drop look the same, so a function that takes p is judged at 0.2 instead.
    If several names fit a scale within the precision of the layer's dtype, the report says so.

    Args:
        layer: a NumPy function f(x, p, training=True) or a similar one, an ``nn.Module``, a
            functional such as ``F.dropout``, or an object with ``forward`` and mostly ``backward``,
            under these or the other usual names. It may take lists or tensors of its author's own.
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
    seen = observe(layer, p, backward=backward, shape=shape, limit=limit)
    if "at_zero" in seen.evidence and abs(p - 0.5) < NEAR_HALF:  # it takes p: any p can be used
        p, notes = 0.2, [f"judged at p = 0.2, since at {p} keep and drop look alike"]
        seen = observe(layer, p, backward=backward, shape=shape, limit=limit)
    elif abs(p - 0.5) < NEAR_HALF:
        hidden = ", ".join(m.name for m in MISCONCEPTIONS.values() if m.hidden_at_half)
        notes = [f"at p = {p} these mistakes look right, so try another p: {hidden}"]
    facts, evidence = seen.facts, tuple(seen.evidence.values())
    if facts.error is not None:
        text = f"The layer could not be judged: it {evidence[0]}. {HELP}"
        return Report(False, None, text, evidence, judged=False)
    notes = (*_ambiguities(facts), *seen.notes, *notes)
    notes += tuple(note for name, note in UNSEEN.items() if getattr(facts, name) is None)
    evidence = (*evidence, *notes)
    if facts.kind == "alpha":
        return Report(False, None, ALPHA_DROPOUT, evidence)

    plain = known(facts, p, seen.words)
    names, rest = causes(plain.facts, p)
    if names or rest:
        return _wrong(names, rest, plain, seen.evidence, evidence)
    kind = ", ".join(filter(None, (plain.kind, plain.how)))
    text = " ".join([f"This is {kind}.", *plain.remarks])
    if not plain.sure:
        return Report(False, None, text, evidence, judged=False, condition=plain.condition)
    ends, cures = _ends(facts)
    condition = ", ".join(filter(None, (ends, plain.condition)))
    return Report(True, None, " ".join([text, *cures]), evidence, condition=condition)


def _wrong(names, rest, plain, sentences, evidence):
    """Return the ``Report`` of a wrong layer: each misconception's advice, then what is left."""
    texts = [MISCONCEPTIONS[name].advice for name in names]
    if len(texts) > 1:
        texts = [f"({i}) {text}" for i, text in enumerate(texts, 1)]
    if rest:
        told = "; ".join(sentences[name] for name in rest if name in sentences)
        texts.append(f"No known misconception explains {'the rest' if names else 'this'}: {told}.")
    if plain.how:
        texts.append(f"Apart from that, this is dropout {plain.how}.")
    return Report(False, names[0] if names else None, " ".join(texts), evidence, others=names[1:])


def _ends(facts):
    """Return (condition, cures) for what goes wrong at p = 0 and p = 1 alone."""
    zero, one = facts.at_zero == "drops", facts.at_one in ("nan", "other")
    names = [name for field, name in ENDS.items() if getattr(facts, field) in ("drops", "nan")]
    words = {(True, True): "for 0 < p < 1", (True, False): "for p > 0", (False, True): "for p < 1"}
    return words.get((zero, one), ""), [MISCONCEPTIONS[name].advice for name in names]


def _ambiguities(facts):
    """Yield a sentence for each fact that fits several names."""
    for name, fact in zip(facts._fields, facts, strict=True):
        if isinstance(fact, frozenset) and len(fact) > 1:
            words = " or ".join(sorted(fact))
            yield f"the {name} may be {words}: here they cannot be told apart"


assert ALPHA * 10 <= 1e-6  # the rate that the docstrings promise
