"""`make wild`: what it counts as right, and that each of its models has a name of its own."""

import tomllib

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from dropout_scaling.data import audited_models
from tools.paths import ROOT
from tools.wild import models
from tools.wild.judge import fingerprint, judge
from tools.wild.layers import __main__ as layers
from tools.wild.layers import own
from tools.wild.layers.case import Case, P
from tools.wild.layers.packages.cut import cut
from tools.wild.package_models import KNOWN
from tools.wild.run import ENVIRONMENTS
from tools.wild.shown import MODELS, within_package

X = torch.rand(8, 4)


class Drops(nn.Module):
    def forward(self, x):
        return F.dropout(x, 0.2)


def right():
    return nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.2), nn.Linear(4, 2)), X


def faulty():
    return nn.Sequential(nn.Linear(4, 4), Drops(), nn.Linear(4, 2)), X


def unreadable():
    return right()[0], torch.rand(8, 5)


@pytest.mark.parametrize(
    ("make", "kinds", "verdict", "false", "missed"),
    [
        (right, (), "right", 0, 0),
        (faulty, ("active in eval",), "right", 0, 0),
        (faulty, (), "wrong", 1, 0),
        (right, ("active in eval",), "wrong", 0, 1),
        (unreadable, ("active in eval",), "not judged", 0, 0),
    ],
)
def test_a_word_is_judged_by_the_truth(make, kinds, verdict, false, missed):
    outcome = judge("name", make, kinds)
    assert outcome.verdict == verdict
    assert (len(outcome.false), len(outcome.missed)) == (false, missed)


def test_a_model_that_is_left_changed_is_told():
    model = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4))
    before = fingerprint(model)
    assert fingerprint(model) == before
    model(X)
    model[0].weight.data[0, 0] += 1e-3
    model[0].words = ["new"]
    after = fingerprint(model)
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert {"0._parameters[weight]", "1._buffers[running_mean]", "0.words[]"} <= changed


def test_the_table_has_a_row_for_a_group_and_ends_with_a_status(capsys, monkeypatch):
    monkeypatch.setattr(models, "CASES", [("good", right, ()), ("bad", faulty, ())])
    assert models.main(["own"]) == 1
    out = capsys.readouterr().out
    assert "wrong: bad" in out
    assert "good" not in out.partition("slowest")[0]
    assert " own          2          1          1          0          1          0" in out


def test_the_models_of_the_world_are_named_once():
    held = tomllib.loads((ENVIRONMENTS.parent / "models.toml").read_text("utf8"))
    configs = held.pop("transformers")
    lists = [*held.values(), " ".join(configs.values())]
    for names in map(str.split, lists):
        assert len(names) == len(set(names))
    assert sum(len(names.split()) for names in lists) >= 230


def test_each_package_has_a_pin():
    for settings in tomllib.loads(ENVIRONMENTS.read_text("utf8")).values():
        assert all(pin.count("==") == 1 for pin in settings["pins"] + settings.get("alone", []))
        assert (ROOT / f"tools/wild/layers/packages/{settings['layers']}.py").is_file()


def test_a_class_is_cut_out_of_its_package_and_runs_as_it_is_written():
    dropout = cut("torch", "nn/modules/dropout.py", "_DropoutNd", "Dropout")
    assert dropout is not nn.Dropout
    assert str(dropout(0.2)) == str(nn.Dropout(0.2))
    y = dropout(0.2)(torch.ones(2048))
    assert set(y.tolist()) == {0.0, 1.25}
    with pytest.raises(KeyError, match="Dropouts"):
        cut("torch", "nn/modules/dropout.py", "Dropouts")


class Fewer(nn.Module):
    def forward(self, x):
        return x[: len(x) // 2]


def _case(name, layer, truth, names=""):
    return Case(name, layer, truth, frozenset(names.split()), "", {})


@pytest.mark.parametrize(
    ("case", "how"),
    [
        (_case("a", nn.Dropout(P), "right"), "as it is"),
        (_case("b", nn.Dropout(P), "wrong", "never_drops"), "missed"),
        (_case("c", nn.Identity(), "right"), "false"),
        (_case("d", nn.Identity(), "wrong", "divides_by_p"), "misnamed"),
        (_case("e", nn.Dropout(P), "depends"), "unconditional"),
        (_case("f", nn.Dropout(P), "none"), "judged"),
        (_case("g", Fewer(), "none"), "as it is"),
        (_case("h", Fewer(), "right"), "not judged"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_a_layer_is_counted_by_its_truth(case, how, capsys, monkeypatch, torch_seed):
    monkeypatch.setattr(own, "CASES", [case])
    assert layers.main([]) == int(how != "as it is")
    told = capsys.readouterr().out
    assert told.startswith("truth" if how == "as it is" else f"{how}: {case.name} is")


# --- the table that the book shows ---

_, ROWS = audited_models()
AGAIN = "run `make wild ONLY=shown`"


def test_the_table_is_of_the_models_that_are_named():
    facts = ("model", "package", "rates", "code")
    named = [{fact: getattr(shown, fact) for fact in facts} for shown in MODELS]
    assert [{fact: row[fact] for fact in facts} for row in ROWS] == named, AGAIN


def test_each_row_was_made_with_its_pin():
    environments = tomllib.loads(ENVIRONMENTS.read_text("utf8")).values()
    (settings,) = (settings for settings in environments if settings.get("models"))
    pinned = dict(pin.split("==") for pin in settings["pins"])
    assert [row["version"] for row in ROWS] == [pinned[row["package"]] for row in ROWS], AGAIN


@pytest.mark.parametrize(("shown", "row"), [*zip(MODELS, ROWS, strict=True)])
def test_a_row_has_the_faults_that_somebody_has_read_in_the_code(shown, row):
    kinds = tuple(finding["kind"] for finding in row["findings"])
    assert kinds == KNOWN.get(shown.group, {}).get(shown.name, ()), AGAIN
    assert bool(kinds) != row["code"].startswith("right: ")
    assert all(kind in row["says"] for kind in kinds or ["nothing"])


def test_a_place_is_told_without_the_folders_before_its_package():
    told = "what /home/me/lib/site-packages/timm/models/a.py:4 feeds"
    assert within_package(told) == "what timm/models/a.py:4 feeds"
    assert not [row for row in ROWS if "site-packages" in str(row)]
