"""A function ends within its time, or is stopped."""

import threading

import pytest

from dropout_scaling.diagnose._time_limit import within


def test_within_its_time_a_function_gives_its_result_or_its_error():
    assert within(5, divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        within(5, divmod, 7, 0)


def test_beyond_its_time_a_function_is_stopped():
    ended, go_on = threading.Event(), threading.Event()

    def endless():
        try:
            while not go_on.wait(0.01):
                pass
        finally:
            ended.set()

    with pytest.raises(TimeoutError):
        within(0.1, endless)
    assert ended.wait(5)
