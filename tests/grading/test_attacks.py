"""Hostile submissions: each gets its line, gains nothing, and leaves nothing behind.

``apart`` runs a test twice: in the sandbox, and with the limits alone, as where bubblewrap is not
there. What only the sandbox can hold is asked in the tests named ``…_isolated``. What is decided by
the marker, when it reads what it was sent, is asked once, in copies of one process.
"""

import gc
import io
import json
import math
import os
import socket
import stat
import time
import zipfile
from types import SimpleNamespace

import forked
import psutil
import pytest
from notebooks import FOLDER, FULL, assignment, marked, notebook, score, submission

from dropout_grading.execution import sandbox
from dropout_grading.execution.calls import StudentError
from dropout_grading.execution.sandbox import Limits
from dropout_grading.execution.student import ProcessEndedError, Student
from dropout_grading.mark_folder import grade
from dropout_grading.mark_submission import mark

QUICK = Limits(seconds=1, memory_bytes=2**29)
ENDLESS = Limits(seconds=0.5)  # what never ends uses all of them
ENDLESS_COPY = Limits(seconds=0.2)  # a copy does not use half of that to start
needs_isolation = pytest.mark.skipif(
    not sandbox.isolated(), reason="bubblewrap does not work here, so nothing is isolated"
)
LOSES_Q3 = (3, 4, 0, 3, 3, 2)


@pytest.fixture(params=["isolated", "limits alone"])
def apart(request, monkeypatch):
    if request.param == "limits alone":
        monkeypatch.setattr(sandbox, "isolated", lambda: False)
    elif not sandbox.isolated():
        pytest.skip("bubblewrap does not work here, so nothing is isolated")


def evaluation(*body):
    """Return replacements that put these lines into inverted_eval."""
    return {"    return x\n": "".join(f"    {line}\n" for line in body)}


def alive(marker):
    """Return the processes whose command line holds ``marker``, after a moment to end."""
    until = time.monotonic() + 2
    while time.monotonic() < until:
        found = [p for p in psutil.process_iter() if marker in _command(p)]
        if not found:
            return []
        time.sleep(0.05)
    return found


def _command(process):
    try:
        ended = process.status() == psutil.STATUS_ZOMBIE
        return "" if ended else " ".join(process.cmdline())
    except psutil.Error:
        return ""


PATCHES = {
    "allclose": "np.allclose = np.array_equal = np.isclose = lambda *a, **k: True",
    "ufuncs": "np.abs = np.maximum = np.all = lambda *a, **k: np.float64(0)",
    "builtins": "import builtins as b\nb.abs = lambda x: 0\nb.isinstance = lambda *a: True",
    "load and save": "np.load = np.save = np.frombuffer = lambda *a, **k: np.zeros(3)",
    "the messages": (
        "import dropout_grading.execution.protocol as w, dropout_grading.checks as c\n"
        "w.receive = w.pack = w.unpack = c.WrongAnswerError = lambda *a, **k: None"
    ),
    "every message": (
        "import sys\nm = sys.modules['__main__']\n"
        "m.send = lambda f, v: None\nm.describe = lambda e: ''"
    ),
    "the generator": "np.random.default_rng = lambda *a: None",
}


def wrong_after(patch):
    """Return a notebook with wrong functions, all of them: what they deserve is 0."""
    return notebook(
        f"import numpy as np\n{patch}",
        "def keep_mask(*a): return True\n"
        "def inverted_train(x, p, rng): return x, x\n"
        "inverted_eval = inverted_backward = numerical_gradient = lambda *a: 1.0\n"
        "standard_train = standard_eval = inverted_eval\n",
    )


@pytest.mark.parametrize("patch", PATCHES.values(), ids=PATCHES)
def test_patching_gains_nothing(patch):
    assert forked.marked(wrong_after(patch), QUICK) == (0,) * 6


def test_an_exit_hook_gains_nothing():
    hook = "import atexit, os\natexit.register(os._exit, 0)"  # a copy runs none
    assert marked(wrong_after(hook), QUICK) == (0,) * 6


