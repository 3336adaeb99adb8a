"""The converted network is the same function, and stays so as far as rounding lets it."""

import torch
from said import stands

from dropout_scaling.convert import dropped_weights, inverted_model, standard_model
from dropout_scaling.nn import MLP, StandardDropout
from dropout_scaling.train import digit_tensors, keyed_masks, train

PAGE, P = "inversion/same-network", 0.2


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


def apart(dtype):
    """Return by how much a parameter differs at the end of the page's 132 steps."""
    data = digit_tensors(seed=0)
    x = data.x_train.to(dtype)
    torch.manual_seed(0)
    start = MLP([64, 100, 100, 10], p=P, dropout=StandardDropout).to(dtype)
    behind, ends = dropped_weights(start), []
    for model, rate in ((inverted_model(start), (1 - P) ** 2), (start, 1.0)):
        groups = [
            {"params": [weight], "lr": rate if name in behind else 1.0}
            for name, weight in model.named_parameters()
        ]
        optimizer = torch.optim.SGD(groups, momentum=0.5)
        how = {"optimizer": optimizer, "epochs": 6, "batch_size": 64, "mask_seed": 5}
        train(model, x, data.y_train, generator=torch.Generator().manual_seed(1), **how)
        ends.append(model)
    pairs = zip(start.parameters(), standard_model(ends[0]).parameters(), strict=True)
    return max((u - v).abs().max().item() for u, v in pairs)


def test_in_float64_they_stay_together():
    stands(PAGE, "In float64, as here, they stay within 10⁻¹¹")
    assert apart(torch.float64) < 1e-11


def test_in_float32_the_rounding_can_grow_until_they_part():
    stands(PAGE, "with steps as long as these, the rounding can grow until the two runs part")
    assert apart(torch.float32) > 1e-3
