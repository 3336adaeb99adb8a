"""The class at a glance, and nobody in it."""

import re
from html.parser import HTMLParser

from notebooks import FOLDER, assignment, notebook, submission
from test_grade import GOOD, fill_in, lay, rows_of

from dropout_grading.__main__ import main
from dropout_grading.reports import summary

SECRET = "Ann Lee"
DIVIDES_BY_P = {"1 / (1 - p), 0": "1 / p, 0"}
FILES = {
    f"{SECRET}.ipynb": submission(DIVIDES_BY_P),
    "ben.ipynb": submission(DIVIDES_BY_P, before=["# ben"]),
    "cid.ipynb": GOOD,
    "dan.ipynb": b"no",
    "eve.ipynb": submission({"    return x\n": f"    raise ValueError('{SECRET} did it')\n"}),
    "fay.ipynb": submission({"    return x\n": f"    return type('{SECRET}', (), {{}})()\n"}),
    "gus.ipynb": notebook("def keep_mask(*a): import os; os._exit(0)"),
}


def test_what_it_says(tmp_path, capsys):
    lay(tmp_path / "in", FILES)
    out = tmp_path / "out"
    rows_of(tmp_path)
    fill_in(out / "manual.csv", cid="2.5")
    assert main([str(FOLDER), str(tmp_path / "in"), "--out", str(out), "--unsafe"]) == 0
    said = capsys.readouterr().out
    first = "7 submissions, 5 ran to the end, 1 stopped, 1 that could not be marked, "
    assert said.startswith(f"{first}4 waiting for your points\n")
    assert "  2 x q2: you divide by p; divide by the probability of keeping\n" in said
    assert re.search(r"  q3   \|.{2}\| mean 0\.5 of 1\n", said)
    assert f"1 x q3: {summary.RAISED}\n" in said
    page = (out / "summary.html").read_text("utf8")
    assert "you divide by p; divide by the probability of keeping" in page
    assert 'aria-label="3 with 0, 3 with 1"' in page
    for text in (said.replace(str(tmp_path), ""), page):
        assert SECRET not in text
        assert not re.search(r"\b(ben|cid|dan|eve|fay|gus)\b", text)


def test_the_page_needs_nothing_else():
    class Parser(HTMLParser):
        open_, problems = [], []

        def handle_starttag(self, tag, attrs):
            if tag in ("script", "img", "link") or {"src", "href"} & dict(attrs).keys():
                self.problems.append(tag)

    Parser().feed(summary.page(assignment(), []))
    assert Parser.problems == []


def test_nobody_has_handed_in():
    assert summary.text(assignment(), []).startswith("0 submissions, 0 ran to the end\n")
    assert "nobody yet" in summary.page(assignment(), [])


def test_a_mistake_is_called_by_the_checks_words_alone():
    said = "kept values are 5 times what they were: you divide by p; divide by the probability of "
    asked = assignment()
    assert summary.named(f"{said}keeping", asked).startswith("you divide by p")
    assert summary.named(f"{SECRET} is of another type", asked) == ""
    assert "…" in max(summary._words(asked))  # a value, which may be a student's
    assert summary.named(f"your code raised {SECRET}", asked) == summary.RAISED


def row(**failed):
    checks = [
        {"question": q, "name": q, "points": 1, "got": 0, "hidden": hidden, "about": about}
        | {"message": message}
        for q, (message, hidden, about) in failed.items()
    ]
    result = {"status": "marked", "checks": checks, "errors": [], "answers": {}}
    return summary.Row(None, result | {"failed_cells": 0, "notes": []}, {})


def test_a_hidden_check_says_what_it_tries_and_an_empty_notebook_is_one_line():
    by_p = "you divide by p; divide by the probability of keeping"
    rows = [
        row(q1=(by_p, False, ""), q2=(by_p, True, "p = 1")),
        row(q1=(summary.NOT_WRITTEN_YET, False, ""), q2=(summary.NOT_WRITTEN_YET, True, "p = 1")),
    ]
    assert summary.mistakes(assignment(), rows) == [
        (1, "any", summary.NOT_WRITTEN_YET),
        (1, "q1", by_p),
        (1, "q2", "a hidden check: p = 1"),
    ]


def test_a_column_is_as_high_as_many_have_its_points():
    columns = re.findall(
        r'x="(\d+)" y="([\d.]+)" width="12" height="([\d.]+)"', summary._picture([2, 0, 4])
    )
    assert [tuple(map(float, column)) for column in columns] == [(0, 20, 20), (28, 0, 40)]
    assert "<rect" not in summary._picture([0, 0])
