"""What a forgotten scaling and a second one do to a network of ReLUs, exactly."""

import torch
from said import stands

from dropout_scaling.lab.weight_scaling import with_factor
from dropout_scaling.nn import MLP, StandardDropout

PAGE = "paper/weight-scaling"


def test_without_biases_the_outputs_are_larger_by_one_factor_a_layer(torch_seed):
    stands(PAGE, "the outputs are too large by $1/q^3 = 1/0.8^3$")
    net = MLP([8, 16, 16, 16, 4], p=0.2, dropout=StandardDropout).eval()
    for linear in net.linears:
        torch.nn.init.zeros_(linear.bias)
    forgotten = MLP([8, 16, 16, 16, 4], p=0.0)
    forgotten.load_state_dict(net.state_dict())
    x = torch.randn(100, 8)
    torch.testing.assert_close(forgotten(x), net(x) / 0.8**3)
    assert torch.equal(forgotten(x).argmax(1), net(x).argmax(1))


def test_with_the_biases_scaled_along_twice_chooses_what_once_chooses(torch_seed):
    stands(PAGE, "With the biases scaled along, twice makes the 18.1 errors of once.")
    net, x = MLP([8, 16, 16, 4], p=0.8, dropout=StandardDropout).double(), torch.randn(100, 8)
    once, twice = (with_factor(net, 0.2**times) for times in (1, 2))
    for depth, linear in enumerate(twice.linears):  # each bias by what comes to it
        linear.bias.data *= 0.2**depth
    torch.testing.assert_close(twice(x.double()), 0.2**2 * once(x.double()))
