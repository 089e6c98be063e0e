"""The modern window against its equations, one token at a time."""

import numpy as np
import pytest
import torch
from neural_cases import fitted, small
from test_neural_architectures import IDS, arrays, count, features, network

from baselines.neural.architectures import modern_window
from baselines.neural.architectures.modern_window import weighted_sums
from benchmark.errors import UserError


def layer_norm(x, gain, bias):
    return (x - x.mean()) / np.sqrt(x.var() + 1e-5) * gain + bias


def feed_forward(w, name, x):
    up = np.maximum(w[f"{name}.up.weight"] @ x + w[f"{name}.up.bias"], 0)
    return w[f"{name}.down.weight"] @ up + w[f"{name}.down.bias"]


@pytest.mark.parametrize("end", [True, False])
@pytest.mark.parametrize("global_context", ["none", "average", "kernel"])
@pytest.mark.parametrize("hidden_size", [6, 4])
def test_the_modern_window_equals_a_loop_over_tokens(global_context, hidden_size, end):
    options = {"window": 2, "distant": 5, "kernels": 2, "layers": 3, "global_context": global_context}
    built = network("modern_window", end, hidden_size=hidden_size, tied=hidden_size == 6, **options)
    with torch.no_grad():
        if global_context == "kernel":
            built.kernels.uniform_(-1, 1)
    w = arrays(built)
    expected = []
    for place in range(len(IDS) + 1):
        seen = ([built.start] * 7 + IDS[:place])[-7:]
        vectors = [w["embedding.weight"][token] for token in seen]
        if hidden_size != 6:
            vectors = [w["project.weight"] @ vector for vector in vectors]
        far, slots = vectors[:5], vectors[5:]
        if global_context == "average":
            slots = [*slots, np.mean(far[:3], 0), np.mean(far[3:], 0)]
        if global_context == "kernel":
            slots = [*slots, *(sum(k * v for k, v in zip(row, far, strict=True)) for row in w["kernels"])]
        x, inward = np.sum(slots, 0), np.concatenate(slots)
        for layer in range(3):
            x = x + feed_forward(w, f"blocks.{layer}", inward)
            x = inward = layer_norm(x, w[f"norms.{layer}.weight"], w[f"norms.{layer}.bias"])
        expected.append(x)
    np.testing.assert_allclose(features(built, IDS), expected, atol=2e-5)


@pytest.mark.parametrize("tile", [1, 3, 128])
@pytest.mark.parametrize("time", [1, 2, 7])
def test_weighted_sums_equal_a_loop_and_their_gradient_is_right(time, tile, monkeypatch):
    monkeypatch.setattr(modern_window, "TILE", tile)
    torch.manual_seed(1)
    weights = torch.randn(2, 4, dtype=torch.float64, requires_grad=True)
    x = torch.randn(4 - 1 + time, 2, 3, dtype=torch.float64, requires_grad=True)
    found = weighted_sums(x, weights)
    for t in range(time):
        for k in range(2):
            expected = sum(weights[k, m] * x[t + m] for m in range(4))
            torch.testing.assert_close(found[t, :, k], expected)
    assert torch.autograd.gradcheck(weighted_sums, (x, weights))


def test_learned_kernels_begin_as_the_average_and_are_learnt():
    start = network("modern_window", distant=5, kernels=3)
    assert torch.equal(start.kernels, torch.full((3, 5), 0.2))
    learnt = fitted("modern_window", distant=5, kernels=3)._network.kernels
    assert (learnt - 0.2).abs().max() > 1e-3


def test_averages_are_constants_that_need_not_be_saved():
    model = fitted("modern_window", distant=5, kernels=3, global_context="average")
    kernels = model._network.kernels
    assert not kernels.requires_grad
    np.testing.assert_allclose(kernels.sum(1).numpy(), 1, rtol=1e-6)
    assert ((kernels > 0).sum(0) == 1).all()  # every distant word in one block


def test_parameters_are_as_many_as_the_formulas_say():
    def feed(inputs, inner, outputs):
        return inputs * inner + inner + inner * outputs + outputs

    first = feed(5 * 6, 12, 6)  # three words and two kernels
    expected = 11 * 6 + 2 * 7 + first + feed(6, 12, 6) + 2 * 2 * 6 + 11
    options = {"window": 3, "distant": 7, "kernels": 2, "layers": 2, "expansion": 2}
    assert count("modern_window", **options) == expected
    assert count("modern_window", **options, global_context="average") == expected - 2 * 7
    none = expected - 2 * 7 - first + feed(3 * 6, 12, 6)
    assert count("modern_window", **options, global_context="none") == none
    wider = count("modern_window", **options, global_context="none", hidden_size=8, tied=False)
    assert wider == (11 * 6 + 6 * 8 + feed(3 * 8, 16, 8) + feed(8, 16, 8) + 2 * 2 * 8 + 11 * 8 + 11)


def test_impossible_shapes_are_refused():
    with pytest.raises(UserError, match=r"model\.tied=true"):
        small("modern_window", hidden_size=8)
    with pytest.raises(UserError, match=r"model\.kernels \(4\).*model\.distant \(3\)"):
        small("modern_window", global_context="average", distant=3, kernels=4)