class_that_lies = """
class Lie:
    dtype, shape, ndim, size, __len__ = np.dtype(float), (5, 4), 2, 20, lambda self: 20
    __eq__ = __ge__ = __le__ = lambda self, other: True
    __array__ = lambda self, *a, **k: np.zeros((5, 4))
    __hash__ = None
class Array(np.ndarray):
    dtype = property(lambda self: np.dtype(float))
    tobytes = lambda self, *a: b"\\x00" * 10**6
    __eq__ = lambda self, other: True
class Number(float):
    hex = lambda self: "0x1p+0"
class Text(str):
    __eq__ = lambda self, other: True
    __hash__ = str.__hash__
def nested():
    held = []
    for _ in range(10**5):
        held = [held]
    return held
held = []
held.append(held)
"""
LIES = {
    "a class that lies": "return Lie()",
    "an array that lies": "return np.zeros(x.shape).view(Array)",
    "a number that lies": "return Number(3)",
    "a string that lies": "return Text('x')",
    "an array of objects": "return np.array([[Lie()] * 4] * 5, dtype=object)",
    "a structured array": "return np.zeros((5, 4), dtype='f8,f8')",
    "a value that holds itself": "return held",
    "a wide value that holds itself": "a = []; a += [a, a]; return a",
    "a value too deep": "return nested()",
    "a value too large": "return np.zeros(2**24)",
    "too many arrays": "return [np.zeros(1)] * 5000",
    "a long integer": "return 10**10000",
    "nan": "return x * np.nan",
    "infinity": "return x * np.inf",
    "half a character": "return '\\ud800'",
    "a generator": "return (i for i in range(10**9))",
    "a module": "return np",
    "an error without text": "raise type('E', (Exception,), {'__str__': lambda s: 1 / 0})",
    "half a character in an error": "raise ValueError('\\ud800')",
}


WITHOUT_END = "a wide value that holds itself"  # to send it takes all the time that there is


@pytest.mark.parametrize("lie", LIES)
def test_values_that_lie_cost_their_question_alone(lie):
    data = submission(evaluation(LIES[lie]), before=[f"import numpy as np\n{class_that_lies}"])
    limits = ENDLESS_COPY if lie == WITHOUT_END else QUICK
    result = forked.mark(assignment(), data, limits=limits)
    assert score(result) == LOSES_Q3
    json.dumps(result).encode()


PICKLE = """
import os, pickle
class Evil:
    def __reduce__(self):
        return os.system, ("touch {target}",)
evil = pickle.dumps(Evil())
"""


@pytest.mark.parametrize(
    "body",
    [
        "return Evil()",
        "return np.array([Evil()], dtype=object)",
        "return evil",
        "open('result.pkl', 'wb').write(evil); return 1",
        "np.save('result.npy', [Evil()], allow_pickle=True); return 1",
    ],
)
def test_no_pickle_is_ever_opened(body, tmp_path):
    target = tmp_path / "opened"
    data = submission(evaluation(body), before=["import numpy as np", PICKLE.format(target=target)])
    assert forked.marked(data, QUICK) == LOSES_Q3
    assert not target.exists()


