"""The log-bilinear model against its equations, one token at a time."""

import numpy as np
import pytest
import torch
from neural_cases import small, vocabulary
from test_neural_architectures import IDS, arrays, count, features, network

from benchmark.errors import UserError


@pytest.mark.parametrize("end", [True, False])
@pytest.mark.parametrize("window", [1, 3, 20])
@pytest.mark.parametrize("matrices", ["full", "diagonal"])
def test_the_predicted_vector_is_linear_in_those_before(window, matrices, end):
    wide = {"hidden_size": 4, "tied": False} if matrices == "full" else {}
    built = network("log_bilinear", end, window=window, matrices=matrices, **wide)
    w = arrays(built)
    expected = []
    for place in range(len(IDS) + 1):
        q = w["bias"].copy()
        for offset in range(window):  # 0: the word just before
            back = place - 1 - offset
            r = w["embedding.weight"][IDS[back] if back >= 0 else built.start]
            slot = window - 1 - offset
            if matrices == "full":
                q += w["matrices"][:, slot * 6 : slot * 6 + 6] @ r
            else:
                q += w["matrices"][slot] * r
        expected.append(q)
    np.testing.assert_allclose(features(built, IDS), expected, atol=1e-6)


def test_a_words_score_is_the_product_of_its_vector_with_the_predicted_one_plus_a_bias():
    built = network("log_bilinear", window=2)
    w = arrays(built)
    q = features(built, IDS)[-1]
    scores = w["embedding.weight"] @ q + w["output.bias"]
    expected = scores - np.log(np.exp(scores).sum())
    found = built.output.distribution(torch.from_numpy(q)[None]).numpy()[0]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_nothing_but_the_softmax_is_nonlinear():
    built = network("log_bilinear", window=3)
    with torch.no_grad():
        built.bias.zero_()
        once = features(built, IDS)
        built.embedding.weight.mul_(3)
    np.testing.assert_allclose(features(built, IDS), 3 * once, rtol=1e-5, atol=1e-6)


def test_parameters_are_as_many_as_the_formulas_say():
    assert count("log_bilinear", window=3) == 11 * 6 + 3 * 6 * 6 + 6 + 11
    assert count("log_bilinear", end=False, window=3, matrices="diagonal") == 12 * 6 + 3 * 6 + 6 + 11
    assert count("log_bilinear", window=2, hidden_size=5, tied=False) == (
        11 * 6 + 2 * 5 * 6 + 5 + 11 * 5 + 11
    )


def test_impossible_shapes_are_refused():
    with pytest.raises(UserError, match=r"model\.tied=true.*hidden_size \(8\)"):
        small("log_bilinear", hidden_size=8)
    with pytest.raises(UserError, match=r"model\.matrices=diagonal.*\(8\).*model\.matrices=full"):
        small("log_bilinear", hidden_size=8, tied=False, matrices="diagonal")
    assert small("log_bilinear", hidden_size=8, tied=False).build(vocabulary())
