"""What a layer of the world is, and what the doctor should say of it."""

from typing import Any, NamedTuple

P = 0.2  # the probability of dropping of every layer here, and the keep probability is 1 - P


class Case(NamedTuple):
    """One layer and its truth, which was written down from its code before the doctor saw it.

    ``truth``: "right", "wrong", or "depends", if it is right only under a condition that its calls
    cannot show; "none" if it returns nothing of its input's shape, so that the doctor should say
    neither. ``names``: the misconceptions of a wrong one, empty if the bank has none.
    ``known``: how the truth is known. ``options``: what ``diagnose`` is given besides the layer
    and P.
    """

    name: str
    layer: Any
    truth: str
    names: frozenset
    known: str
    options: dict


def collector():
    """Return (cases, right, wrong, depends): a list, and three decorators that add to it.

    Each takes how the truth is known; ``wrong`` takes the names first, in one string. ``given``:
    the arguments of a class, None for one whose ``apply`` is the layer; ``options``: those of
    ``diagnose``. What is decorated stays itself.
    """
    cases = []

    def add(truth, names, known, given, options):
        def register(written):
            layer = written
            if isinstance(written, type):
                layer = written.apply if given is None else written(*given)
            name = written.__name__
            cases.append(Case(name, layer, truth, frozenset(names.split()), known, options))
            return written

        return register

    def right(known, *, given=(P,), **options):
        return add("right", "", known, given, options)

    def wrong(names, known, *, given=(P,), **options):
        return add("wrong", names, known, given, options)

    def depends(known, *, given=(P,), **options):
        return add("depends", "", known, given, options)

    return cases, right, wrong, depends
