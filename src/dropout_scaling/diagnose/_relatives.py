"""Dropout's known relatives: what is not plain dropout and yet right, perhaps on a condition."""

import re
from typing import NamedTuple

from dropout_scaling.diagnose._matching_misconceptions import RIGHT, kind_of, shown
from dropout_scaling.diagnose._multipliers import AXES
from dropout_scaling.diagnose.observe import Facts

UNSEEN_EVALUATION = "evaluation was not seen: the layer has no argument for the mode"
RELAXED = "inverted dropout with a relaxed mask, as concrete dropout"
NOISE = "noise of mean 1 and variance p/q, such as the paper's Gaussian noise (section 10)"
# What an author says by a name, in small letters.
SEQUENCES = r"locked|variational|rnn|lstm|gru|recurrent|time|sequence|step"
DEPTH = r"stochastic_?depth|path|layer_?drop|depth|skip|residual|surviv"
WORDS = r"word|token|embed"
ALWAYS = r"^mc_?d|mc_?dropout|monte_?carlo|bayesian|always_?on|stochastic_?infer"


class Known(NamedTuple):
    """What is known of a layer by its facts and its names.

    ``facts``: its facts, without what is accepted. ``kind``, ``how``: its name, and what is
    particular about it. ``condition``: what has to hold for it to be right. ``sure``: whether that
    may be supposed, by its names or since it is usual. ``remarks``: further sentences.
    """

    facts: Facts
    kind: str | None
    how: str = ""
    condition: str = ""
    sure: bool = True
    remarks: tuple = ()


def known(facts: Facts, p, words=frozenset()) -> Known:
    """Return what is ``Known``: the kind of the layer, and its facts without what is accepted.

    ``words``: the names of the layer. What is accepted is set to what plain dropout shows, so that
    a fault beside it has the name that it has in plain dropout.
    """

    def named(pattern):
        # The name of a file counts for one thing alone, of which a whole package can be.
        own = [word for word in words if pattern == ALWAYS or not word.startswith("in ")]
        return any(re.search(pattern, word, re.IGNORECASE) for word in own)

    seen = Known(facts, None)
    for step in (_noise, _blocks, _frozen, _shared, _grouped, _words, _always_on):
        seen = step(seen, p, named)
    kind = seen.kind or kind_of(shown(seen.facts))
    seen = seen._replace(kind=kind)
    if kind == "standard dropout" and facts.evaluation is None:
        return _unscaled_and_unseen(seen, p)
    if facts.evaluation is None:
        words = f"{seen.condition or 'while training'}; evaluation was not seen"
        return seen._replace(condition=words)
    return seen


def _plain(facts, **accepted):
    """Return the facts with what is accepted set to what inverted dropout shows."""
    right = RIGHT["inverted dropout"]
    values = {name: right[name] for name in accepted if name in right}
    return facts._replace(**(accepted | values))


def _noise(seen, p, named):
    """Accept a relaxed mask, and noise of mean 1; of another variance on that condition."""
    facts, right = seen.facts, {"kind": 0, "rate": 0, "scale": 0}
    if facts.kind == "relaxed":
        return seen._replace(facts=_plain(facts, **right), kind=RELAXED)
    if facts.kind == "gaussian":
        return seen._replace(facts=_plain(facts, **right), kind=NOISE)
    if facts.kind != "mean 1":
        return seen
    return seen._replace(
        facts=_plain(facts, **right),
        kind="noise of mean 1 that drops nothing",
        condition=f"if its variance is meant: that of dropout is p/q = {p / (1 - p):.4g}",
        sure=False,
    )


def _blocks(seen, p, named):
    """Accept a mask whose neighbours in an image depend on each other: whole blocks."""
    facts = seen.facts
    if facts.dims is None or facts.dims < 4 or "position" not in (facts.dependent or ()):
        return seen
    if facts.scale == {"n/K"}:
        facts = _plain(facts, scale=0, kind=0)
    remark = "How many values that drops depends on the size of the blocks, so p was not checked."
    facts = facts._replace(rate=None, dependent=(), count=None, at_zero=None, grouped=None)
    return seen._replace(
        facts=facts, how="with whole blocks dropped, as DropBlock", remarks=(remark,)
    )


