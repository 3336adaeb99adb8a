"""Build what students and instructors get from the sources in assignments/.

usage: python -m tools.book.assignments [--check]

For each assignment: book/assignments/NAME.ipynb, the notebook to hand out (committed: the site
shows it), and _assignments/NAME/: the key and the zip that Gradescope takes. otter-grader makes the
notebooks; it marks the key as it does, and stops if that has not full marks. The zip holds our own
marker, so that Gradescope gives the points that `make grade` gives. --check builds nothing in the
book and says whether what is there is what the sources give.

Runs in the environment of requirements-assignments.txt: `make assignments`.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from functools import cache
from pathlib import Path

from tools.gradescope import zipped
from tools.paths import ASSIGNMENTS, BUILT_ASSIGNMENTS, HANDOUTS, MARKER, SOURCE

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
# What a check may use of the marker, and where it is defined.
FROM_MARKER = {
    "NOT_WRITTEN_YET": "checks",
    "WrongAnswerError": "checks",
    "StudentError": "execution/calls",
    "Opaque": "execution/values",
    "Ref": "execution/values",
    "RNG": "execution/values",
    "Source": "execution/values",
    "TAGGED_TYPES": "execution/values",
    "PLAIN_DTYPE": "execution/values",
    "MAX_NESTING": "execution/values",
    "pack": "execution/values",
    "unpack": "execution/values",
    "CallResult": "execution/calls",
    "FALSE_ALARM_RATE": "check_helpers",
    "seed": "check_helpers",
    "written": "check_helpers",
    "holds": "check_helpers",
    "array_of": "check_helpers",
    "close": "check_helpers",
    "kept_share": "check_helpers",
    "as_sent": "execution/in_notebook",
    "NotebookStudent": "execution/in_notebook",
}


@cache  # each check of an assignment asks for those of the same files
def definitions(path):
    """Return {name: node} of what a module defines at its top, and its imports from elsewhere."""
    named, imports = {}, []
    for node in ast.parse(path.read_text("utf8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            named[node.name] = node
        elif isinstance(node, ast.Assign):
            named |= {target.id: node for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.Import) or (
            isinstance(node, ast.ImportFrom) and not node.module.startswith("dropout_grading")
        ):
            imports.append(node)
    return named, imports


@cache
def used(node):
    """Return the names that a node reads."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


@cache
def undecorated(node):
    """Return the source of a node, a function's without its ASSIGNMENT.check(...)."""
    if isinstance(node, ast.FunctionDef):
        node.decorator_list = []
    return ast.unparse(node)


def standing_alone(name, checks):
    """Return the source of a check with all that it needs, and nothing else of its file."""
    named, imports = definitions(checks)
    named, imports = dict(named), list(imports)
    for marker_name, module in FROM_MARKER.items():
        found, more = definitions(MARKER / f"{module}.py")
        named.setdefault(marker_name, found[marker_name])
        imports += more
    wanted, queue = {}, [name, "NotebookStudent"]
    while queue:
        one = queue.pop()
        if one in named and one not in wanted and one != "ASSIGNMENT":  # that has the answers
            wanted[one] = named[one]
            queue += used(named[one])
    names = set().union(*map(used, wanted.values()))
    lines = []
    for node in imports:
        if any((a.asname or a.name).partition(".")[0] in names for a in node.names):
            line = ast.unparse(node)
            lines += [line] if line not in lines else []
    for one in [key for key in named if key in wanted]:
        lines.append(undecorated(wanted[one]))
    return "\n".join(lines)


def test_cell(check, checks):
    """Return the source of the cell that otter-grader makes a test of."""
    body = standing_alone(check.function.__name__, checks)
    inside = "\n".join(f"    {line}" if line else "" for line in body.splitlines())
    return (
        f'""" # BEGIN TEST CONFIG\npoints: {check.points}\nhidden: {str(check.hidden).lower()}\n'
        f'""" # END TEST CONFIG\ndef test_{check.function.__name__}(env):\n{inside}\n'
        "    with np.errstate(all='ignore'):\n"
        f"        {check.function.__name__}(NotebookStudent(env), np.random.default_rng())\n"
    )


def with_tests(source, assignment, checks):
    """Return the notebook in which each raw cell `# CHECKS q1` is the tests of that question."""
    cells = []
    for cell in source["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] != "raw" or not text.startswith("# CHECKS "):
            cells.append(cell)
            continue
        question = text.split()[2]
        cells.append(_cell("raw", "# BEGIN TESTS"))
        cells += [
            _cell("code", test_cell(check, checks))
            for check in assignment.checks
            if check.question == question
        ]
        cells.append(_cell("raw", "# END TESTS"))
    return source | {"cells": cells}


def _cell(kind, text):
    cell = {"cell_type": kind, "metadata": {}, "source": text, "id": uuid.uuid4().hex}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def tidy(notebook):
    """Return the student's notebook: title first, steady ids, no trace of the run that made it."""
    cells = notebook["cells"]
    if "otter.Notebook" in "".join(cells[0]["source"]):
        cells.insert(1, cells.pop(0))
    for number, cell in enumerate(notebook["cells"], 1):
        cell["id"] = f"cell-{number:02d}"
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
        cell["metadata"] = {k: v for k, v in cell["metadata"].items() if k == "deletable"}
    otter = notebook["metadata"]["otter"]
    notebook["metadata"] = {
        "kernelspec": KERNELSPEC,
        "language_info": {"name": "python"},
        "otter": {k: otter[k] for k in sorted(otter)},
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def build(folder):
    """Return the text of the student's notebook; leave key and zip in _assignments/NAME."""
    from dropout_grading.mark_folder import load

    checks = folder / "checks.py"
    assignment = load(folder)
    source = json.loads((folder / "source.ipynb").read_text("utf8"))
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        name = f"{assignment.name}.ipynb"
        made = with_tests(source, assignment, checks)
        (work / name).write_text(json.dumps(made), "utf8")
        command = [sys.executable, "-m", "otter", "assign", "-v", "--no-pdfs", name, "dist"]
        if "import torch" in json.dumps(source):  # not in this environment; the bank runs that key
            command.insert(4, "--no-run-tests")
        env = os.environ | {"PYTHONPATH": str(SOURCE)}
        ended = subprocess.run(command, cwd=work, env=env, text=True, capture_output=True)
        if ended.returncode:
            sys.exit(
                f"assignments: {assignment.name}: otter assign failed\n{ended.stdout}{ended.stderr}"
            )
        out = BUILT_ASSIGNMENTS / assignment.name
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        zipped.write(folder, out / "gradescope.zip")
        shutil.copyfile(work / "dist" / "autograder" / name, out / "key.ipynb")
        return tidy(json.loads((work / "dist" / "student" / name).read_text("utf8")))


def main(check):
    stale = []
    for folder in sorted(p.parent for p in ASSIGNMENTS.glob("*/checks.py")):
        page = HANDOUTS / f"{folder.name}.ipynb"
        text = build(folder)
        if check and (not page.is_file() or page.read_text("utf8") != text):
            stale.append(page.name)
        elif not check:
            page.parent.mkdir(exist_ok=True)
            page.write_text(text, "utf8")
        print(f"assignments: {folder.name} built", flush=True)
    if stale:
        sys.exit(
            f"assignments: not what the sources give: {', '.join(stale)}; run `make assignments`"
        )


if __name__ == "__main__":
    main("--check" in sys.argv[1:])
