"""minGRU and minLSTM against their equations, and the scans against a loop and one another."""

import math

import numpy as np
import pytest
import torch
from few_examples import few
from hypothesis import given
from hypothesis import strategies as st
from neural_cases import small, stream
from test_neural_architectures import IDS, arrays, count, features, network

from baselines.neural.kernels.linear_scan import linear_scan, parallel_scan, sequential_scan
from benchmark.errors import UserError


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def layer_norm(w, name, x):
    return (x - x.mean()) / np.sqrt(x.var() + 1e-5) * w[f"{name}.weight"] + w[f"{name}.bias"]


def step(w, name, kind, x, h):
    """One step of the paper's sequential form."""
    parts = np.split(w[f"{name}.inward.weight"] @ x + w[f"{name}.inward.bias"], 2 if kind == "min_gru" else 3)
    candidate = np.where(parts[-1] >= 0, parts[-1] + 0.5, sigmoid(parts[-1]))
    if kind == "min_gru":
        z = sigmoid(parts[0])
        return (1 - z) * h + z * candidate
    f, i = sigmoid(parts[0]), sigmoid(parts[1])
    return f / (f + i) * h + i / (f + i) * candidate


@pytest.mark.parametrize("kind", ["min_gru", "min_lstm"])
@pytest.mark.parametrize(("convolution", "hidden_size"), [(4, 6), (1, 6), (3, 8)])
def test_minimal_networks_equal_a_loop_over_tokens(kind, convolution, hidden_size):
    built = network(kind, layers=2, convolution=convolution, hidden_size=hidden_size, tied=hidden_size == 6)
    w = arrays(built)
    h = np.zeros((2, hidden_size))
    inputs = [[np.zeros(hidden_size)] * (convolution - 1) for _ in range(2)]
    expected = []
    for token in [built.start, *IDS]:
        x = w["embedding.weight"][token]
        if hidden_size != 6:
            x = w["project.weight"] @ x
        for layer in range(2):
            name = f"blocks.{layer}"
            inputs[layer].append(layer_norm(w, f"{name}.before_cells", x))
            mixed = (w[f"{name}.convolution.weight"] * inputs[layer][-convolution:]).sum(0)
            h[layer] = step(w, f"{name}.cells", kind, mixed, h[layer])
            x = x + h[layer]
            up = w[f"{name}.feed_forward.up.weight"] @ layer_norm(w, f"{name}.before_feed_forward", x)
            up = up + w[f"{name}.feed_forward.up.bias"]
            up = up * 0.5 * (1 + np.vectorize(math.erf)(up / math.sqrt(2)))
            x = x + w[f"{name}.feed_forward.down.weight"] @ up + w[f"{name}.feed_forward.down.bias"]
        expected.append(layer_norm(w, "norm", x))
    np.testing.assert_allclose(features(built, IDS), expected, atol=2e-5)


def random_scan(time, rows=2, units=3):
    torch.manual_seed(time)
    a, b = torch.rand(2, time, rows, units, dtype=torch.float64)
    return a, b, torch.rand(rows, units, dtype=torch.float64)


@given(time=st.integers(1, 70))
def test_every_form_of_the_scan_is_the_recurrence(time):
    a, b, first = random_scan(time)
    h, expected = first, []
    for decay, inward in zip(a, b, strict=True):
        h = decay * h + inward
        expected.append(h)
    expected = torch.stack(expected)
    torch.testing.assert_close(sequential_scan(a, b, first), expected)
    torch.testing.assert_close(parallel_scan(a, b, first), expected)
    # The paper's: ln h = Σ ln a + ln Σ exp(ln b − Σ ln a), h₋₁ in front (Heinsen 2023).
    sums = torch.cat([torch.zeros_like(first)[None], a.log().cumsum(0)])
    in_logs = (sums + (torch.cat([first[None], b]).log() - sums).logcumsumexp(0)).exp()[1:]
    torch.testing.assert_close(in_logs, expected)


@pytest.mark.parametrize("parallel", [False, True, None])
@pytest.mark.parametrize("time", [1, 2, 5, 8])
def test_the_gradient_of_the_scan_is_right(time, parallel):
    inputs = tuple(part.requires_grad_() for part in random_scan(time))
    assert torch.autograd.gradcheck(lambda *x: linear_scan(*x, parallel), inputs)


@pytest.mark.parametrize("parallel", [False, True])
def test_long_scans_neither_overflow_nor_vanish(parallel):
    a, b = torch.full((3000, 1, 1), 0.01), torch.full((3000, 1, 1), 0.99)
    h = linear_scan(a, b, torch.ones(1, 1), parallel)
    torch.testing.assert_close(h, torch.ones_like(h))


@pytest.mark.parametrize("kind", ["min_gru", "min_lstm"])
@given(cuts=st.lists(st.integers(1, 39), max_size=6))
@few
def test_features_do_not_depend_on_how_a_stream_is_cut(kind, cuts):
    built = network(kind)
    tokens = torch.from_numpy(stream(80).ids.astype(np.int64)).view(40, 2)
    with torch.no_grad():
        whole, last = built(tokens, built.initial_state(2))
        state, parts = built.initial_state(2), []
        for part in tokens.tensor_split(sorted(set(cuts))):
            found, state = built(part, state)
            parts.append(found)
    torch.testing.assert_close(torch.cat(parts), whole)
    torch.testing.assert_close(state, last)


def test_a_state_that_is_carried_remembers_without_bound():
    """With the gates shut the state keeps what it was: no span ends it."""
    built = network("min_gru", layers=1)
    with torch.no_grad():
        built.blocks[0].cells.inward.weight[:6] = 0
        built.blocks[0].cells.inward.bias[:6] = -30  # z = σ(−30)
        first, before = built.initial_state(1)
        _, kept = built(torch.tensor(IDS * 20)[:, None], (first + 0.7, before))
    torch.testing.assert_close(kept[0], torch.full((1, 1, 6), 0.7))


def test_a_convolution_begins_near_the_identity():
    weight = network("min_lstm").blocks[0].convolution.weight
    assert torch.equal(weight[-1], torch.ones(6))
    assert weight[:-1].abs().max() <= 0.5


def test_parameters_are_as_many_as_the_formulas_say():
    def block(width, gates, convolution=4, inner=24):
        cells = (gates + 1) * (width * width + width)
        return cells + convolution * width + width * inner + inner + inner * width + width + 4 * width

    assert count("min_gru", layers=3) == 11 * 6 + 3 * block(6, 1) + 2 * 6 + 11
    assert count("min_lstm", layers=1, convolution=2, end=False) == 12 * 6 + block(6, 2, 2) + 2 * 6 + 11
    wider = count("min_gru", layers=1, expansion=3, hidden_size=8, tied=False)
    assert wider == 11 * 6 + 6 * 8 + block(8, 1) + 2 * 8 + 11 * 8 + 11


@pytest.mark.parametrize("kind", ["min_gru", "min_lstm"])
def test_impossible_shapes_are_refused(kind):
    with pytest.raises(UserError, match=r"model\.tied=true"):
        small(kind, hidden_size=8)
