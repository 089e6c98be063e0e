"""The transformer against its equations, one position at a time over its whole past."""

import math

import numpy as np
import pytest
import torch
from few_examples import few
from hypothesis import given
from hypothesis import strategies as st
from neural_cases import small, stream
from test_neural_architectures import IDS, arrays, count, features, network
from torch.nn import functional as F

from baselines.neural.architectures import transformer_attention
from baselines.neural.architectures.transformer_attention import attend, band, choose_heads
from benchmark.errors import UserError


def layer_norm(w, name, x):
    normal = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
    return normal * w[f"{name}.weight"] + w[f"{name}.bias"]


def feed_forward(w, name, x, activation):
    up = x @ w[f"{name}.up.weight"].T + w[f"{name}.up.bias"]
    if activation == "gelu":
        up = up * 0.5 * (1 + np.vectorize(math.erf)(up / math.sqrt(2)))
    elif activation == "swiglu":
        gate, value = np.split(up, 2, -1)
        up = gate / (1 + np.exp(-gate)) * value
    else:
        up = np.maximum(up, 0)
    return up @ w[f"{name}.down.weight"].T + w[f"{name}.down.bias"]


def turned(x, position):
    """x as complex numbers (i, i + half), turned by its position in the whole stream."""
    half = len(x) // 2
    angle = position * 10000.0 ** (-2 * np.arange(half) / len(x))
    z = (x[:half] + 1j * x[half:]) * np.exp(1j * angle)
    return np.concatenate([z.real, z.imag])


def attention(w, name, x, heads, span, rotary):
    query, key, value = np.split(x @ w[f"{name}.inward.weight"].T, 3, 1)
    width = x.shape[1] // heads
    mixed = np.zeros_like(x)
    for place in range(len(x)):
        for head in range(heads):
            part = slice(head * width, (head + 1) * width)
            seen = range(max(0, place - span + 1), place + 1)
            if rotary:
                q = turned(query[place, part], place)
                scores = np.array([q @ turned(key[back, part], back) for back in seen]) / math.sqrt(width)
            else:
                scores = np.array([query[place, part] @ key[back, part] for back in seen]) / math.sqrt(width)
                scores += [w[f"{name}.bias"][head, place - back] for back in seen]
            p = np.exp(scores - scores.max())
            mixed[place, part] = p / p.sum() @ value[seen.start : seen.stop, part]
    return mixed @ w[f"{name}.outward.weight"].T


