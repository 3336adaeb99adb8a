"""Print what the doctor says of each layer, beside its truth: python -m tools.wild.layers.

With words, only of the layers whose names hold one of them, and all that it says.
"""

import sys
import time
from collections import Counter

from tools.wild.layers.judged import CASES, said

COLUMNS = ("as it is", "false", "missed", "misnamed", "unconditional", "not judged")


def main(words):
    """Print each layer of which the doctor says otherwise than its truth, and a table."""
    counts, seconds = Counter(), Counter()
    for case in CASES:
        if words and not any(word in case.name for word in words):
            continue
        start = time.perf_counter()
        how, report = said(case)
        seconds[case.truth] += time.perf_counter() - start
        counts[case.truth, how] += 1
        if how != "as it is" or words:
            print(f"{how}: {case.name} is {case.truth} {' '.join(case.names)} ({case.known})")
            print(f"{report}\n")
    print(f"{'truth':10}", *(f"{column:>14}" for column in COLUMNS), f"{'seconds':>8}")
    for truth in ("right", "wrong", "depends"):
        row = (f"{counts[truth, column]:14}" for column in COLUMNS)
        print(f"{truth:10}", *row, f"{seconds[truth]:8.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
