"""What may import what, and that nothing is done or drawn behind the reader's back."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import dropout_scaling
from dropout_scaling import (
    _old_names,
    convert,
    data,
    exact,
    masks,
    montecarlo,
    nn,
    reference,
    theory,
)
from tools.book import execute, notebooks

ROOT = Path(dropout_scaling.__file__).parent
SOURCES = sorted(ROOT.rglob("*.py"))


def module(path):
    """The name by which the package knows a file: `audit.watch`, or `audit` for its face."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = [module(path) for path in SOURCES if module(path)]
AUDIT = {name for name in MODULES if name.split(".")[0] == "audit"}  # it is about PyTorch
LABORATORIES = {name for name in MODULES if name.startswith("lab.")}  # they train, and draw
IMPORT_TORCH = {
    "_dropouts",
    "_snapshot",
    "convert._graph",
    *(name for name in MODULES if name.split(".")[0] == "fast"),
    "keyed",
    "nn",
    "process_group",
    "stacked_networks",
    "train",
    "train_together",
    *AUDIT,
    *LABORATORIES,
}
IMPORT_MATPLOTLIB = {"plots", *LABORATORIES}
NUMPY_ONLY = sorted(set(MODULES) - IMPORT_TORCH - IMPORT_MATPLOTLIB)


def run(code):
    """Return what ``code`` prints in a fresh process."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_numpy_half_loads_neither_torch_nor_matplotlib():
    """Each module is the first one: of the package, what others have loaded is forgotten."""
    names = ["dropout_scaling", *(f"dropout_scaling.{m}" for m in NUMPY_ONLY)]
    code = f"""
import importlib, sys
for name in {names}:
    for known in [m for m in sys.modules if m.partition(".")[0] == "dropout_scaling"]:
        del sys.modules[known]
    importlib.import_module(name)
    if loaded := {{"torch", "matplotlib"}} & set(sys.modules):
        sys.exit(f"{{name}} loads {{loaded}}")
print("none")
"""
    assert run(code) == "none"


def test_settings_and_weights_can_be_converted_without_torch():
    code = """
import sys
from dropout_scaling.convert import inverted_adam, inverted_sgd, inverted_weight
inverted_sgd(0.1, 0.0, 0.2), inverted_adam(0.1, 1e-8, 0.0, 0.2), inverted_weight(1.0, 0.2)
print("torch" in sys.modules)
"""
    assert run(code) == "False"


def test_torch_modules_load_no_matplotlib_nor_audit_the_compiler_and_no_import_draws():
    code = f"""
import sys
import numpy as np, torch
before = repr(np.random.get_state()), torch.get_rng_state().tolist()
import dropout_scaling.nn, dropout_scaling.train
print("matplotlib" in sys.modules)
import {", ".join(f"dropout_scaling.{name}" for name in MODULES)}
print((repr(np.random.get_state()), torch.get_rng_state().tolist()) == before)
dropout_scaling.audit.audit(torch.nn.Dropout(0.2), torch.ones(2))
print("torch._dynamo" in sys.modules)  # the compiler, a second on its own
"""
    assert run(code).split() == ["False", "True", "False"]


def top_level_imports(path):
    """Return the packages that a file imports outside of functions."""
    found = set()
    nodes = list(ast.parse(path.read_text(encoding="utf-8")).body)
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module.partition(".")[0])
        elif not isinstance(node, ast.FunctionDef):
            nodes.extend(ast.iter_child_nodes(node))  # in a class, an if or a try
    return found


def test_only_some_modules_import_torch_and_only_plots_matplotlib():
    imported = {module(path): top_level_imports(path) for path in SOURCES}
    assert {name for name in imported if "torch" in imported[name]} <= IMPORT_TORCH
    assert {name for name in imported if "matplotlib" in imported[name]} <= IMPORT_MATPLOTLIB


def test_no_module_imports_a_laboratory():
    texts = {module(path): path.read_text(encoding="utf-8") for path in SOURCES}
    assert [name for name, text in texts.items() if "dropout_scaling.lab" in text] == []


def test_a_chapter_imports_no_laboratory_but_its_own():
    """An edit of a laboratory runs its own chapter again, and no other."""
    for name, path in notebooks.chapters().items():
        code = "\n".join(cell.source for cell in notebooks.code_cells(notebooks.read(path)))
        found = re.findall(r"dropout_scaling\.lab(?:\.| import )(\w+)", code)
        assert set(found) <= {execute.laboratory_of(path).stem}, name


def test_each_laboratory_belongs_to_a_chapter():
    assert LABORATORIES
    chapters = {execute.laboratory_of(path) for path in notebooks.chapters().values()}
    assert {ROOT / f"{name.replace('.', '/')}.py" for name in LABORATORIES} <= chapters


@pytest.mark.parametrize(("old", "new"), _old_names.MOVED.items())
def test_a_module_that_has_moved_is_found_under_its_old_name(old, new):
    was, now = (importlib.import_module(f"dropout_scaling.{name}") for name in (old, new))
    public = {name: value for name, value in vars(now).items() if name[0] != "_"}
    assert public
    assert public.items() <= vars(was).items()


@pytest.fixture(scope="module")
def public_callables():
    """Return {module.name: what it is} of all that the package's modules define."""
    found = {}
    for name in MODULES:
        imported = importlib.import_module(f"dropout_scaling.{name}")
        for key, value in vars(imported).items():
            if callable(value) and value.__module__ == imported.__name__ and key[0] != "_":
                found[f"{name}.{key}"] = value
    return found


