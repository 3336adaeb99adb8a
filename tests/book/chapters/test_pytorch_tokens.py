"""What is dropped of words and attention: in fractions, and by the lines in PyTorch."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from said import made_by, stands
from torch.nn import functional as F

from dropout_scaling.masks import mask_probabilities

PAGE, P = "pytorch/tokens", 0.2
UNKNOWN = 2
IDS = torch.tensor([[0, 1, 2, 0, 3]] * 50)


def test_two_places_share_one_decision_under_embedding_dropout_alone():
    stands(
        PAGE, "A fifth against a twenty-fifth: under embedding dropout the two share one decision"
    )
    page = made_by(PAGE, "code-01", "code-02")
    chances = page.both_gone[page.embedding_dropout], page.both_gone[page.word_dropout]
    assert chances == (Fraction(1, 5), Fraction(1, 25))


def test_embedding_dropout_keeps_the_mean_and_word_dropout_does_not():
    stands(PAGE, 'at a "the" stands 13/5 on average, `q` times the word plus `p` times the unknown')
    page = made_by(PAGE, "code-01", "code-02")
    words = page.table[page.text]
    assert (page.means[page.embedding_dropout] == words).all()
    assert (page.means[page.word_dropout] == page.q * words + page.p).all()
    assert page.means[page.word_dropout][0] == Fraction(13, 5)


def test_dropped_attention_weights_never_sum_to_1_and_do_in_the_mean():
    stands(PAGE, "Never: the sum is a multiple of 5/16. Its *mean* over all masks is 1, exactly")
    page = made_by(PAGE, "code-01", "code-05")
    assert set(page.sums) == {Fraction(5 * k, 16) for k in range(5)}
    assert (page.sums * page.chances).sum() == 1


@pytest.fixture(scope="module")
def dropkey():
    return made_by(PAGE, "code-01", "code-07")


def test_dropkey_keeps_the_sum_and_moves_the_means(dropkey):
    stands(PAGE, "DropKey keeps the sum and loses the means, unless all scores are equal")
    stands(PAGE, "and the small ones gain")
    weights = dropkey.exps / dropkey.exps.sum()
    assert (dropkey.dropped.sum(axis=1) == 1).all()
    assert dropkey.mean.sum() == 1
    assert dropkey.mean[0] < weights[0]
    assert (dropkey.mean[2:] > weights[2:]).all()
    equal = dropkey.masks / dropkey.masks.sum(axis=1, keepdims=True)
    np.testing.assert_allclose((dropkey.chances @ equal).astype(float), 1 / 4, rtol=1e-12)


def test_one_mask_of_625_drops_every_key(dropkey):
    stands(PAGE, "the mask that drops every key, one of 625 draws here")
    assert len(dropkey.masks) == 2**4 - 1
    assert dropkey.masks.any(axis=1).all()
    assert mask_probabilities(np.zeros((1, 4), bool), dropkey.p)[0] == Fraction(1, 625)


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