SOCKET = "import socket, os, sys, struct\nfd = int(sys.argv[-2])\n"
FORGED = {
    "garbage": "os.write(fd, os.urandom(10**4))",
    "a length below 0": "os.write(fd, struct.pack('<qq', 1, -5))",
    "a length too large": "os.write(fd, struct.pack('<qq', 1, 2**62))",
    "a frame that is not JSON": "os.write(fd, struct.pack('<qq', 1, 4) + b'evil')",
    "a list where a dict should be": "os.write(fd, struct.pack('<qq', 1, 2) + b'[]')",
    "an integer too long": "os.write(fd, struct.pack('<qq', 1, 10**4) + b'1' * 10**4)",
    "JSON too deep": "os.write(fd, struct.pack('<qq', 1, 10**5) + b'[' * 10**5)",
    "an infinite number of a cell": (
        't = b\'{"dict": [["errors", {"list": [{"list": [{"float": "inf"}, 1]}]}]]}\'\n'
        "os.write(fd, struct.pack('<qq', 1, len(t)) + t)"
    ),
    "an array without end": (
        't = b\'{"array": 0, "dtype": "|V0", "shape": [1000000000000000000]}\'\n'
        "os.write(fd, struct.pack('<qq', 2, len(t)) + t + struct.pack('<q', 0))"
    ),
    "a file of an array with a header that is not one": (
        't = b\'{"array": 0, "scalar": false}\'\n'
        "h = b\"\\x93NUMPY\\x01\\x00\\x0a\\x00{'descr': (\"\n"
        "os.write(fd, struct.pack('<qq', 2, len(t)) + t + struct.pack('<q', len(h)) + h)"
    ),
}
SILENT = {
    "a closed socket": "os.close(fd)",
    "every descriptor closed": "os.closerange(0, 1000)",
    "half a message and silence": "import time; os.write(fd, struct.pack('<q', 1)); time.sleep(60)",
}


def first(cell):
    """Return a submission that does this before all else."""
    return submission(evaluation("return 2 * x"), before=[SOCKET + cell])


def when_called(cell):
    """Return a submission that does this in a function."""
    return submission(evaluation(*(SOCKET + cell).splitlines(), "return 2 * x"))


@pytest.mark.parametrize("cell", FORGED.values(), ids=FORGED)
def test_a_forged_message_gains_nothing(cell):
    """What else is in the notebook is marked as it is, or not at all."""
    assert forked.marked(first(cell), QUICK) in (LOSES_Q3, (0,) * 6)


@pytest.mark.parametrize("cell", FORGED.values(), ids=FORGED)
def test_a_forged_message_in_a_function_costs_its_question(cell):
    assert forked.marked(when_called(cell), QUICK)[2] == 0


@pytest.mark.parametrize("cell", SILENT.values(), ids=SILENT)
def test_silence_gains_nothing(cell, apart):
    assert marked(first(cell), QUICK) in (LOSES_Q3, (0,) * 6)


@pytest.mark.parametrize("cell", SILENT.values(), ids=SILENT)
def test_silence_in_a_function_costs_its_question(cell):
    assert forked.marked(when_called(cell), QUICK)[2] == 0


def test_answers_written_in_advance_gain_nothing():
    """A right answer cannot be known before its question: the inputs differ each time."""
    forge = (
        "import json, os, struct, sys\nimport numpy as np\n"
        "from dropout_grading.execution.protocol import send\n"
        "f = os.fdopen(os.dup(int(sys.argv[-2])), 'wb')\n"
        "names = ['keep_mask', 'inverted_train', 'inverted_eval', 'inverted_backward',"
        " 'numerical_gradient', 'standard_train', 'standard_eval']\n"
        "send(f, {'errors': [], 'functions': names})\n"
        "for n in range(200):\n    send(f, (True, n, True))\n"
    )
    assert forked.marked(notebook(forge), QUICK) == (0,) * 6


def test_a_forged_result_file_gains_nothing(tmp_path, apart):
    forge = (
        "import glob, json, os\n"
        "best = json.dumps({'status': 'marked', 'score': 16, 'checks': [], 'points': 16})\n"
        "for name in ('results.json', 'marks.csv', 'results/x.json', '.OTTER_LOG', 'manual.csv'):\n"
        "    os.makedirs(os.path.dirname(name) or '.', exist_ok=True)\n"
        "    open(name, 'w').write(best)\n"
    )
    assert marked(notebook(forge), QUICK) == (0,) * 6


# --- what only the sandbox can hold -------------------------------------------------------------


def seen(expression, limits=QUICK):
    """Return the value of an expression in a submission's process."""
    with Student([f"import os, socket\ndef look():\n    return {expression}"], limits) as student:
        return student.call("look").value


