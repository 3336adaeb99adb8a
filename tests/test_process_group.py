"""Real processes: their answers come back in order, their errors are told, none outlives."""

import pytest
import torch

from dropout_scaling.process_group import Ranks


def add_up(rank, size):
    total = torch.tensor([rank + 1.0])
    dist.all_reduce(total)  # noqa: F821, a name that the ranks have
    return rank, size, total.item()


def fail_on_one(rank, size):
    if rank == 1:
        raise ValueError("no such mask")
    dist.barrier()  # noqa: F821, and so rank 0 waits for ever
    return rank


def test_ranks_answer_in_order_share_a_sum_and_tell_of_an_error():
    ranks = Ranks(2)
    processes = list(ranks._processes)
    assert ranks.run(add_up) == [(0, 2, 3.0), (1, 2, 3.0)]
    with pytest.raises(RuntimeError, match=r"(?s)rank 1 failed:.*no such mask"):
        ranks.run(fail_on_one)
    with pytest.raises(ValueError, match="closed"):
        ranks.run(add_up)
    ranks.close()
    assert not any(process.is_alive() for process in processes)


def test_ranks_do_not_wait_longer_than_they_are_told():
    with Ranks(1) as ranks:
        (process,) = ranks._processes
        with pytest.raises(TimeoutError, match="within 0 s"):
            ranks.run(add_up, timeout=0)
    assert not process.is_alive()


@pytest.mark.parametrize(("size", "error"), [(0, ValueError), (9, ValueError), (2.0, TypeError)])
def test_ranks_are_one_to_eight(size, error):
    with pytest.raises(error, match="number of ranks"):
        Ranks(size)
