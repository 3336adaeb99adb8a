"""What student code could learn or spoil while it is marked, and what reaches a reader's screen."""

import json

import pytest
from forked import mark, marked
from markdown_it import MarkdownIt
from notebooks import assignment, notebook, score, submission
from test_bank import FULL_MARKS
from test_grade import GOOD, fill_in, lay, rows_of, run, table

from dropout_grading import mark_folder
from dropout_grading.execution.sandbox import Limits
from dropout_grading.mark_submission import UNSTEADY
from dropout_grading.reports import feedback, tables
from dropout_grading.reports.text import uncell
from dropout_grading.submissions import find

QUICK = Limits(seconds=1, memory_bytes=2**29)


def test_given_functions_cannot_be_kept_for_their_own_question():
    """Right versions of q2's functions take the place of the student's in q1's checks."""
    content = json.loads(submission(name="test-time"))
    for cell in content["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and "def all_masks" in source:
            cell["source"] = (
                "kept = {}\n"
                "def all_masks(n): return kept['a'](n)\n"
                "def mask_probabilities(masks, p): return kept['m'](masks, p)\n"
            )
        if cell["cell_type"] == "code" and "def weight_scaling" in source:
            keep = "    kept.update(a=all_masks, m=mask_probabilities)\n    # BEGIN SOLUTION\n"
            cell["source"] = source.replace("    # BEGIN SOLUTION\n", keep, 1)
    full = FULL_MARKS["test-time"]
    stolen = marked(json.dumps(content).encode(), name="test-time")
    assert stolen == (full[0], 0, *full[2:])


def test_checks_stay_in_their_order_across_a_restart():
    """They are run in another one: what is given is asked first."""
    ends = "def all_masks(n):\n    import os\n    os._exit(0)"
    asked = assignment("test-time")
    result = mark(asked, submission(name="test-time", after=[ends]), limits=QUICK)
    assert [c["name"] for c in result["checks"]] == [c.name for c in asked.checks]
    full = FULL_MARKS["test-time"]
    assert score(result)[0] == full[0]
    assert score(result)[1] < full[1]


WRONG = (
    "def keep_mask(*a): return True\n"
    "def inverted_train(x, p, rng): return x, x\n"
    "inverted_eval = inverted_backward = numerical_gradient = lambda *a: 1.0\n"
    "standard_train = standard_eval = inverted_eval\n"
)
TRICKS = {
    "copies that are not": "import copy\ncopy.copy = copy.deepcopy = lambda x: x",
    "a trace": (
        "import sys\n"
        "def trace(frame, event, arg):\n"
        "    if event == 'return' and isinstance(arg, tuple) and arg[:1] == (False,):\n"
        "        frame.f_locals['error'] = None\n"
        "    return trace\n"
        "sys.settrace(trace)\nsys.setprofile(trace)"
    ),
    "answers of its own": (
        "import sys\nm = sys.modules['__main__']\n"
        "m.Calls.answer = lambda self, request: (True, 0, np.ones((5, 4)))"
    ),
    "answers with errors": (
        "import sys\nm = sys.modules['__main__']\n"
        "m.Calls.answer = lambda self, request: (False, 'x' * 10**6)"
    ),
    "numbers that the marker keeps": (
        "import sys\nm = sys.modules['__main__']\n"
        "m.Calls.answer = lambda self, request: (True, float('nan'), True)"
    ),
    "a given function that is refused": (
        "import sys\nm = sys.modules['__main__']\nm.eval = lambda *a: (lambda *b: 1.0)"
    ),
    "warnings as errors": "import warnings\nwarnings.simplefilter('error')",
    "numbers as errors": "np.seterr(all='raise')",
    "a recursion limit": "import sys\nsys.setrecursionlimit(40)",
    "an alarm": (
        "import signal\nsignal.signal(signal.SIGALRM, lambda *a: None)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)"
    ),
    "a thread that writes": (
        "import os, sys, threading, time\n"
        "def write():\n"
        "    while True:\n"
        "        os.write(int(sys.argv[-2]), b'\\0' * 99)\n"
        "        time.sleep(0.001)\n"
        "threading.Thread(target=write, daemon=True).start()"
    ),
    "modules that are gone": "import sys\nsys.modules.clear()",
    "a main loop that ends": "import sys\nsys.modules['__main__'].receive = lambda *a: exit()",
    "no memory left to collect": "import gc\ngc.disable()",
}


@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS)
def test_a_trick_gains_nothing(trick):
    assert marked(notebook(f"import numpy as np\n{trick}\n{WRONG}"), QUICK) == (0,) * 6


