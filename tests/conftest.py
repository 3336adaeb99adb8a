"""Seeds: each test draws from a base seed and its own name, so that order does not matter.

Never re-seed to make a test pass: `--seed-base` is there to see that other seeds pass too.
"""

import gc
import hashlib
import re
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from _pytest.doctest import DoctestModule
from sampled import Sampled

from tools.environment import compiler

HERE = Path(__file__).parent
SAMPLED_ITEMS = pytest.StashKey()
# Many tests that share nothing which is slow to make: each may run on another worker.
SPREAD = {HERE / "grading" / f"test_{name}.py" for name in ("attacks", "bank", "stealing")}
SPREAD.add(HERE / "browser" / "test_pages.py")
# PyTorch's optimizers take seconds to import: what runs the assignment that uses them is together.
TRAINING = "[rescue"
# Each test of these is asked in engines that take seconds to start: those of one stay together.
BY_ENGINE = HERE / "browser" / "test_each_engine.py"

# No deadline: the machine may be busy. No database: a run depends on the base seed alone.
hypothesis.settings.register_profile("suite", deadline=None, database=None)
hypothesis.settings.load_profile("suite")


def pytest_addoption(parser):
    parser.addoption(
        "--seed-base", type=int, default=0, help="another seed for every test that draws"
    )


@pytest.hookimpl(wrapper=True)
def pytest_collect_file():
    """Look for no doctest in tests/: it has none, and that would import all that tests start."""
    return [found for found in (yield) if not isinstance(found, DoctestModule)]


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Look for no garbage among what is collected, now or later: it all stays to the end.

    That took a third of the collection's time, and a fifth of some tests'.
    """
    gc.disable()
    found = yield
    gc.freeze()
    gc.enable()
    return found


def _seed(item):
    name = f"{item.config.getoption('seed_base')} {item.nodeid}"
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:16])


def _turn(item):
    """When a test has its turn: the longest first, so that no worker waits for it at the end.

    What can be spread comes last, and mixed: some of it computes, and some waits.
    """
    if item.path in SPREAD and TRAINING not in item.name:
        return 2, _seed(item)
    return not item.nodeid.startswith("tests/tools/"), 0


@pytest.hookimpl(optionalhook=True)  # there may be no xdist
def pytest_xdist_make_scheduler(config, log):
    """Keep the tests of a file on one worker, which makes their fixtures once; spread some."""
    from xdist.scheduler import LoadFileScheduling

    spread = {path.relative_to(config.rootpath).as_posix() for path in SPREAD}
    by_engine = BY_ENGINE.relative_to(config.rootpath).as_posix()

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            if file == by_engine:
                return re.search(r"Firefox|WebKit", nodeid)[0]
            if TRAINING in nodeid:
                return TRAINING
            return nodeid if file in spread else file

    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(tryfirst=True)  # before -k and -m take tests away: the count is of the whole suite
def pytest_collection_modifyitems(config, items):
    items.sort(key=_turn)
    for item in items:
        function = getattr(item, "function", None)
        if function and hypothesis.is_hypothesis_test(function):
            hypothesis.seed(_seed(item))(function)
    sampled = [item for item in items if "sampled" in getattr(item, "fixturenames", ())]
    for item in sampled:
        item.add_marker("sampled")
    using = {
        path for path in HERE.rglob("test_*.py") if "sampled.assert_" in path.read_text("utf8")
    }
    whole = using <= {item.path for item in items}
    config.stash[SAMPLED_ITEMS] = len(sampled) if whole else None


def pytest_configure(config):
    config.addinivalue_line("markers", "sampled: makes one sampled assertion (set by itself)")
    if compiler.lacking():  # the other way of computing is then what there is to test
        config.addinivalue_line("filterwarnings", "ignore:FastDropout uses NumPy:RuntimeWarning")


@pytest.fixture
def n_sampled_items(pytestconfig):
    """The number of sampled assertions in the suite."""
    count = pytestconfig.stash[SAMPLED_ITEMS]
    if count is None:
        pytest.skip("only a part of the suite was collected")
    return count


@pytest.fixture
def rng(request):
    """A NumPy generator of this test's own."""
    return np.random.default_rng(_seed(request.node))


@pytest.fixture
def torch_seed(rng):
    """A seed of this test's own, set in torch's global generator, which is put back after."""
    import torch

    seed = int(rng.integers(2**63))
    with torch.random.fork_rng(range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield seed


@pytest.fixture
def sampled():
    """The one sampled assertion that a test which asks for this must make."""
    assertion = Sampled()
    yield assertion
    assert assertion.uses == 1, "a sampled test makes exactly one sampled assertion"


@pytest.fixture
def cuda():
    """The GPU, for the tests marked ``gpu``."""
    from dropout_scaling.train import default_device

    device = default_device()  # raises where a GPU is asked for and there is none
    if device.type != "cuda":
        pytest.skip("runs with DROPOUT_SCALING_DEVICE=cuda")
    return device
