"""Dropout left on at test time: the page's own functions, on all that it says of them."""

import copy
from fractions import Fraction

import numpy as np
import pytest
import torch
from said import made_by, stands
from torch import nn

from dropout_scaling.exact import expectation
from dropout_scaling.reference import inverted_train

PAGE = "pytorch/mc-dropout"


@pytest.fixture(scope="module")
def chapter():
    return made_by(PAGE, "code-01", "code-02", "code-08", "code-10a", "code-10", "code-27")


@pytest.fixture
def encoder(chapter, torch_seed):
    return nn.TransformerEncoderLayer(8, 2, 16, dropout=0.2, batch_first=True)


def test_a_single_row_is_refused_by_batch_norm_in_train_mode(chapter):
    stands(PAGE, "a single row is refused")
    with pytest.raises(ValueError, match="more than 1 value"):
        copy.deepcopy(chapter.net).train()(chapter.threes[:1])


def test_two_runs_differ_and_eval_mode_stays_what_it_was(chapter):
    stands(PAGE, "With `dropout_on` two runs differ, and eval mode stays what it was, bit for bit")
    model = copy.deepcopy(chapter.net)
    with torch.no_grad():
        before = model.eval()(chapter.data.x_test)
        assert not torch.equal(chapter.dropout_on(model)(chapter.threes), model(chapter.threes))
        assert torch.equal(before, model.eval()(chapter.data.x_test))


def test_every_dropout_module_of_pytorch_is_one_that_it_switches_on():
    base = nn.modules.dropout._DropoutNd
    kinds = "AlphaDropout Dropout Dropout1d Dropout2d Dropout3d FeatureAlphaDropout"
    theirs = [k for k in base.__subclasses__() if k.__module__ == base.__module__]
    assert sorted(kind.__name__ for kind in theirs) == kinds.split()


def test_of_the_four_that_drop_it_reaches_the_module(chapter):
    stands(PAGE, "One. The other three look at the `training` flag of the module that holds them")
    model, x = chapter.Mixed(), chapter.x
    places = chapter.places(model, x)
    assert places == ["lstm", "attention", "", "dropout"]
    chapter.dropout_on(model)
    assert [model.get_submodule(name).training for name in places] == [False, False, False, True]
    assert not chapter.all_on(model, x)


def test_with_their_names_all_four_drop_and_nothing_else_is_switched_on(chapter):
    stands(PAGE, "all four drop, while the batch norm stays in eval mode")
    model, x = chapter.Mixed(), chapter.x
    before = torch.get_rng_state()
    assert chapter.all_on(chapter.dropout_on(model, chapter.places(model, x)), x)
    assert torch.equal(before, torch.get_rng_state())  # your own generator stays
    assert not model.norm.training
    assert not model.attention.out_proj.training


@pytest.mark.gpu
def test_all_on_reads_the_generator_of_the_input_s_device(chapter):
    stands(PAGE, "where the generator of the input's device stands")
    model = nn.Sequential(nn.Dropout(0.2), nn.Linear(8, 8)).cuda()
    assert chapter.all_on(chapter.dropout_on(model), chapter.x.cuda())
    assert not chapter.all_on(model.eval(), chapter.x.cuda())


def test_the_fast_path_passes_by_its_dropout_modules(chapter, encoder):
    stands(PAGE, "one fused operation that never calls its dropout modules")
    x = chapter.x
    chapter.dropout_on(encoder)
    assert [m.training for m in encoder.modules() if isinstance(m, nn.Dropout)] == [True] * 3
    with torch.no_grad():
        torch.testing.assert_close(chapter.dropout_on(encoder)(x), encoder.eval()(x))
        assert torch.equal(chapter.dropout_on(encoder)(x), encoder(x))
    assert not torch.equal(encoder(x), encoder(x))  # with gradients it goes the long way
    assert not chapter.all_on(chapter.dropout_on(encoder), x)


def test_either_cure_of_the_fast_path_switches_all_of_it_on(chapter, encoder):
    stands(
        PAGE, 'Or add the layer itself to these names, which they lack: `dropout_on(layer, ["", '
    )
    x = chapter.x
    for names in (["", "self_attn"], [*chapter.places(encoder, x), ""]):
        assert chapter.all_on(chapter.dropout_on(encoder, names), x)
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        chapter.dropout_on(encoder)
        with torch.no_grad():
            assert not torch.equal(encoder(x), encoder(x))
        assert chapter.all_on(chapter.dropout_on(encoder, chapter.places(encoder, x)), x)
    finally:
        torch.backends.mha.set_fastpath_enabled(True)


def test_the_seed_makes_the_samples_repeatable(chapter):
    stands(PAGE, "The seed makes it repeatable on any device, and PyTorch's own stream stays")
    before = torch.get_rng_state()
    again = chapter.mc_samples(chapter.net, chapter.data.x_test, 50, chapter.seed(2)).mean(dim=1)
    assert torch.equal(chapter.averages, again)
    assert torch.equal(before, torch.get_rng_state())


def test_averaged_logits_are_eval_mode_s_if_a_linear_layer_alone_follows(chapter):
    stands(PAGE, "over all masks exactly so if a linear layer alone follows the dropout, as in our")
    assert [type(layer) for layer in chapter.net[-2:]] == [nn.Dropout, nn.Linear]
    thirds = np.array([[Fraction(i * j % 7 - 3, 3) for j in (1, 2)] for i in (1, 2, 3)])
    h, p = np.array([Fraction(1), Fraction(2), Fraction(3)]), Fraction(3, 10)

    def linear(mask):
        return inverted_train(h, mask, p) @ thirds

    def two_layers(mask):
        return np.maximum(linear(mask), 0) @ thirds[:2]

    nothing_dropped = np.maximum(h @ thirds, 0) @ thirds[:2]
    assert (expectation(linear, 3, p) == h @ thirds).all()
    assert (expectation(two_layers, 3, p) != nothing_dropped).all()
