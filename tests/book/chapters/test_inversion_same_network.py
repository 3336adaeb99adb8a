"""The converted network is the same function: its outputs under the same masks, bit for bit."""

import torch
from said import stands

from dropout_scaling.convert import dropped_weights, inverted_model
from dropout_scaling.nn import MLP, StandardDropout
from dropout_scaling.train import keyed_masks

PAGE = "inversion/same-network"


def test_the_two_give_the_same_outputs_in_training_and_at_evaluation(torch_seed):
    stands(PAGE, "The two give the same outputs, in training and at evaluation.")
    standard = MLP([64, 100, 100, 10], p=0.5, dropout=StandardDropout).double()
    inverted = inverted_model(standard)
    x = torch.randn(32, 64, dtype=torch.float64)
    masks = keyed_masks(standard, len(x), seed=0, step=0)
    assert torch.equal(standard(x, masks=masks), inverted(x, masks=masks))
    assert torch.equal(standard.eval()(x), inverted.eval()(x))


def test_the_first_layer_s_weight_is_as_it_was():
    stands(PAGE, "The first layer's weight is as it was: nothing that feeds it is dropped.")
    standard = MLP([64, 100, 100, 10], p=0.5, dropout=StandardDropout)
    assert dropped_weights(standard) == {"linears.1.weight": 0.5, "linears.2.weight": 0.5}
    first = inverted_model(standard).linears[0].weight
    assert torch.equal(first, standard.linears[0].weight)