@needs_isolation
@pytest.mark.parametrize(
    "path", [FOLDER / "checks.py", FOLDER, __file__, FOLDER.parents[1] / ".git"]
)
def test_hidden_checks_are_out_of_sight_isolated(path):
    assert os.path.exists(path)
    assert seen(f"os.path.exists({str(path)!r})") is False


@needs_isolation
def test_the_computer_is_out_of_sight_isolated(tmp_path):
    assert seen(f"os.path.exists({str(tmp_path)!r})") is False
    assert seen("os.path.exists('/etc/passwd')") is False
    assert seen("[p for p in os.listdir('/proc') if p.isdigit()].__len__()") <= 3
    names = {"HOME", "LC_CTYPE", "MPLBACKEND", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "PATH"}
    assert set(seen("list(os.environ)")) <= names | {"PWD", "PYTHONPATH", "TMPDIR"}


@needs_isolation
@pytest.mark.parametrize("place", ["a folder", "the marker", "/usr", "/", "/dev", "/etc"])
def test_nothing_is_written_outside_isolated(place, tmp_path):
    place = {"a folder": tmp_path, "the marker": sandbox.PACKAGE}.get(place, place)
    with pytest.raises(StudentError, match=r"OSError|FileNotFound|PermissionError"):
        seen(f"open({str(place)!r} + '/evil', 'w').write('x')")
    assert not os.path.exists(f"{place}/evil")


@needs_isolation
def test_what_may_be_written_is_limited_isolated():
    cell = (
        "def fill(place):\n"
        "    try:\n"
        "        for n in range(100):\n"
        "            open(f'{place}/{n}', 'wb').write(bytes(2**23))\n"
        "    except OSError as error:\n"
        "        return n\n"
    )
    for place in (".", "/tmp", "/dev/shm"):
        with Student([cell], Limits(seconds=20)) as student:
            assert student.call("fill", place).value < 10


@needs_isolation
def test_loopback_is_out_of_reach_isolated():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        call = f"socket.create_connection(('127.0.0.1', {port}), 1).close()"
        with pytest.raises(StudentError, match=r"ConnectionRefused|unreachable|not supported"):
            seen(call)
        with pytest.raises(TimeoutError):
            server.accept()


def test_reaching_out_gains_nothing(apart):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        cell = f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 1).send(b'solve')"
        data = submission(evaluation("return 2 * x"), before=[cell])
        assert marked(data, QUICK) == LOSES_Q3


# --- limits -------------------------------------------------------------------------------------


def test_a_burst_of_processes_is_ended(apart):
    cell = (
        "import subprocess, sys\n"
        "code = 'import time; time.sleep(33)  # burst-of-processes'\n"
        "for _ in range(40):\n    subprocess.Popen([sys.executable, '-S', '-c', code])\n"
        "import time; time.sleep(30)"
    )
    result = mark(assignment(), submission(before=[cell]), limits=Limits(seconds=20))
    assert result["status"] == "stopped: started more than 16 processes"
    assert alive("burst-of-processes") == []


def sample(memory_bytes):
    """Return what the guard would see of a process that has no entry in /proc."""
    return SimpleNamespace(
        pid=0,
        memory_info=lambda: SimpleNamespace(rss=memory_bytes),
        cpu_times=lambda: (0.0, 0.0, 0.0, 0.0),
        num_threads=lambda: 1,
    )


@pytest.mark.parametrize(
    ("processes", "memory_bytes", "said"),
    [
        (3, 100, None),
        (4, 100, "started more than 3 processes"),
        (3, 101, "used more than 9.53674e-05 MiB of memory"),  # 100 bytes
    ],
)
def test_what_is_allowed_may_be_used_and_no_more(processes, memory_bytes, said):
    one = sample(memory_bytes)
    tree = [one] + [sample(0)] * (processes + sandbox.BUBBLEWRAP_PROCESSES - 1)
    limits = Limits(processes=3, memory_bytes=100)
    watched = SimpleNamespace(
        limits=limits,
        _cpu_before=0,
        _queued_before=0,
        _deadline=math.inf,
        _ends=math.inf,
        _tree=lambda: tree,
        _in_memory=lambda tree: (0, 0),
    )
    assert sandbox.Sandbox._passed_limit(watched) == said


