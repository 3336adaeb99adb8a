"""Audit models whose truth is known, and print how often the word of `audit` was right.

usage: python -m tools.wild.models [GROUP ...]
"""

import multiprocessing
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import torch

from tools.wild.cases import CASES
from tools.wild.judge import judge

EVERY = 60  # seconds after which it says how far it is
IN_WORK = []  # the cases that are judged now: the copies of this process find them here
COLUMNS = ("models", "right", "wrong", "not judged", "false", "missed", "changed", "seconds")


def row(outcomes):
    """The counts of a group, in the order of the columns."""
    verdicts = [outcome.verdict for outcome in outcomes]
    return [
        len(outcomes),
        *(verdicts.count(word) for word in ("right", "wrong", "not judged")),
        *(sum(bool(getattr(o, kind)) for o in outcomes) for kind in ("false", "missed", "changed")),
        round(sum(outcome.seconds for outcome in outcomes)),
    ]


def told(outcome):
    """Lines on a model that was not judged as it should be."""
    if outcome.verdict != "right":
        yield f"  {outcome.verdict}: {outcome.name}, {outcome.seconds:.0f} s"
    for word in ("error", "false", "missed", "changed"):
        held = getattr(outcome, word)
        for each in [held] if isinstance(held, str) and held else held[:3]:
            yield f"    {word}: {each}"


def judged(cases):
    """Yield the ``Outcome`` of each case, in their order; each core has a process of its own."""
    if sys.platform != "linux":  # elsewhere a process cannot be copied safely
        yield from (judge(*case) for case in cases)
        return
    IN_WORK[:] = cases
    with ProcessPoolExecutor(
        len(os.sched_getaffinity(0)),
        multiprocessing.get_context("fork"),  # most cases hold functions that cannot be sent
        torch.set_num_threads,
        (1,),
    ) as pool:
        yield from pool.map(_judge, range(len(cases)))


def _judge(number):
    return judge(*IN_WORK[number])


def groups(names):
    """{group: its cases}, of the groups that are asked for."""
    found = {"own": CASES}
    if names != ["own"]:
        from tools.wild.package_models import world  # needs what is installed for it alone

        found |= world()
    return {name: found[name] for name in names or found}


def main(names):
    print(f"{'':>24}", *(f"{column:>10}" for column in COLUMNS))
    total, start = [], time.monotonic()
    for group, cases in groups(names).items():
        outcomes = []
        for outcome in judged(cases):
            outcomes.append(outcome)
            for line in told(outcome):
                print(line, flush=True)
            if time.monotonic() - start > EVERY:
                start = time.monotonic()
                print(f"  ... {len(outcomes)} of {len(cases)} of {group}", flush=True)
        total += outcomes
        print(f"{group:>24}", *(f"{count:>10}" for count in row(outcomes)), flush=True)
    print(f"{'all':>24}", *(f"{count:>10}" for count in row(total)))
    slowest = max(total, key=lambda outcome: outcome.seconds)
    print(f"slowest: {slowest.name}, {slowest.seconds:.0f} s")
    return int(any(outcome.verdict == "wrong" for outcome in total))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