def _frozen(seen, p, named):
    """Accept a mask that stays, if the name says that it does so for the steps of a sequence."""
    facts = seen.facts
    if "call" not in (facts.shared or ()) or not named(SEQUENCES):
        return seen
    return seen._replace(
        facts=facts._replace(shared=tuple(axis for axis in facts.shared if axis != "call")),
        how="with a mask that stays from call to call, as variational dropout has it",
        condition="if something draws a new mask for each batch, which was not seen",
        sure=False,
    )


def _shared(seen, p, named):
    """Accept one decision for several values: a channel, a row, a sequence, or all of a batch."""
    facts = seen.facts
    if facts.shared is None or not facts.same:
        return seen
    same, dims = set(facts.same), facts.dims
    plain = facts._replace(same=(), shared=tuple(a for a in facts.shared if a == "call"))
    if 0 not in same:
        return seen._replace(facts=plain, how=_how(same, dims, named))
    if len(same) == dims > 1 and named(DEPTH):
        how, condition = "with one decision for a whole batch", "if that is meant"
        how += ", as stochastic depth's batch mode"
    elif same == {0} and dims >= 3:
        how = "with one mask for all of axis 0, as locked dropout has one for all steps"
        condition = "if axis 0 is time; if it is the batch, all rows lose the same units"
        sure = seen.sure and named(SEQUENCES)
        return seen._replace(facts=plain, how=how, condition=condition, sure=sure)
    else:
        return seen
    return seen._replace(facts=plain, how=how, condition=condition)


def _grouped(seen, p, named):
    """Accept one decision for neighbouring units, on the condition that they belong together."""
    if not seen.facts.grouped:
        return seen
    how = "with one decision for several neighbouring values, as for the parts of a vector"
    condition = "if the values that are dropped together are one thing"
    last = AXES[min(seen.facts.dims, 3)]
    return seen._replace(
        facts=seen.facts._replace(dependent=tuple(a for a in seen.facts.dependent if a != last)),
        how=", ".join(filter(None, (seen.how, how))),
        condition=", and ".join(filter(None, (seen.condition, condition))),
        sure=False,
    )


def _how(same, dims, named):
    channels = set(range(2, dims))
    if same == set(range(1, dims)):
        return "with one decision for a whole row, as DropPath"
    if dims == 3 and same == {2} and named(WORDS):
        return "with one decision for a whole word, as word dropout"
    if same == channels:
        return "with one decision for a whole channel, as Dropout2d"
    if dims == 3 and same == {1}:
        return "with one decision for all of axis 1, as locked dropout or SpatialDropout1D has it"
    if same == set(range(1, dims - 1)):
        return "with one decision for a whole channel, the channels last"
    axes = " and ".join(f"axis {axis}" for axis in sorted(same))
    return f"with one decision for all along {axes}"


def _words(seen, p, named):
    """Whole words are usually dropped without a scale: right on that condition, if named so."""
    facts = seen.facts
    unscaled = facts.scale == facts.evaluation == {"1"}
    if not (unscaled and named(WORDS) and seen.how):
        return seen
    return seen._replace(
        facts=_plain(facts, scale=0),
        kind="dropout without a scale",
        condition="if nothing is to be scaled, as is usual for words; as plain dropout it forgets "
        "the scale",
        sure=False,
    )


def _always_on(seen, p, named):
    """Accept a layer that drops in evaluation, if its name says so, or a relaxed mask does."""
    facts = seen.facts
    if facts.evaluation != {"drops"} or not (named(ALWAYS) or seen.kind == RELAXED):
        return seen
    return seen._replace(
        facts=_plain(facts, evaluation=0),
        how=", ".join(filter(None, (seen.how, "on in evaluation too, as Monte-Carlo dropout"))),
        condition="if it is meant to stay on in evaluation",
        sure=seen.sure and named(ALWAYS),
    )


def _unscaled_and_unseen(seen, p):
    condition = f"if evaluation multiplies by {1 - p:.4g}, which was not seen"
    remark = (
        "While training, kept values are not scaled. If evaluation leaves values as they are, this "
        "is forgets_the_scale: divide the kept values by 1 - p while training. Pass a function "
        "that takes the mode, such as training=True, and does both."
    )
    condition = ", and ".join(filter(None, (seen.condition, condition)))
    return seen._replace(condition=condition, sure=False, remarks=(*seen.remarks, remark))