def test_a_burst_of_memory_is_ended(apart):
    body = (
        "import time",
        "held = []",
        "for _ in range(24):",
        "    held.append(np.ones(2**23))  # 64 MiB, 1.5 GiB in all",
        "    time.sleep(0.05)",
        "time.sleep(5)",
    )
    data = submission(evaluation(*body, "return x"))
    result = mark(assignment(), data, limits=Limits(memory_bytes=2**29))
    assert result["status"] == "stopped: used more than 512 MiB of memory"
    assert score(result) == LOSES_Q3


def test_an_array_too_large_to_have(apart):
    assert marked(submission(evaluation("return np.ones(2**60)")), QUICK) == LOSES_Q3


def test_an_endless_cell(apart):
    """It is left out: what the other cells define is marked."""
    data = submission(evaluation("return 2 * x"), after=["while True: pass"])
    result = mark(assignment(), data, limits=ENDLESS)
    said = result["status"].removeprefix("stopped: ")
    assert said.startswith("took longer than ")  # 0.5 s, or 2 s if the machine has other work
    assert score(result) == LOSES_Q3
    assert result["errors"] == [f"code cell 9, `while True: pass`: {said}; left out"]


def test_endless_cells_without_end():
    endless, limits = notebook(*["while True: pass"] * 20), ENDLESS_COPY._replace(restarts=3)
    assert forked.marked(endless, limits) == (0,) * 6


def test_an_endless_function_costs_its_question_alone(apart):
    data = submission(evaluation("while True: pass"))
    assert marked(data, ENDLESS) == LOSES_Q3


def test_two_endless_functions_cost_their_questions_alone():
    endless = "while True: pass\n    "
    data = submission(
        {"    mask = keep_mask": f"    {endless}mask = keep_mask"} | evaluation("while True: pass")
    )
    assert forked.marked(data, ENDLESS_COPY) == (3, 0, 0, 0, 3, 2)


def test_the_time_that_the_marker_takes_is_not_the_submissions():
    with Student(["def f(): return 1"], Limits(seconds=1)) as student:
        for _ in range(2):
            time.sleep(1.5)
            assert student.call("f").value == 1


def test_many_slow_calls_are_ended():
    sleep = "if shape == (20, 50): import time; time.sleep(0.3)"
    data = submission({"return rng.random(shape)": f"{sleep}\n    return rng.random(shape)"})
    result = mark(assignment(), data, limits=Limits(seconds=2, total_seconds=3, restarts=0))
    assert result["status"] == "stopped: took longer than 3 s in all"


def test_an_error_that_will_not_be_stopped():
    body = ("while True:", "    try:", "        while True: pass", "    except BaseException: pass")
    assert forked.marked(submission(evaluation(*body)), ENDLESS_COPY) == LOSES_Q3


def test_signals_are_of_no_use():
    cell = (
        "import contextlib, signal\nfor s in range(1, 65):\n"
        "    with contextlib.suppress(Exception): signal.signal(s, signal.SIG_IGN)"
    )
    data = submission(evaluation("while True: pass"), before=[cell])
    assert forked.marked(data, ENDLESS_COPY) == LOSES_Q3


ORPHAN = """
import os, subprocess, sys
if os.fork() == 0:
    {setsid}
    if os.fork() == 0:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(10**6)  # {name}"])
        import time; time.sleep(10**6)
    os._exit(0)
"""


@pytest.mark.parametrize("setsid", ["pass", "os.setsid()"])
@pytest.mark.parametrize("then", ["", "os._exit(0)"])
def test_no_orphan_stays(setsid, then, apart):
    """Nor does one that holds the marker's socket keep the marker waiting."""
    name = f"orphan-of-{os.getpid()}"
    data = submission(before=[ORPHAN.format(setsid=setsid, name=name) + then])
    assert marked(data, QUICK) == FULL
    assert alive(name) == []


