"""`ignore`, groups and `check`: what a user decides, and how it reads."""

import pytest
import torch
from helpers import says
from torch import nn
from torch.nn import functional as F

from dropout_scaling.audit import Finding, audit, check
from dropout_scaling.audit._finding import grouped, ignoring


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x):
        return F.dropout(self.linear(x).relu(), 0.3)  # fault


def blocks(number=5):
    return nn.Sequential(*(Block() for _ in range(number)), nn.Linear(4, 2))


X = torch.rand(8, 4)
KIND = "active in eval"


def test_the_same_line_in_several_modules_is_one_finding():
    (finding,) = audit(blocks(), X)
    assert (finding.module, finding.others) == ("0", ("1", "2", "3", "4"))
    assert str(finding).startswith("0, 1, 2 and 2 more ")


def test_other_lines_kinds_and_roles_stay_apart():
    findings = [
        Finding("a", "x.0", "f:1", ""),
        Finding("a", "x.1", "f:2", ""),
        Finding("b", "x.2", "f:1", ""),
        Finding("a", "x.3", "", ""),
        Finding("a", "x.4", "", ""),
        Finding("a", "y.0", "", ""),
    ]
    assert [f.others for f in grouped(findings)] == [(), (), (), ("x.4",), ()]


def test_what_is_ignored_becomes_a_note_with_its_reason():
    (finding,) = audit(blocks(1), X, ignore={f"{KIND}:0": "it samples"})
    assert finding.note
    assert finding.message.startswith("ignored, because it samples: drops in eval mode")


@pytest.mark.parametrize("key", [KIND, f"{KIND}:*", f"{KIND}:[01]"])
def test_a_pattern_may_name_modules_and_a_kind_alone_names_all(key):
    assert all(f.note for f in audit(blocks(2), X, ignore={key: "it samples"}))


def test_one_module_ignored_leaves_the_others_of_its_line():
    found = [Finding("a", "x", "f:1", "m"), Finding("a", "y", "f:1", "m")]
    kept = ignoring(found, {"a:x": "meant"})
    assert [(f.module, f.note) for f in grouped(kept)] == [("x", True), ("y", False)]
    findings = audit(blocks(), X, ignore={f"{KIND}:0": "it samples"})
    assert [f.module for f in findings if not f.note] == ["1"]


def test_what_is_to_be_ignored_and_is_not_there_is_said():
    (_, note) = audit(blocks(), X, ignore={KIND: "meant", "p is 1:0": "meant too"})
    assert note.note
    assert "not found: remove 'p is 1:0'" in note.message


@pytest.mark.parametrize(
    ("ignore", "text"),
    [
        ({"p is 1:0": " "}, "ignore must give a reason for 'p is 1:0', got ' '"),
        ({"p is 1:0": None}, "ignore must give a reason for 'p is 1:0', got None"),
        ({":0": "meant"}, "ignore must have keys like 'active in eval:decoder', got ':0'"),
    ],
)
def test_ignore_without_a_kind_or_a_reason_is_refused(ignore, text):
    with pytest.raises(ValueError, match=says(text)):
        audit(blocks(), X, ignore=ignore)


def test_check_fails_with_the_findings_as_its_text():
    with pytest.raises(AssertionError, match="drops in eval mode, with p = "):
        check(blocks(), X)


def test_check_passes_with_notes_alone():
    assert check(blocks().eval(), X, ignore={KIND: "it samples"}) is None
