"""Measure how the costs grow with the size, part by part, and draw them.

usage: python -m tools.bench.run [PART ...]      `make bench PARTS="models layers"`

Each size of a part is a line of _build/bench/lines.jsonl, written once it is measured: a run that
was stopped goes on there. To measure a part again, take its lines away, or remove the folder.
A measurement, not a test: it judges nothing.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

from tools.bench import growth
from tools.bench.parts import NAMES
from tools.gpu_check.json_lines import read
from tools.paths import HTML, ROOT

OUT = HTML.parent / "bench"
ONE = "--one"


def machine():
    model, info = platform.processor(), Path("/proc/cpuinfo")
    if info.is_file():
        lines = info.read_text().splitlines()
        model = next((s.partition(": ")[2] for s in lines if s.startswith("model name")), model)
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def module(name):
    return import_module(f"tools.bench.parts.{name}")


def missing(part, sizes, lines, where):
    """The sizes of a part of which there is no line of this machine."""
    done = {line["size"] for line in lines if (line["part"], line["machine"]) == (part, where)}
    return [size for size in sizes if size not in done]


def measured(part, size):
    """What a process of its own measures; what it has said, if it fails, and an exit."""
    command = [sys.executable, "-m", "tools.bench.run", ONE, part, str(size)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\nbench: {part}, {size}: failed, as shown above")
    return json.loads(done.stdout.splitlines()[-1])


def run(parts, out=OUT):
    out.mkdir(parents=True, exist_ok=True)
    file, where = out / "lines.jsonl", machine()
    if file.is_file():  # the last line may have been cut short: the next must not begin in it
        text = file.read_text("utf8")
        file.write_text(text[: text.rfind("\n") + 1], "utf8")
    for part in parts:
        to_do = missing(part, module(part).SIZES, read(file), where)
        for number, size in enumerate(to_do, 1):
            began = time.monotonic()
            line = {"part": part, "size": size, "machine": where, "costs": measured(part, size)}
            with file.open("a", encoding="utf8") as lines:
                lines.write(json.dumps(line) + "\n")
            costs = ", ".join(f"{cost:.3g} {what}" for what, cost in line["costs"].items())
            took = time.monotonic() - began
            print(f"{part} {number}/{len(to_do)}: {size}: {costs} ({took:.0f} s)", flush=True)
    show(out)


def show(out):
    """Write the table and the figures of all parts that were measured here."""
    where = machine()
    lines = [line for line in read(out / "lines.jsonl") if line["machine"] == where]
    rows = []
    for part in NAMES:
        of_part = [line for line in lines if line["part"] == part]
        if of_part:
            made = module(part)
            rows += growth.table(part, made.AXIS, made.BOUND, of_part)
            growth.draw(out / f"{part}.svg", f"{part}\n{where}", made.AXIS, of_part)
    rule = "|---" * growth.HEAD.count(" | ") + "|---|"
    text = "\n".join([where, "", growth.HEAD, rule, *rows, ""])
    (out / "table.md").write_text(text, "utf8")
    print(text)


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("      ")[0])
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument(ONE, action="store_true", dest="one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        part, size = given.parts
        print(json.dumps(module(part).measure(int(size))))
        return
    unknown = sorted(set(given.parts) - set(NAMES))
    if unknown:
        sys.exit(f"PARTS must be among {', '.join(NAMES)}, got {', '.join(unknown)}")
    run(given.parts or NAMES)


if __name__ == "__main__":
    main()
