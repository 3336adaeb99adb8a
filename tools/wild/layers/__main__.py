"""Print what the doctor says of each layer, beside its truth: python -m tools.wild.layers.

With words, only of the layers whose names hold one of them, and all that it says. With --packages
FILE, of those in that file of packages/; `make wild` installs what it needs. The exit status is 1
if the doctor says of one otherwise than its truth.
"""

import argparse
import sys
import time
from collections import Counter
from importlib import import_module

from tools.wild.layers.judged import said

COLUMNS = ("as it is", "false", "missed", "misnamed", "unconditional", "judged", "not judged")


def main(argv=None):
    """Print each layer of which the doctor says otherwise than its truth, and a table."""
    parser = argparse.ArgumentParser(prog="python -m tools.wild.layers")
    parser.add_argument("--packages", metavar="FILE")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args(argv)
    file = f"packages.{options.packages}" if options.packages else "own"
    cases = import_module(f"tools.wild.layers.{file}").CASES
    counts, seconds = Counter(), Counter()
    slowest, longest = "", 0.0
    for case in cases:
        if options.words and not any(word in case.name for word in options.words):
            continue
        start = time.perf_counter()
        how, report = said(case)
        took = time.perf_counter() - start
        seconds[case.truth] += took
        if took > longest:
            slowest, longest = case.name, took
        counts[case.truth, how] += 1
        if how != "as it is" or options.words:
            print(f"{how}: {case.name} is {case.truth} {' '.join(case.names)} ({case.known})")
            print(f"{report}\n", flush=True)
    print(f"{'truth':10}", *(f"{column:>14}" for column in COLUMNS), f"{'seconds':>8}")
    for truth in ("right", "wrong", "depends", "none"):
        row = (f"{counts[truth, column]:14}" for column in COLUMNS)
        print(f"{truth:10}", *row, f"{seconds[truth]:8.1f}")
    print(f"{counts.total()} layers; slowest: {slowest}, {longest:.1f} s")
    return int(any(how != "as it is" for _, how in counts))


if __name__ == "__main__":
    sys.exit(main())