LIES = {
    "an array with its own ufuncs": (
        "class A(np.ndarray):\n"
        "        __array_ufunc__ = __array_function__ = lambda self, *a, **k: np.bool_(True)\n"
        "    return np.zeros(x.shape).view(A)"
    ),
    "a number that is equal to all": (
        "class F(float):\n"
        "        __eq__ = __le__ = __ge__ = lambda self, other: True\n"
        "        __hash__ = float.__hash__\n"
        "    return F(1)"
    ),
    "an integer that is not the one it shows": (
        "class I(int):\n        __repr__ = __str__ = __index__ = lambda self: 'x'\n    return I(1)"
    ),
    "nan with a payload": "return np.full(x.shape, 0x7FF8DEADBEEF0001).view('f8')",
    "booleans that are neither": "return np.full(x.shape, 2, np.uint8).view(bool)",
    "another byte order": "return (2 * x).astype('>f8')",
    "a longer float": "return (2 * x).astype(np.longdouble)",
    "a view without strides": "return np.broadcast_to(np.float64(1), x.shape)",
    "a shape that is too long": "return np.zeros((1,) * 32 + x.shape)",
    "an empty array of great length": "return np.zeros((0, 2**62), 'u1')",
    "a dictionary in another order": "return {'b': x, 'a': x}",
    "keys that are alike": (
        "class K(str):\n"
        "        __eq__ = lambda self, other: False\n"
        "        __hash__ = lambda self: 1\n"
        "    return {K('a'): x, K('a'): 2}"
    ),
    "a huge integer": "return 10**4000",
    "a name of a type with lines": "return type('x\\n## q3: 1 of 1', (), {})()",
    "a name of a type without end": "return type('x' * 10**6, (), {})()",
}


@pytest.mark.parametrize("body", LIES.values(), ids=LIES)
def test_a_value_that_lies_costs_its_question_alone(body):
    result = mark(assignment(), submission({"    return x\n": f"    {body}\n"}), limits=QUICK)
    assert score(result) == (3, 4, 0, 3, 3, 2)
    for check in result["checks"]:
        text = check.get("message", "")
        assert len(text) < 600
        assert "\n" not in text
    json.dumps(result).encode()


KEEPS = """
import sys
m = sys.modules["__main__"]
answer, kept = m.Calls.answer, set()
def keeping(self, request):
    if request.get("name") == "inverted_train" and "args" in request:
        kept.add(request["args"][1])
    return answer(self, request)
m.Calls.answer = keeping
"""


def test_no_message_shows_what_a_hidden_check_asks():
    """A function of a later question raises an error with each p that inverted_train was given."""
    raises = {"    return x\n": "    raise ValueError(f'given {sorted(kept)}')\n"}
    result = mark(assignment(), submission(raises, before=[KEEPS]), limits=QUICK)
    assert score(result) == (3, 4, 0, 3, 3, 2)
    (said,) = (c["message"] for c in result["checks"] if c["question"] == "q3")
    assert "given []" in said  # in the first run it is given 0.0 and 1.0 too, by hidden checks


def test_a_check_that_is_met_now_and_then_says_so():
    raises = {
        "    return x\n": "    import os\n    if len(kept) > 2: raise ValueError\n    return x\n"
    }
    result = mark(assignment(), submission(raises, before=[KEEPS]), limits=QUICK)
    (said,) = (c["message"] for c in result["checks"] if c["question"] == "q3")
    assert said == UNSTEADY


# --- what others read ---------------------------------------------------------------------------

MARKUP = "<script>alert(1)</script> ![x](http://192.0.2.1/x) [y](javascript:1) </details> <!-- z"


def test_feedback_shows_no_markup_of_a_student(tmp_path):
    """In an error, in the name of a type, of a file, and of a cell's first line."""
    body = f"raise ValueError('''{MARKUP}''')"
    data = submission(
        {
            "    return x\n": f"    {body}\n",
            "return grad * cache": f"return type('''{MARKUP}''', (), {{}})()",
        },
        before=[f"'''{MARKUP}''' + 1"],
    )
    lay(tmp_path / "in", {f"{MARKUP.replace('/', '∕')}\n## q9.ipynb": data})
    rows_of(tmp_path)
    (file,) = (tmp_path / "out" / "feedback").iterdir()
    text = file.read_text("utf8")
    assert text.count("alert(1)") >= 3
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    kinds = {part.type for token in tokens for part in [token, *(token.children or [])]}
    assert kinds & {"html_block", "html_inline", "link_open", "image"} == set()
    assert "\n## q9" not in text