def test_what_draws_takes_its_generator_as_a_required_keyword(public_callables):
    drawing = 0
    for name, function in public_callables.items():
        parameters = inspect.signature(function).parameters
        if "rng" in parameters and function.__module__ != "dropout_scaling._arguments":
            assert parameters["rng"].kind is inspect.Parameter.KEYWORD_ONLY, name
            assert parameters["rng"].default is inspect.Parameter.empty, name
            # A function takes a mask or draws one, never both.
            assert "mask" not in parameters, name
            drawing += 1
        if "seed" in parameters:
            assert parameters["seed"].default is inspect.Parameter.empty, name
    assert drawing  # masks, if nothing else


def test_every_public_name_says_what_it_is(public_callables):
    assert public_callables
    assert [name for name, it in public_callables.items() if not (it.__doc__ or "").strip()] == []


def global_states():
    numpy = np.random.get_state(legacy=False)  # noqa: NPY002 - that it is left alone is the point
    return repr(numpy), numpy["state"]["key"].tolist(), torch.get_rng_state().tolist()


def test_nothing_reads_or_seeds_the_global_generators():
    before = global_states()
    rng, p = masks.keyed_rng(0), 0.2
    mask, x = masks.bernoulli_mask(3, p, rng=rng), np.ones(3)
    masks.mask_probabilities(masks.all_masks(3), p)
    reference.standard_train(x, mask)
    reference.standard_eval(x, p)
    reference.inverted_train(x, mask, p)
    reference.inverted_eval(x)
    reference.standard_backward(x, mask)
    reference.inverted_backward(x, mask, p)
    exact.expectation(np.asarray, 3, p)
    exact.variance(lambda masks: masks * 1.0, 3, p)
    exact.normalized_geometric_mean(np.ones((2, 2)) / 2, np.ones(2))
    theory.standard_mean(x, p)
    theory.standard_variance(x, p)
    theory.inverted_variance(x, p)
    theory.kept_count_probabilities(3, p)
    montecarlo.monte_carlo(np.asarray, 3, p, n_samples=5, rng=rng)
    convert.inverted_adam(0.1, 1e-8, 0.0, p)
    data.digits(rng=rng)
    linear = torch.nn.utils.skip_init(torch.nn.Linear, 3, 3)  # as it would draw its first weights
    model = torch.nn.Sequential(nn.InvertedDropout(p), linear)
    convert.inverted_model(convert.standard_model(model))
    for layer in (nn.StandardDropout(p), nn.InvertedDropout(p)):
        layer(torch.ones(3), mask=torch.from_numpy(mask))
        layer(torch.ones(3), generator=torch.Generator())
        layer.eval()(torch.ones(3))
    assert global_states() == before
