"""Claims are counted under other seeds, a stopped run goes on, and one that failed is an error."""

import json

import pytest
from small_repository import Clone

from tools.book import seeds

SETTLED = """
import numpy as np
from dropout_scaling.claims import claim, number, seed

drawn = np.random.default_rng(seed(0)).random(1000)
number(drawn.mean(), "9.9")  # of the book's own seeds, so not compared here
claim("A mean of 1000 is near a half.", 0.4 - abs(drawn.mean() - 0.5))
"""
EVEN = 'claim("The shift is even.", 1 - seed(0) // 1000 % 2)'
STOPS = "assert seed(0) != 3000, 'the third'\nhere = 1"
AFTER = "here"
LAST = 'claim("One is less than two.", 2 - 1)'
BEHIND = "raise SystemError('no claim comes after it, so it is not run')"


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """A clone in which one chapter of two, the one with claims, was run under four shifts."""
    clone = Clone.fresh(tmp_path_factory.mktemp("seeds") / "clone")
    clone.write("src/dropout_scaling/module.py", "")
    clone.write_notebook("Is it so?", *(SETTLED, EVEN, STOPS, AFTER, LAST, BEHIND), name="sampled")
    return clone, clone.run("book.seeds", "4", "--write")


def rows(clone):
    found = json.loads((clone.root / "src/dropout_scaling/claims.json").read_text("utf8"))
    return found["run"], {row["claim"]: row for row in found["claims"]}


def test_a_claim_is_counted_in_each_shift_with_its_nearest_margin(ended):
    _, found = rows(ended[0])
    settled = found["A mean of 1000 is near a half."]
    assert (settled["page"], settled["held"], settled["of"]) == ("sampled", 4, 4)
    assert 0.9 < settled["nearest"] <= 1
    even = found["The shift is even."]
    assert (even["held"], even["of"], even["nearest"]) == (2, 4, 0)  # at its edge in two


def test_what_is_asserted_is_counted_where_it_failed_and_the_cells_behind_it_go_on(ended):
    _, found = rows(ended[0])
    assert found["what is asserted in code-2"]["held"] == 3
    assert found["what is asserted in code-3"]["held"] == 3  # its name was never made


def test_a_claim_that_failed_fails_the_command_and_is_marked(ended):
    _, said = ended
    assert said.returncode == 1
    assert "!    2 of 4" in said.stdout
    assert "seeds: 5 claims of 1 chapters under 4 shifts, 3 failed" in said.stdout


def test_a_run_goes_on_where_it_was_and_begins_anew_where_the_code_has_changed(ended):
    clone, _ = ended
    store = clone.root / ".cache" / "seeds" / "sampled"
    first, last = store / "1.json", store / "4.json"
    before = first.stat().st_mtime_ns
    last.unlink()
    clone.run("book.seeds", "4", "sampled")
    assert last.is_file()
    assert first.stat().st_mtime_ns == before
    clone.write_notebook("Is it so?", SETTLED, name="sampled")
    assert clone.run("book.seeds", "4", "sampled").returncode == 0
    assert first.stat().st_mtime_ns != before


def test_a_changed_module_of_the_package_makes_a_kept_run_stale(tmp_path, monkeypatch):
    clone = Clone.fresh(tmp_path / "clone")
    path = clone.write_notebook("Is it so?", SETTLED)
    clone.write("package/loaded.py", "x = 1")
    monkeypatch.setattr(seeds, "PACKAGE", clone.root / "package")
    monkeypatch.setattr(seeds, "SEED_RUNS", tmp_path / "store")
    modules = {"loaded.py": seeds.digest(clone.root / "package" / "loaded.py")}
    run = {"claims": [], "code": seeds.code_of(path), "modules": modules}
    file = tmp_path / "store" / "page" / "1.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(run))
    assert seeds.kept("page", path, 1) == run
    clone.write("package/loaded.py", "x = 2")
    assert seeds.kept("page", path, 1) is None


def test_a_number_may_change_and_a_claim_may_not(clone):
    path = clone.write_notebook("Is it so?", SETTLED)
    before = seeds.code_of(path)
    clone.write_notebook("Is it so?", SETTLED.replace('"9.9")', '"8.8")  # another'))
    assert seeds.code_of(path) == before
    clone.write_notebook("Is it so?", SETTLED.replace("0.4 -", "0.3 -"))
    assert seeds.code_of(path) != before


def test_a_claim_that_held_sometimes_passes_where_its_page_says_how_often(tmp_path):
    clone = Clone.fresh(tmp_path / "clone")
    clone.write("src/dropout_scaling/module.py", "")
    for prose, status in (("It is so.", 1), ("It is so in 1 of 2 cases.", 0)):
        clone.write_notebook(prose, "from dropout_scaling.claims import claim, seed", EVEN)
        assert clone.run("book.seeds", "2").returncode == status


def test_the_table_is_written_only_when_that_is_asked_for(tmp_path):
    clone = Clone.fresh(tmp_path / "clone")
    clone.write("src/dropout_scaling/module.py", "")
    clone.write_notebook("It is so.", "from dropout_scaling.claims import claim", LAST)
    assert clone.run("book.seeds", "1").returncode == 0
    assert not (clone.root / "src/dropout_scaling/claims.json").exists()
    assert clone.run("book.seeds", "1", "--write").returncode == 0
    assert len(rows(clone)[1]) == 1


def test_a_chapter_that_claims_nothing_is_refused(clone):
    ended = clone.run("book.seeds", "2", "page")
    assert ended.returncode != 0
    assert "seeds: no chapter with a claim: page" in ended.stderr


def test_chapters_that_were_not_run_keep_their_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(seeds, "CLAIMS", tmp_path / "claims.json")
    one, two, gone = ({"page": page, "of": n} for n, page in enumerate(("one", "two", "gone")))
    seeds.write([two, one, gone])
    written = json.loads(seeds.CLAIMS.read_text("utf8"))
    assert written["claims"] == [gone, one, two]
    assert seeds.others({"one": None, "two": None}, {"two": None}) == [one]
    assert seeds.others({"one": None}, {"one": None}) == []
