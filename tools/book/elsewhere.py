"""Run the notebooks as other machines would, and compare what they print and draw.

usage: python -m tools.book.elsewhere [NAME ...]      `make elsewhere`

NAME is a variant or a chapter. If no variant is named, all are taken; if no chapter is, all are.

A variant is an instruction set, a BLAS, a number of threads, or another random stream under
`bernoulli_`. Each is compared with the kept run of `make book`, outside the cells tagged `here`.
"""

import os
import platform
import re
import subprocess
import sys
import time
from itertools import zip_longest

from tools.book import execute
from tools.book.kernel_variants import VARIANT_VARIABLE
from tools.book.notebooks import chapters, code_cells
from tools.paths import CACHE, ROOT

VARIANT_RUNS = CACHE / "elsewhere"
VARIANTS = {
    "aten-default": {"ATEN_CPU_CAPABILITY": "default"},
    "aten-avx2": {"ATEN_CPU_CAPABILITY": "avx2"},
    "mkl-compatible": {"MKL_CBWR": "COMPATIBLE"},
    "mkl-sse": {"MKL_ENABLE_INSTRUCTIONS": "SSE4_2"},
    "small": {"DNNL_MAX_CPU_ISA": "SSE41", "OPENBLAS_CORETYPE": "PRESCOTT"},
    "two-threads": {VARIANT_VARIABLE: "two_threads"},
    "another-stream": {VARIANT_VARIABLE: "another_stream"},
    # As unlike this machine as it gets: for CI, which has no time for each.
    "old": {
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_CBWR": "COMPATIBLE",
        "DNNL_MAX_CPU_ISA": "SSE41",
        "OPENBLAS_CORETYPE": "PRESCOTT",
    },
    "avx2-two-threads": {"ATEN_CPU_CAPABILITY": "avx2", VARIANT_VARIABLE: "two_threads"},
}
EXECUTE = [sys.executable, "-m", execute.__name__]
MACHINE_TAG = "here"  # of a cell that measures this machine
DECIMAL = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
MAX_MOVE_POINTS = 0.5  # a line that has moved by less looks the same


def printed(cell):
    """What a cell printed, and the values that it showed, line by line."""
    text = ""
    for output in cell.outputs:
        if output.output_type == "stream":
            # One print may come in several messages. On stderr a machine says what it lacks.
            text += output.text if output.name == "stdout" else ""
        elif "text/plain" in output.get("data", {}) and not images(output):
            # A table is Markdown, and as plain text the name of its class.
            text += output.data.get("text/markdown", output.data["text/plain"]) + "\n"
    return text.splitlines()


def images(output):
    return [kind for kind in output.get("data", {}) if kind.startswith("image/")]


def drawings(cell):
    """The SVG of each figure that a cell drew, without the time of day at which it did."""
    shown = (output.get("data", {}) for output in cell.outputs)
    drawn = (data["image/svg+xml"] for data in shown if "image/svg+xml" in data)
    return [re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL) for svg in drawn]


def differences(ours, theirs):
    """A line for each that differs between two runs of a notebook: cell, line, both values."""
    for one, other in zip(code_cells(ours), code_cells(theirs), strict=True):
        if MACHINE_TAG in one.metadata.get("tags", []):
            continue
        a, b = printed(one), printed(other)
        if len(a) != len(b):
            yield f"{one.id}: {len(a)} lines here, {len(b)} there"
        for number, (x, y) in enumerate(zip_longest(a, b), start=1):
            if x != y:
                yield f"{one.id}, line {number}: {x!r} here, {y!r} there"
        for x, y in zip_longest(drawings(one), drawings(other), fillvalue=""):
            if (moved := furthest(x, y)) > MAX_MOVE_POINTS:
                yield f"{one.id}: the figure differs, by {moved:.2g} points"


def furthest(one, other):
    """By how many points a number in one SVG is away from its fellow in another."""
    if DECIMAL.sub("", one) != DECIMAL.sub("", other):
        return float("inf")
    pairs = zip(DECIMAL.findall(one), DECIMAL.findall(other), strict=True)
    return max((abs(float(x) - float(y)) for x, y in pairs), default=0)


def run(variant, names):
    """Run the notebooks under a variant, each again only if it has changed since."""
    env = {**os.environ, **VARIANTS[variant]}
    command = [*EXECUTE, str(VARIANT_RUNS / variant), *names]
    return subprocess.run(command, cwd=ROOT, env=env).returncode == 0


def compare(variant, names):
    lines = []
    for name in names or chapters():
        runs = [execute.stored(name, store) for store in (execute.EXECUTED, VARIANT_RUNS / variant)]
        if None in runs:
            lines.append(f"{name}: no run to compare")
        else:
            lines += [f"{name}: {line}" for line in differences(*runs)]
    return lines


def main(variants, names):
    if platform.system() != "Linux" or execute.DEVICE != "cpu":
        sys.exit("elsewhere: needs Linux and DEVICE=cpu, where kernels are copies of one process")
    command = [*EXECUTE, str(execute.EXECUTED), *names]
    if subprocess.run(command, cwd=ROOT).returncode:
        sys.exit("elsewhere: the notebooks do not pass here")
    failed = []
    for variant in variants:
        settings = " ".join(f"{k}={v}" for k, v in VARIANTS[variant].items())
        print(f"elsewhere: {variant} ({settings})", flush=True)
        start = time.monotonic()
        passed = run(variant, names)
        lines = compare(variant, names)
        for line in lines:
            print(f"  {line}")
        if lines or not passed:
            failed.append(variant)
        print(f"  differences: {len(lines)}; {time.monotonic() - start:.0f} s", flush=True)
    if failed:
        sys.exit(f"elsewhere: not the same: {', '.join(failed)}")
    print(f"elsewhere: the same under {', '.join(variants)}")


if __name__ == "__main__":
    given = sys.argv[1:]
    if unknown := sorted(set(given) - set(VARIANTS) - set(chapters())):
        known = ", ".join(VARIANTS)
        sys.exit(f"elsewhere: no such variant or chapter: {', '.join(unknown)}; variants: {known}")
    main(
        [a for a in given if a in VARIANTS] or list(VARIANTS),
        [a for a in given if a not in VARIANTS],
    )
