"""`make bench`: its parts are there, it goes on after a stop, and its exponents fit. No times."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from tools.bench import growth, parts, run
from tools.paths import TOOLS

SIZES = [10, 20, 40, 80, 160]


@pytest.mark.parametrize("power", [0.5, 1, 2])
def test_the_exponent_of_a_power_is_found_in_any_order(power):
    sizes = np.array(SIZES)[::-1]
    assert growth.exponent(sizes, 3 * sizes**power) == pytest.approx(power, abs=1e-9)


def test_what_a_call_costs_whatever_the_size_does_not_hide_the_growth():
    # 10 + n^1.5 / 10^3: among the sizes below 100 nearly all of it is the 10.
    sizes = 10.0 ** np.arange(0, 9)
    costs = 10 + sizes**1.5 / 1e3
    assert growth.exponent(sizes, costs) == pytest.approx(1.5, abs=0.02)
    assert np.polyfit(np.log(sizes), np.log(costs), 1)[0] < 1.2  # the line through all of them


def test_two_sizes_are_too_few_for_an_exponent():
    assert growth.exponent([1, 2], [1, 2]) is None


def test_each_part_is_a_file_that_says_what_it_measures():
    files = {f.stem for f in (TOOLS / "bench/parts").glob("*.py")} - {"__init__"}
    assert files == set(parts.NAMES)
    for name in parts.NAMES:
        part = run.module(name)
        assert part.AXIS
        assert part.BOUND
        assert sorted(set(part.SIZES)) == part.SIZES
        assert len(part.SIZES) >= 2 * growth.FEWEST - 1
        assert callable(part.measure)


@pytest.fixture
def asked(monkeypatch):
    """The sizes that are measured: of one made-up part, whose cost is twice its size."""
    sizes = []

    def measured(part, size):
        if size in stop:
            raise KeyboardInterrupt
        sizes.append(size)
        return {"s": 2 * size, "none": 0}

    stop = {40}
    made = SimpleNamespace(AXIS="made-up things", BOUND="nothing", SIZES=SIZES)
    monkeypatch.setattr(run, "module", lambda name: made)
    monkeypatch.setattr(run, "measured", measured)
    return SimpleNamespace(sizes=sizes, stop=stop)


def test_a_run_that_was_stopped_goes_on(asked, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        run.run(["units"], tmp_path)
    assert asked.sizes == [10, 20]
    # And a line that was not written to its end is measured again.
    file = tmp_path / "lines.jsonl"
    first, _ = file.read_text().splitlines()
    file.write_text(f"{first}\n{first[:20]}")
    asked.stop.clear()
    run.run(["units"], tmp_path)
    assert asked.sizes == [10, 20, 20, 40, 80, 160]
    sizes = [json.loads(line)["size"] for line in file.read_text().splitlines()]
    assert sizes == SIZES


def test_what_is_measured_is_in_a_table_and_a_figure_that_name_the_machine(
    asked, tmp_path, monkeypatch
):
    asked.stop.clear()
    monkeypatch.setattr(run, "machine", lambda: "another machine")
    run.run(["units"], tmp_path)
    monkeypatch.setattr(run, "machine", lambda: "a machine")
    run.run(["units"], tmp_path)
    run.run(["units"], tmp_path)
    assert asked.sizes == SIZES * 2  # on each machine, once
    text = (tmp_path / "table.md").read_text()
    assert text.startswith("a machine\n")
    (row,) = [line for line in text.splitlines() if line.startswith("| units")]
    assert row == "| units | made-up things | s | 10 | 20 | 160 | 320 | 1.00 | nothing |"
    drawn = (tmp_path / "units.svg").read_text()
    assert "<svg" in drawn


def test_an_unknown_part_is_named(monkeypatch):
    monkeypatch.setattr("sys.argv", ["run", "units", "nothing"])
    with pytest.raises(SystemExit, match=r"PARTS must be among values, .*, got nothing"):
        run.main()
