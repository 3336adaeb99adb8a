"""What a mask costs: what the fast layer keeps, and that a row's words come from the row alone."""

import pytest
import torch
from said import made_by, stands
from torch.nn import functional as F

from dropout_scaling.fast import DRAWN, WORDS, FastDropout

PAGE = "pytorch/cost"


def test_a_row_s_words_are_a_function_of_the_row_and_the_key():
    stands(PAGE, "The same; and no word says anything of another")
    chapter = made_by(PAGE, "code-01", "code-08")
    assert torch.equal(chapter.together[1000], chapter.alone[0])
    assert WORDS == 128


@pytest.mark.parametrize(
    ("dropout", "size"),
    [(F.dropout, 4 * 2**20), (lambda x, p: FastDropout(p)(x), 8 * DRAWN)],
    ids=["F.dropout", "FastDropout"],
)
def test_what_is_kept_for_the_backward_pass(dropout, size, torch_seed):
    stands(PAGE, "It keeps what it drew, the key and the limits")
    kept, x = [], torch.ones(2**20, requires_grad=True)

    def pack(tensor):
        kept.append(tensor.numel() * tensor.element_size())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        dropout(x, 0.3)
    assert sum(kept) == size


def test_from_where_on_it_is_faster_is_measured_on_each_machine():
    stands(PAGE, "it measures once on a machine from where on it is faster")
    assert FastDropout.smallest is None
