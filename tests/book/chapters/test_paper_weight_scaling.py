"""What a forgotten scaling does to a network of ReLUs without biases: its solution, tried."""

import torch
from said import stands

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
