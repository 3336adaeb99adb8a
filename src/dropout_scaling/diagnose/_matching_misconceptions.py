"""Which misconceptions, one or several, explain the facts of a layer.

Each member of the bank is measured as the layer is. What a member shows otherwise than a right
dropout is its *signature*. The fewest members whose signatures together are what the layer shows
otherwise than a right dropout are its causes.
"""

from functools import lru_cache
from itertools import combinations

from dropout_scaling.diagnose.observe import Facts, observe
from dropout_scaling.misconceptions import MISCONCEPTIONS

# What makes a dropout right or wrong. What it does at p = 0 or p = 1 alone is no fault.
FIELDS = (
    "kind", "rate", "scale", "frozen", "sharing", "dependent", "count", "evaluation", "backward",
    "mutates", "at_zero",
)  # fmt: skip
_MASK = {
    "kind": "mask", "rate": frozenset({"q"}), "frozen": False, "sharing": "none", "dependent": (),
    "count": "free", "backward": "same", "mutates": False, "at_zero": "few",
}  # fmt: skip
RIGHT = {
    "inverted dropout": _MASK | {"scale": frozenset({"1/q"}), "evaluation": frozenset({"1"})},
    "standard dropout": _MASK | {"scale": frozenset({"1"}), "evaluation": frozenset({"q"})},
}
# What shows at p = 0 or p = 1 alone, by the fact that shows it: told, but never a cause.
ENDS = {"at_one": "divides_zero_by_zero", "at_zero": "keeps_where_u_exceeds_p"}
MOST = 3  # causes that are looked for together


def agree(a, b):
    """Return whether two facts may be equal; an unseen one may be anything."""
    if isinstance(a, frozenset) and isinstance(b, frozenset):
        return bool(a & b)
    return a == b or a is None or b is None


def shown(facts: Facts) -> dict:
    """Return what is compared, {field: fact}: sharing is split into calls and axes."""
    values = {name: getattr(facts, name) for name in FIELDS if name in Facts._fields}
    values["frozen"] = values["sharing"] = None
    if facts.shared is not None:
        values["frozen"] = "call" in facts.shared
        all_axes = len(facts.same) == facts.dims
        batch = "a batch" if 0 in facts.same else "none"
        values["sharing"] = "everything" if all_axes and facts.same else batch
    if values["at_zero"] is not None:
        values["at_zero"] = "many" if values["at_zero"] == "drops many" else "few"
    return values


def kind_of(values):
    """Return the kind of right dropout that shows these values, or None."""
    return next((kind for kind, right in RIGHT.items() if not _differing(values, right)), None)


def causes(facts: Facts, p):
    """Return (names, rest): the causes of what is wrong, and the fields that they do not explain.

    Both are empty for a right dropout.
    """
    values = shown(facts)
    if kind_of(values):
        return (), ()
    best = None
    for kind, right in RIGHT.items():
        wrong = _differing(values, right)
        fitting = {
            key: signature
            for key, signature in _signatures(kind, p).items()
            if signature.keys() <= wrong
            and all(values[f] is not None and agree(values[f], v) for f, v in signature.items())
        }
        for size in range(MOST + 1):
            for keys in combinations(fitting, size):
                fields = [field for key in keys for field in fitting[key]]
                names = tuple(dict.fromkeys(name for name, _ in keys))
                if len(set(fields)) < len(fields) or len(names) < len(keys):
                    continue
                rest = tuple(field for field in FIELDS if field in wrong - set(fields))
                rank = (len(_but_the_end(rest)), len(rest), size, kind != "inverted dropout")
                if best is None or rank < best[0]:
                    best = rank, names, rest
    _, names, rest = best
    # What a layer does at p = 0 has the causes of what it does at p. It counts if there are none.
    return names, rest if rest == ("at_zero",) and not names else _but_the_end(rest)


def _but_the_end(rest):
    return tuple(field for field in rest if field != "at_zero")


def _differing(values, right):
    return {field for field in FIELDS if not agree(values[field], right[field])}


@lru_cache(maxsize=32)
def _signatures(kind, p):
    """Return {(name, i): {field: fact}}: what the i-th writing of a member shows otherwise."""
    found = {}
    for key, values in _bank(p).items():
        wrong = _differing(values, RIGHT["inverted dropout"]) - {"at_zero"}
        if not wrong.isdisjoint({"scale", "evaluation"}):  # else it is the same in both kinds
            wrong = _differing(values, RIGHT[kind]) - {"at_zero"}
        if wrong:
            found[key] = {field: values[field] for field in wrong}
    return found


@lru_cache(maxsize=16)
def _bank(p):
    """Return {(name, i): values} of all writings of all members at ``p``."""
    return {
        (name, i): shown(observe(layer, p).facts)
        for name, member in MISCONCEPTIONS.items()
        if name not in ENDS.values()
        for i, layer in enumerate((member.layer, *member.also))
    }
