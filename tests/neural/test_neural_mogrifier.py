"""The Mogrifier LSTM against its equations, and its gradient against finite differences."""

import numpy as np
import pytest
import torch
from recurrent_cases import features, loop, lstm, network, sigmoid

from baselines.neural.architectures.mogrifier import MogrifierLayer
from baselines.neural.layers.cells import LstmLayer


def count(**options):
    return sum(parameter.numel() for parameter in network("mogrifier_lstm", **options).parameters())


def matrix(gate):
    """Of a full or a factored map."""
    parts = [parameter.detach().numpy() for parameter in gate.parameters()]
    return parts[0] if len(parts) == 1 else parts[1] @ parts[0]


@pytest.mark.parametrize("rank", [None, 2])
@pytest.mark.parametrize("rounds", [0, 1, 2, 5])
def test_a_network_equals_a_loop_over_tokens_and_rounds(rounds, rank):
    built = network("mogrifier_lstm", layers=2, hidden_size=5, rounds=rounds, rank=rank)
    gates = {layer.weight_ih.shape: [matrix(gate) for gate in layer.rounds] for layer in built.stack.layers}
    assert [len(matrices) for matrices in gates.values()] == [rounds, rounds]

    def step(w, x, state):
        h, c = state
        for place, gate in enumerate(gates[w["weight_ih"].shape], start=1):
            if place % 2:
                x = 2 * sigmoid(gate @ h) * x
            else:
                h = 2 * sigmoid(gate @ x) * h
        return lstm(w, x, (h, c))

    np.testing.assert_allclose(features(built), loop(built, step, 2), atol=1e-9)


def test_without_rounds_it_is_an_lstm():
    mogrifier, plain = MogrifierLayer(3, 4, rounds=0), LstmLayer(3, 4)
    with torch.no_grad():
        for parameter in plain.parameters():
            parameter.uniform_(-1, 1)
    mogrifier.load_state_dict(plain.state_dict())
    x = torch.randn(6, 2, 3)
    state = tuple(torch.randn(1, 2, 4) for _ in range(2))
    torch.testing.assert_close(mogrifier(x, state), plain(x, state))


@pytest.mark.parametrize("rank", [None, 2])
def test_its_gradient_equals_finite_differences(rank):
    layer = MogrifierLayer(3, 2, rounds=3, rank=rank).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.uniform_(-1, 1)
    parameters = dict(layer.named_parameters())
    x, h, c = (
        torch.randn(*shape, dtype=torch.float64, requires_grad=True)
        for shape in ((4, 2, 3), (1, 2, 2), (1, 2, 2))
    )

    def run(x, h, c, *values):
        weights = dict(zip(parameters, values, strict=True))
        outputs, (h, c) = torch.func.functional_call(layer, weights, (x, (h, c)))
        return outputs, h, c

    assert torch.autograd.gradcheck(run, (x, h, c, *parameters.values()))


def test_parameters_are_as_many_as_the_formulas_say():
    # A round maps between inputs and units: n · m numbers, or rank · (n + m).
    lstm_alone = count(layers=1, tied=False, hidden_size=5, rounds=0)
    assert lstm_alone == count(layers=1, tied=False, hidden_size=5, rounds=3) - 3 * 6 * 5
    assert lstm_alone == count(layers=1, tied=False, hidden_size=5, rounds=3, rank=2) - 3 * 2 * (6 + 5)
    assert lstm_alone == 11 * 6 + 11 * 5 + 11 + 4 * 5 * (6 + 5 + 2)