def test_a_fork_that_answers_later_gains_nothing(apart):
    body = (
        "import os",
        "if os.fork() == 0:",
        "    return x",
        "return 2 * x",
    )
    got = marked(submission(evaluation(*body)), Limits(seconds=1))
    assert all(a <= b for a, b in zip(got, FULL, strict=True))


def test_a_flood_of_output(apart):
    body = (
        "import sys",
        "for _ in range(100): print('x' * 10**6)",
        "print('x' * 10**6, file=sys.stderr)",
    )
    assert marked(submission(evaluation(*body, "return x")), Limits(seconds=20)) == FULL


@pytest.mark.parametrize("ending", ["import sys; sys.exit(0)", "raise KeyboardInterrupt", "quit()"])
def test_an_exit_in_a_cell_costs_nothing(ending):
    assert forked.marked(submission(before=[ending]), QUICK) == FULL


@pytest.mark.parametrize(
    "ending",
    ["import sys; sys.exit(0)", "import ctypes; ctypes.string_at(0)", "import os; os.abort()"],
)
def test_an_exit_in_a_function_costs_its_question(ending):
    assert forked.marked(submission(evaluation(ending)), QUICK) == LOSES_Q3


@pytest.mark.parametrize("ending", ["os._exit(0)", "os.kill(os.getpid(), 9)"])
def test_the_end_of_the_process_in_a_function_costs_its_question(ending, apart):
    assert marked(submission(evaluation(f"import os; {ending}")), QUICK) == LOSES_Q3


def test_the_parent_cannot_be_ended_isolated(apart):
    """Without isolation this is only a signal that does no harm."""
    body = ("import os, signal", "os.kill(os.getppid(), signal.SIGCHLD)", "return x")
    assert marked(submission(evaluation(*body)), QUICK) == FULL


# --- what is handed in --------------------------------------------------------------------------

DEEP = b'{"cells": ' + b"[" * 10**5 + b"]" * 10**5 + b"}"
FILES = {
    "not JSON": (b"\x80\x04evil.", "is not a notebook"),
    "empty": (b"", "is not a notebook"),
    "a list": (b"[1, 2]", "is not a notebook"),
    "null": (b"null", "is not a notebook"),
    "cells that are none": (b'{"cells": [1, null]}', "is not a notebook"),
    "a cell without a source": (b'{"cells": [{"cell_type": "code"}]}', "is not a notebook"),
    "a source that is none": (
        b'{"cells": [{"cell_type": "code", "source": 3}]}',
        "is not a notebook",
    ),
    "a huge integer": (b'{"cells": ' + b"9" * 10**5 + b"}", "is not a notebook"),
    "nested deeply": (DEEP, "is not a notebook"),
    "too large": (b" " * (2**24 + 1), "is larger than 16 MiB"),
    "another encoding": ("{}".encode("utf-16"), "is not a notebook"),
}


@pytest.mark.parametrize(("data", "status"), FILES.values(), ids=FILES)
def test_what_is_no_notebook_says_so(data, status):
    result = mark(assignment(), data, limits=QUICK)
    assert result["status"].startswith(status)
    assert score(result) == (0,) * 6


def test_metadata_and_kernel_are_not_looked_at():
    content = json.loads(submission())
    content["metadata"] = {"kernelspec": {"name": "evil", "argv": ["rm"]}, "otter": {"points": 99}}
    for cell in content["cells"]:
        cell["metadata"] = {"tags": ["skip", "raises-exception"], "points": 99}
        cell["outputs"] = [{"output_type": "display_data", "data": {"text/html": "<script>"}}]
    content["nbformat"] = 99
    assert forked.marked(json.dumps(content).encode(), QUICK) == FULL


