"""Write the notebooks that Colab and Binder open: the chapters, each able to find the package.

usage: python -m tools.book.launch_notebooks FOLDER

FOLDER becomes the content of the branch `launch`, which the launch buttons point at. The first cell
of each notebook installs the package from the commit that built the site, unless it is there.
Needs REPOSITORY_URL and COMMIT in the environment; the workflow derives both from its own.
"""

import sys
from pathlib import Path

import nbformat

from tools.book.downloads import for_elsewhere
from tools.book.notebooks import chapters, handouts, read
from tools.book.repository import LAUNCH_BRANCH, Repository
from tools.environment.set_up import oldest_python
from tools.paths import BOOK, REQUIREMENTS_OF_ASSIGNMENTS

PACKAGE_CELL = """\
# Only where the book's own package is missing, as in Colab.
import importlib.util

if importlib.util.find_spec("dropout_scaling") is None:
    %pip install -q "{requirement}"
"""

# Colab runs a notebook without its file, and otter-grader reads its checks from a file.
HANDOUT_CELL = """\
# Only where otter-grader or this notebook's own file is missing, as in Colab.
import importlib.util
import json
import urllib.request
from pathlib import Path

if importlib.util.find_spec("otter") is None:
    %pip install -q {otter}
if not Path("{name}.ipynb").is_file():
    with urllib.request.urlopen("{url}") as answer:
        notebook = json.load(answer)
    Path("tests").mkdir(exist_ok=True)
    for question, source in notebook["metadata"].pop("otter")["tests"].items():
        Path("tests", question + ".py").write_text(source)
    Path("{name}.ipynb").write_text(json.dumps(notebook))
"""

BINDER_REQUIREMENTS = """\
--extra-index-url https://download.pytorch.org/whl/cpu
{requirement}
"""


def requirement(repository):
    return f"dropout-scaling[book] @ git+{repository.url}@{repository.commit}"


def with_set_up(notebook, repository):
    """The notebook with the set-up cell in front; the site's pages hide it, if it gets there."""
    cell = nbformat.v4.new_code_cell(
        PACKAGE_CELL.format(requirement=requirement(repository)).rstrip(),
        id="set-up",
        metadata={"tags": ["remove-cell"]},
    )
    notebook.cells.insert(0, cell)
    return notebook


def handout_with_set_up(notebook, name, repository):
    """An assignment with its own set-up cell in front."""
    page = f"{repository.url}/raw/{LAUNCH_BRANCH}/book/assignments/{name}.ipynb"
    pins = REQUIREMENTS_OF_ASSIGNMENTS.read_text("utf8").splitlines()
    # Without the extra that runs a key: a student's checks need none of it.
    version = next(line.split()[0].partition("==")[2] for line in pins if line.startswith("otter-"))
    otter = f"otter-grader=={version}"
    cell = nbformat.v4.new_code_cell(
        HANDOUT_CELL.format(otter=otter, name=name, url=page).rstrip(), id="set-up"
    )
    notebook.cells.insert(0, cell)
    return notebook


def main(folder):
    repository = Repository.from_environment()
    if repository is None:
        sys.exit("launch_notebooks: REPOSITORY_URL and COMMIT say where the package is; set both")
    for name, path in chapters().items():
        target = folder / BOOK.name / f"{name}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(with_set_up(for_elsewhere(read(path)), repository), target)
    for name, path in handouts().items():
        target = folder / BOOK.name / f"{name}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(handout_with_set_up(read(path), path.stem, repository), target)
    binder = folder / "binder" / "requirements.txt"
    binder.parent.mkdir(parents=True, exist_ok=True)
    binder.write_text(BINDER_REQUIREMENTS.format(requirement=requirement(repository)))
    python = ".".join(map(str, oldest_python()))  # Binder's own default is older
    (binder.parent / "runtime.txt").write_text(f"python-{python}\n")
    print(f"wrote {folder}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