@pytest.mark.parametrize("positions", ["rotary", "learned"])
@pytest.mark.parametrize("activation", ["gelu", "swiglu", "relu"])
@pytest.mark.parametrize(("span", "hidden_size"), [(3, 6), (40, 8)])
def test_the_transformer_equals_a_loop_over_positions(positions, activation, span, hidden_size):
    options = {"layers": 2, "heads": hidden_size // 4 or 1, "tied": hidden_size == 6, "expansion": 2}
    built = network(
        "transformer",
        span=span,
        positions=positions,
        activation=activation,
        hidden_size=hidden_size,
        **options,
    )
    with torch.no_grad():
        for name, parameter in built.named_parameters():
            if name.endswith("attention.bias"):
                parameter.uniform_(-1, 1)
    w = arrays(built)
    x = w["embedding.weight"][[built.start, *IDS]]
    if hidden_size != 6:
        x = x @ w["project.weight"].T
    for layer in range(2):
        name = f"blocks.{layer}"
        inward = layer_norm(w, f"{name}.before_attention", x)
        x = x + attention(w, f"{name}.attention", inward, options["heads"], span, positions == "rotary")
        inward = layer_norm(w, f"{name}.before_feed_forward", x)
        x = x + feed_forward(w, f"{name}.feed_forward", inward, activation)
    np.testing.assert_allclose(features(built, IDS), layer_norm(w, "norm", x), atol=5e-5)


@pytest.mark.parametrize("positions", ["rotary", "learned"])
@given(cuts=st.lists(st.integers(1, 39), max_size=6), queries=st.integers(1, 50))
@few
def test_features_do_not_depend_on_how_a_stream_is_cut(positions, cuts, queries):
    built = network("transformer", span=5, heads=3, positions=positions)
    tokens = torch.from_numpy(stream(80).ids.astype(np.int64)).view(40, 2)
    with pytest.MonkeyPatch.context() as patch, torch.no_grad():
        whole, last = built(tokens, built.initial_state(2))
        patch.setattr(transformer_attention, "QUERIES", queries)
        state, parts = built.initial_state(2), []
        for part in tokens.tensor_split(sorted(set(cuts))):
            found, state = built(part, state)
            assert all(len(carried) <= 4 for carried in state)
            parts.append(found)
    torch.testing.assert_close(torch.cat(parts), whole, atol=2e-5, rtol=1e-5)
    torch.testing.assert_close(state, last, atol=2e-5, rtol=1e-5)


def test_positions_do_not_lose_precision_on_a_long_stream():
    """The same tokens after 20,000 others as after 20: the span has passed, so the features are the same."""
    built = network("transformer", span=6, layers=1)
    end = [3, 5, 7, 1, 4, 4, 0, 9]
    late = [*stream(20_000).ids.tolist(), *end]
    np.testing.assert_allclose(features(built, late)[-3:], features(built, late[-28:])[-3:], atol=1e-5)


@pytest.mark.parametrize("layers", [1, 3])
def test_memory_is_exactly_what_a_network_sees(layers):
    built = network("transformer", span=4, layers=layers)
    assert built.memory == layers * 3 + 1
    ids = stream(30).ids.tolist()
    before = features(built, ids)
    ids[10] = (ids[10] + 4) % 11  # the input of place 11
    moved = np.abs(features(built, ids) - before).max(1)
    assert (moved[11 : 11 + built.memory] > 0).all()
    np.testing.assert_allclose(moved[:11], 0, atol=1e-6)
    np.testing.assert_allclose(moved[11 + built.memory :], 0, atol=1e-6)


def test_the_cpu_form_of_attention_is_torchs():
    torch.manual_seed(2)
    query, key, value = (torch.randn(2, 3, length, 4, dtype=torch.float64) for length in (5, 9, 9))
    mask = band(5, 9, 4, torch.device("cpu")).double()
    torch.testing.assert_close(
        attend(query, key, value, mask), F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    )


def test_heads_are_about_64_wide_and_of_even_width():
    chosen = {width: choose_heads(width) for width in (6, 64, 128, 200, 400, 650, 1500)}
    assert chosen == {6: 1, 64: 1, 128: 2, 200: 4, 400: 8, 650: 13, 1500: 25}
    for width in range(2, 400, 2):
        assert width % choose_heads(width) == 0
        assert width // choose_heads(width) % 2 == 0


def test_what_a_layer_adds_begins_smaller_the_more_layers_there_are():
    one, four = network("transformer", layers=1), network("transformer", layers=4)

    def largest(built, name):
        return built.get_parameter(f"blocks.0.{name}").abs().max().item()

    for name in ("attention.outward.weight", "feed_forward.down.weight"):
        assert largest(one, name) == pytest.approx(0.5 / 2**0.5, rel=0.15)
        assert largest(four, name) == pytest.approx(0.5 / 8**0.5, rel=0.15)
    assert largest(four, "attention.inward.weight") == pytest.approx(0.5, rel=0.15)


def test_parameters_are_as_many_as_the_formulas_say():
    def block(width, inner):
        return 3 * width * width + width * width + width * inner + inner + inner * width + width + 4 * width

    assert count("transformer", layers=3) == 11 * 6 + 3 * block(6, 24) + 2 * 6 + 11
    learned = count("transformer", layers=1, positions="learned", span=7, heads=2, end=False)
    assert learned == 12 * 6 + block(6, 24) + 2 * 7 + 2 * 6 + 11
    wider = count("transformer", layers=1, expansion=2, hidden_size=8, tied=False)
    assert wider == 11 * 6 + 6 * 8 + block(8, 16) + 2 * 8 + 11 * 8 + 11
    units = 16  # two thirds of 24
    gated = 6 * 2 * units + 2 * units + units * 6 + 6
    swiglu = count("transformer", layers=1, activation="swiglu")
    assert swiglu == 11 * 6 + 4 * 36 + gated + 4 * 6 + 2 * 6 + 11


def test_impossible_shapes_are_refused():
    with pytest.raises(UserError, match=r"model\.tied=true"):
        small("transformer", hidden_size=8)
    with pytest.raises(UserError, match=r"model\.heads \(4\) must divide model\.hidden_size \(6\)"):
        small("transformer", heads=4)
    with pytest.raises(UserError, match=r"positions=rotary.*\(6\).*\(2\) must be even.*positions=learned"):
        small("transformer", heads=2)
    assert small("transformer", heads=2, positions="learned")
