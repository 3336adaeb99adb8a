"""What is dropped of words and attention: the lines in PyTorch do what the fractions say."""

import pytest
import torch
from said import stands
from torch.nn import functional as F

PAGE, P = "pytorch/tokens", 0.2
UNKNOWN = 2
IDS = torch.tensor([[0, 1, 2, 0, 3]] * 50)


@pytest.fixture
def weight(torch_seed):
    return torch.randn(4, 3)


def zeros_or_scaled(ratio, within):
    """Whether each ratio is 0 or 1/q: the products are rounded once or twice."""
    return all(min(abs(r), abs(r - 1 / (1 - P))) < within for r in ratio.flatten().tolist())


def test_embedding_dropout_is_one_mask_on_the_table(weight):
    stands(PAGE, "embedding dropout is one mask on the table, word dropout one on the token ids")
    rows = F.dropout(torch.ones(len(weight), 1), P, True)
    ratio = F.embedding(IDS, weight * rows) / F.embedding(IDS, weight)
    assert zeros_or_scaled(ratio, 1e-6)
    assert (ratio[:, 0] == ratio[:, 3]).all()  # the same word
    assert (ratio == ratio[:1, :, :1]).all()


def test_word_dropout_is_one_mask_on_the_token_ids(weight):
    stands(PAGE, "x = F.embedding(torch.where(kept, ids, unknown), table)")
    kept = torch.rand(IDS.shape) < 1 - P
    x = F.embedding(torch.where(kept, IDS, UNKNOWN), weight)
    assert (x[kept] == weight[IDS[kept]]).all()
    assert (x[~kept] == weight[UNKNOWN]).all()


@pytest.fixture
def attention(torch_seed):
    """The weights of PyTorch's own attention: with the identity for values they are its output."""
    query, key = torch.randn(2, 6, 8), torch.randn(2, 6, 8)
    eye = torch.eye(6).expand(2, 6, 6)
    return lambda **settings: F.scaled_dot_product_attention(query, key, eye, **settings)


def test_attention_dropout_drops_weights_and_divides_the_others(attention):
    stands(PAGE, "each weight keeps its mean")
    assert zeros_or_scaled(attention(dropout_p=P) / attention(), 1e-4)


def test_a_key_without_a_score_is_divided_away(attention):
    stands(PAGE, "What is kept is then divided by its own sum")
    kept = torch.rand(2, 6, 6) < 1 - P
    kept[..., 0] = True  # no row without a key
    weights = attention() * kept
    expected = weights / weights.sum(dim=-1, keepdim=True)
    torch.testing.assert_close(attention(attn_mask=kept), expected, rtol=0, atol=1e-6)


def test_a_query_without_a_key_gets_zeros(attention):
    stands(PAGE, "a query without a key gets zeros, so that its weights sum to 0")
    kept = torch.ones(2, 6, 6, dtype=torch.bool)
    kept[:, 2] = False
    sums = attention(attn_mask=kept).sum(dim=-1)
    assert (sums[:, 2] == 0).all()
    assert (sums[:, :2] > 0.99).all()
    assert torch.full((4,), -torch.inf).softmax(0).isnan().all()  # a softmax's own answer
