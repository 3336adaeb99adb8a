"""Run the chapters that sample under other seeds, and say how often each of their claims held.

usage: python -m tools.book.seeds N [CHAPTER ...] [--write]      `make seeds`

N is how often all seeds are shifted. If no chapter is named, all that claim something are run.

Each run of a chapter is kept in .cache/seeds until its code, or a file of the package that it
loaded, changes: a run that was stopped goes on where it was. Ends with a table, in which a margin
of 0.1 says that the claim came within a tenth of its usual distance from failing, and below 0 that
it failed: an error, unless its page says how often it held, "198 of 200". With --write the table
goes to src/dropout_scaling/claims.json, which the book shows; chapters that were not run keep their
rows there.
"""

import argparse
import ast
import hashlib
import json
import multiprocessing
import os
import platform
import re
import statistics
import sys
from datetime import date
from pathlib import Path

from tqdm import tqdm

from tools.book.notebooks import chapters, code_cells, read
from tools.paths import CACHE, PACKAGE

SEED_RUNS = CACHE / "seeds"
CLAIMS = PACKAGE / "claims.json"
# Whole libraries that take long to import; nothing of the package, which reads the shift.
PRELOADED = ["torch", "torch._dynamo", "matplotlib.pyplot", "sklearn.datasets", "scipy.stats"]
PRELOADED += ["IPython.core.interactiveshell"]


def claiming_chapters():
    """The notebooks that claim something of what they sample."""
    return {name: path for name, path in chapters().items() if as_far_as_claimed(path)}


def as_far_as_claimed(path):
    """The code cells of a notebook, up to the last that claims something."""
    cells = code_cells(read(path))
    claiming = [n for n, cell in enumerate(cells, start=1) if re.search(r"\bclaim\(", cell.source)]
    return cells[: max(claiming, default=0)]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


class WithoutNumbers(ast.NodeTransformer):
    """Takes out what a chapter prints, and compares under its own seeds alone."""

    def visit_Expr(self, node):
        called = ast.unparse(node.value.func) if isinstance(node.value, ast.Call) else ""
        return ast.Pass() if called in ("number", "print") else node


def code_of(path):
    """The digest of what a chapter does under other seeds: it says no numbers there."""
    code = (ast.parse(cell.source) for cell in as_far_as_claimed(path))
    text = "\0".join(ast.unparse(WithoutNumbers().visit(tree)) for tree in code)
    does = [line for line in text.splitlines() if line.strip() != "pass"]
    return hashlib.sha256("\n".join(does).encode()).hexdigest()


def kept(name, path, shift):
    """The kept run, or None if there is none or something that it was made from has changed."""
    file = SEED_RUNS / name / f"{shift}.json"
    if not file.is_file():
        return None
    run = json.loads(file.read_text("utf8"))
    fresh = run["code"] == code_of(path) and all(
        (PACKAGE / module).is_file() and digest(PACKAGE / module) == was
        for module, was in run["modules"].items()
    )
    return run if fresh else None


def run_chapter(task):
    """Run a chapter's cells in this process, to its last claim, and keep what they came to."""
    name, path, shift = task
    # Before anything of it is imported.
    os.environ.update(DROPOUT_SCALING_SEED_SHIFT=str(shift), MPLBACKEND="agg")
    os.chdir(path.parent)
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output
    from matplotlib import pyplot as plt

    from dropout_scaling import claims

    claims.recorded = []
    code = code_of(path)  # of what is run: somebody may edit it meanwhile
    shell = InteractiveShell.instance()
    shell.cache_size = 0
    for cell in as_far_as_claimed(path):
        with capture_output():
            ended = shell.run_cell(cell.source, store_history=False)
        if not ended.success:
            # A plain assert, or an experiment that broke: it should hold whatever the seeds.
            said = f"what is asserted in {cell.id}"
            claims.recorded.append({"claim": said, "held": False, "margin": None})
        plt.close("all")
    run = {"claims": claims.recorded, "code": code, "modules": loaded_modules()}
    file = SEED_RUNS / name / f"{shift}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".part")
    partial.write_text(json.dumps(run), "utf8")
    partial.replace(file)


