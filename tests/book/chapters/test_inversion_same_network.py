"""At p = 0.2 the two kinds stay together in float64, and part in float32."""

import torch
from said import stands

from dropout_scaling.convert import dropped_weights, inverted_model, standard_model
from dropout_scaling.nn import MLP, StandardDropout
from dropout_scaling.train import digit_tensors, train

PAGE, P = "inversion/same-network", 0.2


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


def test_in_float32_the_rounding_grows_until_they_part():
    stands(PAGE, "with steps as long as these, the rounding grows until the two runs part")
    assert apart(torch.float32) > 1e-3
