"""Networks over a window of tokens: what they see, and that it does not depend on how a stream is cut."""

import numpy as np
import pytest
import torch
from few_examples import few
from hypothesis import given
from hypothesis import strategies as st
from neural_cases import stream
from test_neural_architectures import features, network

CASES = {
    "fixed": ("fixed_window", {"window": 4}),
    "direct": ("fixed_window", {"window": 3, "direct": True, "tied": False}),
    "log_bilinear": ("log_bilinear", {"window": 4}),
    "kernel": ("modern_window", {"window": 3, "distant": 5, "kernels": 2}),
    "average": ("modern_window", {"window": 2, "distant": 7, "kernels": 3, "global_context": "average"}),
    "none": ("modern_window", {"window": 3, "global_context": "none"}),
}
REACH = {"fixed": 4, "direct": 3, "log_bilinear": 4, "kernel": 8, "average": 9, "none": 3}


@pytest.mark.parametrize("case", CASES)
def test_memory_is_exactly_what_a_network_sees(case):
    name, options = CASES[case]
    built = network(name, **options)
    assert built.memory == REACH[case]
    ids = stream(30).ids.tolist()
    before = features(built, ids)
    ids[10] = (ids[10] + 4) % 11  # the input of place 11
    moved = np.abs(features(built, ids) - before).max(1) > 1e-7
    assert np.flatnonzero(moved).tolist() == list(range(11, 11 + built.memory))


@pytest.mark.parametrize("case", CASES)
@given(cuts=st.lists(st.integers(1, 39), max_size=6))
@few
def test_features_do_not_depend_on_how_a_stream_is_cut(case, cuts):
    name, options = CASES[case]
    built = network(name, **options)
    tokens = torch.from_numpy(stream(80).ids.astype(np.int64)).view(40, 2)
    with torch.no_grad():
        whole, _ = built(tokens, built.initial_state(2))
        state, parts = built.initial_state(2), []
        for part in tokens.tensor_split(sorted(set(cuts))):
            found, state = built(part, state)
            parts.append(found)
    torch.testing.assert_close(torch.cat(parts), whole)


@pytest.mark.parametrize("case", CASES)
def test_before_a_stream_stands_the_start(case):
    name, options = CASES[case]
    built = network(name, end=False, **options)
    assert built.start == 11
    plain = features(built, [3, 5])
    padded = features(built, [built.start] * 9 + [3, 5])[9:]
    np.testing.assert_allclose(padded, plain, atol=1e-6)


def test_dropout_acts_while_training_only():
    for name in ("fixed_window", "log_bilinear", "modern_window"):
        built = network(name, dropout=0.5)
        still = features(built, [3, 5, 7])
        np.testing.assert_array_equal(features(built, [3, 5, 7]), still)
        built.train()
        assert np.abs(features(built, [3, 5, 7]) - still).max() > 1e-3