def loaded_modules():
    """The files of the package that this process has loaded, and their digests."""
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    ours = [Path(file) for file in files if file and Path(file).is_relative_to(PACKAGE)]
    return {path.relative_to(PACKAGE).as_posix(): digest(path) for path in ours}


def run_missing(wanted, n):
    """Run what is not kept, on two workers; a new process, a copy of one with PyTorch, for each."""
    tasks = [
        (name, path, shift)
        for shift in range(1, n + 1)
        for name, path in wanted.items()
        if kept(name, path, shift) is None
    ]
    if not tasks:
        return
    os.environ["OMP_NUM_THREADS"] = "1"
    context = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
    if sys.platform == "linux":
        context.set_forkserver_preload(PRELOADED)
    with context.Pool(2, maxtasksperchild=1) as pool:
        done = pool.imap_unordered(run_chapter, tasks)
        for _ in tqdm(done, total=len(tasks), desc="chapters under other seeds", mininterval=1):
            pass


def summary(wanted, n):
    """A row for each claim: chapter, sentence, held in how many, of how many, nearest margin."""
    rows = []
    for name, path in wanted.items():
        found, title = {}, read(path).cells[0].source.partition("\n")[0].removeprefix("# ")
        for shift in range(1, n + 1):
            for made in kept(name, path, shift)["claims"]:
                found.setdefault(made["claim"], []).append(made)
        for sentence, made in found.items():
            margins = [one["margin"] for one in made if one["margin"] is not None]
            # What is asserted is written down if it failed, a claim if it was reached.
            held = sum(one["held"] for one in made) if margins else n - len(made)
            usual = statistics.median(margins) if margins else 0
            nearest = round(min(margins) / usual, 3) if usual > 0 else None
            row = {"page": name, "title": title, "claim": sentence}
            rows.append(row | {"held": held, "of": n, "nearest": nearest})
    return rows


def says_so(row):
    """Whether the page of a claim that did not always hold says how often it did: "198 of 200"."""
    prose = (c.source for c in read(chapters()[row["page"]]).cells if c.cell_type == "markdown")
    return f"{row['held']} of {row['of']}" in "\n".join(prose)


def show(rows):
    for row in rows:
        nearest = "     " if row["nearest"] is None else f"{row['nearest']:5.2f}"
        mark = " " if row["held"] == row["of"] else "!"
        print(f"{mark} {row['held']:4} of {row['of']}  {nearest}  {row['page']}: {row['claim']}")


def others(every, wanted):
    """The rows of the chapters that were not run now, as they were written before."""
    if len(wanted) == len(every):
        return []
    rows = json.loads(CLAIMS.read_text("utf8"))["claims"]
    return [row for row in rows if row["page"] in every and row["page"] not in wanted]


def write(rows):
    about = {"date": date.today().isoformat(), "python": platform.python_version()}
    about |= {"machine": platform.machine(), "system": platform.system()}
    rows.sort(key=lambda row: row["page"])  # a chapter's claims stay in their order
    CLAIMS.write_text(json.dumps({"run": about, "claims": rows}, indent=1) + "\n", "utf8")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("      ")[0])
    parser.add_argument("n", type=int)
    parser.add_argument("chapters", nargs="*")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    n, names = given.n, given.chapters
    if n < 1:
        parser.error(f"N must be at least 1, got {n}")
    every = claiming_chapters()
    unknown = sorted(set(names) - set(every))
    if unknown:
        sys.exit(f"seeds: no chapter with a claim: {', '.join(unknown)}")
    wanted = {name: every[name] for name in names} if names else every
    run_missing(wanted, n)
    rows = summary(wanted, n)
    show(rows)
    if given.write:
        write(rows + others(every, wanted))
    failed = sum(row["held"] < row["of"] and not says_so(row) for row in rows)
    print(f"seeds: {len(rows)} claims of {len(wanted)} chapters under {n} shifts, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