def test_half_characters_reach_every_file(tmp_path):
    """A notebook can hold half of a surrogate pair, which no file can."""
    folder = tmp_path / "in"
    folder.mkdir()
    content = json.loads(
        submission(evaluation("raise ValueError('\ud800')"), before=["1 / 0 # \ud800"])
    )
    content["cells"].append({"cell_type": "markdown", "source": "## q7\n\nmy answer \ud800"})
    (folder / "ann.ipynb").write_text(json.dumps(content))
    ((_, result, _),) = grade(
        FOLDER, folder, tmp_path / "out", workers=1, limits=QUICK, progress=False
    )
    assert score(result) == LOSES_Q3


def zipped(**members):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return held.getvalue()


def test_a_folder_of_hostile_files(tmp_path):
    """Each has its line, the honest one among them its points, and nothing is written beside."""
    folder, good = tmp_path / "in", submission()
    folder.mkdir()
    bomb = zipped(**{"inverted-dropout.ipynb": bytes(2**27)})
    assert len(bomb) < 2**18
    (folder / "bomb.zip").write_bytes(bomb)
    (folder / "nest.zip").write_bytes(zipped(**{"a.zip": zipped(**{"b.zip": bomb})}))
    paths = {"../../../evil.ipynb": good, "/etc/evil.txt": b"", "..\\evil2.ipynb": b""}
    (folder / "paths.zip").write_bytes(zipped(**paths))
    (folder / "broken.zip").write_bytes(zipped(**{"a.ipynb": good})[:-30])
    damaged = bytearray(zipped(**{"a.ipynb": good}))
    damaged[200:260] = bytes(60)
    (folder / "damaged.zip").write_bytes(damaged)
    (folder / "secret").mkdir()
    (folder / "secret" / "inverted-dropout.ipynb").symlink_to(FOLDER / "source.ipynb")
    (folder / "link.ipynb").symlink_to(FOLDER / "source.ipynb")
    (folder / "dangling.ipynb").symlink_to(tmp_path / "nothing")
    os.mkfifo(folder / "pipe.ipynb")
    (folder / "text.ipynb").write_text("evil")
    (folder / "good.ipynb").write_bytes(good)
    rows = grade(FOLDER, folder, tmp_path / "out", workers=2, limits=QUICK, progress=False)
    status = {entry.student: result["status"] for entry, result, _ in rows}
    assert len(rows) == len(list(folder.iterdir())) == 11
    assert status.pop("good") == "marked"
    assert status.pop("link") == status.pop("dangling") == "is a link, which is not followed"
    assert status.pop("secret") == "is a link, which is not followed"
    assert status.pop("pipe") == "is neither a file nor a folder"
    assert status.pop("bomb") == "is larger than 64 MiB"
    assert status.pop("nest") == "is larger than 64 MiB"
    assert status.pop("paths").startswith("holds 2 notebooks")
    assert status.pop("broken").startswith("is not a readable zip")
    assert status.pop("damaged").startswith("cannot be read")
    assert status.pop("text").startswith("is not a notebook")
    assert not status
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "out"]
    assert all(stat.S_ISREG(p.stat().st_mode) for p in (tmp_path / "out" / "feedback").iterdir())
    assert not list(tmp_path.rglob("evil*"))


def test_nothing_is_left_in_the_temporary_folder(tmp_path, monkeypatch, apart):
    monkeypatch.setattr(sandbox.tempfile, "tempdir", str(tmp_path))
    cell = "import os\nos.makedirs('a/b')\nopen('a/b/c', 'w').write('x')\nos.chmod('a/b', 0)"
    assert marked(submission(before=[cell]), QUICK) == FULL
    with pytest.raises(ProcessEndedError):
        Student(["import os; os._exit(0)"], QUICK)
    assert list(tmp_path.iterdir()) == []


def test_no_descriptor_and_no_thread_is_left():
    process = psutil.Process()
    marked(submission(), QUICK)
    gc.collect()  # what earlier tests have left is closed now
    before = process.num_fds(), process.num_threads()
    for data in (submission(), notebook("import os; os._exit(0)"), notebook("while 1: pass")):
        marked(data, ENDLESS)
    assert (process.num_fds(), process.num_threads()) == before
