"""A notebook's own functions are called as the marker calls them in another process."""

import numpy as np
import pytest
from notebooks import notebook

from dropout_grading.execution.calls import StudentError
from dropout_grading.execution.in_notebook import NotebookStudent, as_sent
from dropout_grading.execution.student import Student
from dropout_grading.execution.values import RNG, Opaque, Source
from dropout_grading.submissions import notebook as reader

CODE = """
import numpy as np
from collections import namedtuple

Pair = namedtuple("Pair", "a b")
kept = np.zeros(2)

def same(x): return x
def pair(x): return Pair(x, {"x": x})
def add_one(x): x += 1; return x
def total(x): return x.sum()
def draw(rng): return rng.random(3)
def at_two(f): return f(2.0)
def count(): kept[0] += 1; return kept
class Own(np.ndarray): pass
def own(): return np.zeros(2).view(Own)
def masked(): return np.ma.array([1.0, 2.0], mask=[True, False])
def several(): return object(), {1: 2}, np.float32(0.5), np.bool_(True), np.array(None)
def nothing(): pass
def fails(): raise ValueError("no")
"""


@pytest.fixture(params=["here", "apart"])
def student(request):
    """The functions of one notebook, called here as its checks do, and apart as the marker does."""
    cells = reader.code(reader.cells(notebook(CODE)))
    if request.param == "apart":
        with Student(cells) as apart:
            yield apart
    else:
        names = {}
        exec(cells[0], names)
        yield NotebookStudent(names)


def test_values_come_back(student):
    x = np.arange(6.0).reshape(2, 3)
    assert np.array_equal(student.call("same", x).value, x)
    assert np.array_equal(student.call("same", x=x).value, x)
    assert (
        student.call("draw", RNG(3)).value.tolist() == np.random.default_rng(3).random(3).tolist()
    )
    assert student.call("at_two", Source("lambda x: float(np.square(x))")).value == 4.0
    assert student.call("nothing").value is None


def test_a_result_can_be_given_back_whole_or_in_part(student):
    result = student.call("pair", np.ones(3))
    assert type(result.value) is tuple  # a named tuple is one
    assert student.call("total", result[0]).value == 3
    assert student.call("total", result[1]["x"]).value == 3


def test_a_part_that_is_not_there(student):
    with pytest.raises(StudentError, match=r"^your code should return several values"):
        student.call("same", np.ones(3))[0]
    with pytest.raises(StudentError, match=r"^your code should return more than 2 values"):
        student.call("pair", 1)[2]


def test_a_function_can_change_no_value_of_the_check(student):
    x = np.zeros(3)
    student.call("add_one", x)
    assert not x.any()
    given = student.put(x)
    student.call("add_one", given)
    assert student.get(given).tolist() == [1, 1, 1]
    assert not x.any()
    assert not given.value.any()


def test_a_value_is_as_it_was_when_it_came_back(student):
    """One array, written to at each call: what the first call returned stays what it was."""
    first = student.call("count")
    student.call("count")
    assert first.value[0] == 1
    assert student.get(first)[0] == 2


def test_what_comes_back_is_plain(student):
    for name in ("own", "masked"):
        assert type(student.call(name).value) is np.ndarray
    assert student.call("several").value == (
        Opaque("object"),
        Opaque("dict"),
        0.5,
        True,
        Opaque("ndarray"),
    )
    assert student.call("several").value[3] is True


@pytest.mark.parametrize(
    ("name", "text"), [("fails", "ValueError: no"), ("none", "there is no function none")]
)
def test_errors_are_the_students(student, name, text):
    """The notebook shows a traceback too; the marker says in words whose error it is, and where."""
    around = r"( \(line 20 of code cell 1, .*\))?$"
    with pytest.raises(StudentError, match=rf"^(your code raised )?{text}{around}"):
        student.call(name)


def test_a_sent_array_can_be_written_to_and_shares_nothing():
    x = np.zeros(2)
    y = as_sent(x)
    y[0] = 1
    assert not x.any()