def test_feedback_of_one_cannot_be_made_to_replace_that_of_another(tmp_path):
    """A name that is the file's name of somebody else's, digest and all."""
    (name,) = feedback.file_names(["Ann?"]).values()
    lay(tmp_path / "in", {"Ann?.ipynb": b"no", f"{name.removesuffix('.md')}.ipynb": b"no"})
    rows_of(tmp_path)
    assert len(list((tmp_path / "out" / "feedback").iterdir())) == 2


def test_names_that_a_disk_takes_for_one_have_two_files(tmp_path):
    """As where upper and lower case are one, or the two ways to write é."""
    names = ("Ann", "ann", "Re\u0301ne", "R\u00e9ne", "a\nb", "a b", "a/x", "x" * 200)
    names = [name.replace("/", "∕") for name in names]
    lay(tmp_path / "in", {f"{name}/x.ipynb": b"no" for name in names})
    rows_of(tmp_path)
    files = [p.name for p in (tmp_path / "out" / "feedback").iterdir()]
    assert len({find.disk_key(name) for name in files}) == len(names)
    assert len({row["id"] for row in table(tmp_path / "out" / "manual.csv")}) == len(names)


def test_notebooks_whose_names_a_disk_takes_for_one_have_two_files(tmp_path):
    """Without a folder around it, a notebook's path can be a file's name as it is."""
    lay(tmp_path / "in", {"Ann.ipynb": b"no", "ann.ipynb": b"no"})
    rows_of(tmp_path)
    files = [p.name for p in (tmp_path / "out" / "feedback").iterdir()]
    assert len({find.disk_key(name) for name in files}) == 2


def test_text_that_a_spreadsheet_could_take_for_something_else(tmp_path):
    odd = 'a\x00b\r\nc;=1+1,"=2"\n=3\t\''
    content = json.loads(GOOD)
    content["cells"].append({"cell_type": "markdown", "source": odd})
    lay(tmp_path / "in", {"ann.ipynb": json.dumps(content).encode(), "\n=1.ipynb": GOOD})
    run(tmp_path)
    fill_in(tmp_path / "out" / "manual.csv", ann="2", **{"'\n'=1": "3"})
    run(tmp_path)
    rows = table(tmp_path / "out" / "manual.csv")
    assert {row["points"] for row in rows} == {"2", "3"}
    assert any(uncell(row["answer"]).endswith(odd) for row in rows)
    for row in table(tmp_path / "out" / "marks.csv"):
        assert not row["student"].startswith(("\n", "="))


# --- two at once --------------------------------------------------------------------------------


def test_a_second_run_on_the_same_folder_waits_for_nobody(tmp_path):
    lay(tmp_path / "in", {"ann.ipynb": GOOD})
    with mark_folder._only_run(tmp_path / "out"):
        with pytest.raises(ValueError, match=r"another run is writing to .*: wait"):
            run(tmp_path)
        assert not (tmp_path / "out" / "marks.csv").exists()
    assert run(tmp_path)["ann"][0] == "marked"


def test_points_filled_in_while_it_runs_are_not_lost(tmp_path, monkeypatch):
    lay(tmp_path / "in", {"ann.ipynb": GOOD})
    run(tmp_path)
    lay(tmp_path / "in", {"ben.ipynb": GOOD + b"\n"})
    mark_ = mark_folder.mark

    def slow(*args, **named):
        fill_in(tmp_path / "out" / "manual.csv", ann="3")
        return mark_(*args, **named)

    monkeypatch.setattr(mark_folder, "mark", slow)
    run(tmp_path)
    assert [row["q7"] for row in table(tmp_path / "out" / "marks.csv")] == ["3", ""]


def test_what_was_stopped_is_run_again(tmp_path, monkeypatch):
    """The computer may have been too slow; an honest notebook must not keep that."""
    mark_ = mark_folder.mark
    monkeypatch.setattr(
        mark_folder, "mark", lambda *a, **k: mark_(*a, **k) | {"status": "stopped: took longer"}
    )
    lay(tmp_path / "in", {"ann.ipynb": GOOD})
    assert run(tmp_path)["ann"][0] == "stopped: took longer"
    monkeypatch.undo()
    assert run(tmp_path)["ann"][0] == "marked"


def test_a_manual_csv_of_another_encoding_is_refused(tmp_path):
    (tmp_path / "manual.csv").write_bytes("id,points,comment\né:q7,1,\n".encode("cp1252"))
    with pytest.raises(ValueError, match=r"manual\.csv must be saved as UTF-8"):
        tables.read_answers(tmp_path / "manual.csv", assignment())
