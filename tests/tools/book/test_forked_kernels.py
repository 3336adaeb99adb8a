"""A kernel that is a copy of a process is what a kernel of its own would be."""

import json
import shutil

import pytest
from small_repository import FIGURE, Clone

from tools.book import execute, forked_kernels

SURROUNDINGS = """
import json, multiprocessing, os, signal, sys
import matplotlib
import numpy as np
import torch
from ipykernel.connect import get_connection_info

here = {
    "folder": os.path.basename(os.getcwd()),
    "path": sys.path,
    "program": os.path.basename(sys.argv[0]),
    "main": sys.modules["__main__"].__name__,
    "process": multiprocessing.current_process().daemon,
    "interrupt": str(signal.getsignal(signal.SIGINT)),
    "leads its group": os.getpgid(0) == os.getpid(),
    "backend": matplotlib.get_backend(),
    "threads": torch.get_num_threads(),
}
is_copy = "torch._dynamo" in sys.modules  # PyTorch's import alone does not load it
drawn = [np.random.random(), torch.initial_seed()]
print(json.dumps([is_copy, here, drawn, get_connection_info(unpack=True)["transport"]]))
"""

pytestmark = pytest.mark.skipif(
    not execute.FORKS_KERNELS, reason="kernels are copied on Linux and the CPU alone"
)


def run(root, **notebooks):
    """Run these in a new clone; return how that ended, and each one's outputs."""
    clone = Clone.fresh(root)
    (clone.root / "book" / "page.ipynb").unlink()
    shutil.copy(forked_kernels.__file__, clone.root / "tools" / "book")  # with all it loads
    for name, sources in notebooks.items():
        clone.write_notebook("Where is it?", *sources, name=name)
    ended = clone.run("book.execute")
    kept = {}
    for name in clone.kept():
        cells = execute.code_cells(execute.read(clone.root / ".cache" / "executed" / name))
        kept[name.removesuffix(".ipynb")] = [cell.outputs for cell in cells]
    return ended, kept


def told(outputs):
    return json.loads(outputs[0][0]["text"])


def test_a_copy_has_the_surroundings_of_a_kernel_of_its_own(tmp_path):
    _, alone = run(tmp_path / "alone", one=[SURROUNDINGS, FIGURE])
    exits = "import os\nos._exit(3)"
    ended, copies = run(
        tmp_path / "copies", one=[SURROUNDINGS, FIGURE], two=[SURROUNDINGS], exits=[exits]
    )
    assert "Kernel died" in ended.stderr
    assert "notebooks: failed: exits" in ended.stderr
    assert sorted(copies) == ["one", "two"]

    is_copy, own, _, _ = told(alone["one"])
    one_is_copy, one, drawn, by = told(copies["one"])
    two_is_copy, two, drawn_too, by_too = told(copies["two"])
    assert by == by_too == "ipc"  # no port that two workers could take at once
    assert (is_copy, one_is_copy, two_is_copy) == (False, True, True)
    assert one == two == own
    assert all(mine != other for mine, other in zip(drawn, drawn_too, strict=True))
    assert [output.output_type for output in copies["one"][1]] == ["display_data"]
    assert copies["one"][1][0].data.keys() == alone["one"][1][0].data.keys()
