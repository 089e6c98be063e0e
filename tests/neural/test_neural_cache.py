"""The neural cache against sums in plain NumPy over the network's own features."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from neural_cases import fitted, stream, vocabulary

from baselines.neural import scoring
from baselines.neural.adaptation import cache_lookup
from baselines.neural.adaptation.cache_lookup import blocks, cache_distribution
from baselines.neural.adaptation.neural_cache import NeuralCache
from baselines.neural.scoring import features_in_order
from baselines.ngram.smoothing.uniform import Uniform
from benchmark.contract import RunLog, TokenStream
from benchmark.errors import UserError


def by_hand(features: np.ndarray, ids: np.ndarray, window: int, theta: float) -> np.ndarray:
    """p_cache of each id, term by term; NaN for the first, before which there is nothing."""
    found = np.full(len(ids), np.nan)
    for t in range(1, len(ids)):
        seen = range(max(0, t - window), t)
        weights = {i: np.exp(theta * features[t] @ features[i]) for i in seen}
        found[t] = sum(weights[i] for i in seen if ids[i] == ids[t]) / sum(weights.values())
    return found


def cached(name: str = "lstm", context: str = "stream", end: bool = True, **options) -> NeuralCache:
    """A cache over a network that `fitted` has trained already, so that only the cache is chosen."""
    model = NeuralCache(of=fitted(name, stream(end=end), context=context), **options)
    model.vocabulary = vocabulary(end=end)
    model.learn(stream(120, end=end, seed=2), RunLog())
    return model


def features_of(model: NeuralCache, text: TokenStream) -> np.ndarray:
    """The features of every history, one sentence or stream at a time, by the network itself."""
    network, ids = model.network, np.asarray(text.ids, dtype=np.int64)
    inputs = np.concatenate([[network.start], ids[:-1]])
    rows = []
    with torch.no_grad():
        for place, token in enumerate(inputs.tolist()):
            if place == 0 or (model.of.context == "sentence" and token == text.vocabulary.end):
                state = network.initial_state(1)
            row, state = network(torch.tensor([[token]]), state)
            rows.append(row[0, 0].double().numpy())
    return np.array(rows)


@given(
    targets=st.integers(1, 40),
    window=st.integers(1, 50),
    chunk=st.integers(1, 40),
    block=st.integers(1, 9),
    theta=st.floats(0, 3),
    seed=st.integers(0, 99),
)
def test_every_cut_into_chunks_and_blocks_gives_the_sums_by_hand(targets, window, chunk, block, theta, seed):
    rng = np.random.default_rng(seed)
    features, ids = rng.normal(size=(targets, 3)), rng.integers(0, 4, targets)
    given = list(
        zip(torch.from_numpy(features).float().split(chunk), torch.from_numpy(ids).split(chunk), strict=True)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache_lookup, "BLOCK", block)
        scores = torch.cat([part.log_probs(window, [theta])[0] for part in blocks(given, window)])
    np.testing.assert_allclose(np.exp(scores.numpy()), by_hand(features, ids, window, theta), atol=1e-5)


def test_the_distribution_of_a_history_holds_each_words_share():
    rng = np.random.default_rng(1)
    features, ids = rng.normal(size=(9, 3)), rng.integers(0, 4, 9)
    keys, words = torch.from_numpy(features[:8]), torch.from_numpy(ids[:8])
    shares = cache_distribution(torch.from_numpy(features[8]), keys, words, 0.7, 5).numpy()
    for word in range(4):
        last = np.append(ids[:8], word)
        assert shares[word] == pytest.approx(by_hand(features, last, 8, 0.7)[8])
    assert shares[4] == 0


@pytest.mark.parametrize("context", ["stream", "sentence"])
@pytest.mark.parametrize("end", [True, False], ids=["end", "no_end"])
def test_scores_are_the_interpolation_of_network_and_cache(context, end, monkeypatch):
    monkeypatch.setattr(scoring, "POSITIONS", 16)  # so that states and windows cross many borders
    monkeypatch.setattr(cache_lookup, "BLOCK", 5)
    model = cached(context=context, end=end, window=12, theta=0.9, weight=0.3)
    text = stream(60, end=end, seed=5)
    cache = by_hand(features_of(model, text), np.asarray(text.ids), 12, 0.9)
    network = np.exp(model.of.log_probs(text).astype(np.float64))
    expected = np.where(np.isnan(cache), network, 0.7 * network + 0.3 * cache)
    np.testing.assert_allclose(np.exp(model.log_probs(text)), expected, atol=1e-5)
    rows = model.next_log_probs([text.ids[:place] for place in range(60)])
    np.testing.assert_allclose(np.exp(rows[np.arange(60), text.ids]), expected, atol=1e-5)
    np.testing.assert_allclose(np.exp(rows).sum(1), 1, atol=1e-5)


@pytest.mark.parametrize("context", ["stream", "sentence"])
@pytest.mark.parametrize("end", [True, False], ids=["end", "no_end"])
@pytest.mark.parametrize("window", [3, 50])
def test_within_lines_the_cache_forgets_the_lines_before(window, end, context, monkeypatch):
    monkeypatch.setattr(scoring, "POSITIONS", 16)
    monkeypatch.setattr(cache_lookup, "BLOCK", 5)
    model = cached(context=context, end=end, window=window, theta=0.9, weight=0.3)
    text = stream(60, end=end, seed=5)
    lines = text.lines if end else np.array([0, 1, 1, 8, 30, 60])
    text = TokenStream(text.ids, lines, text.vocabulary)
    alone = np.concatenate([model.log_probs(line) for line in text.each_line()])
    np.testing.assert_allclose(model.log_probs_by_line(text), alone, atol=1e-5)
    assert model.log_probs_by_line(TokenStream(text.ids[:0], np.array([0]), text.vocabulary)).shape == (0,)


def test_sentences_put_back_in_order_have_the_features_of_reading_one_by_one(monkeypatch):
    monkeypatch.setattr(scoring, "POSITIONS", 16)
    model, text = cached(context="sentence", theta=1.0, weight=0.1), stream(90, seed=6)
    found = list(features_in_order(model.network, text.ids, text.vocabulary.end, "sentence"))
    np.testing.assert_allclose(torch.cat([f for f, _ in found]).numpy(), features_of(model, text), atol=1e-5)
    np.testing.assert_array_equal(torch.cat([t for _, t in found]).numpy(), text.ids)


def test_what_is_chosen_is_better_on_the_validation_text_than_its_neighbours():
    model = cached("rnn", window=50)
    text = stream(120, seed=2)
    best = model.log_probs(text).mean(dtype=np.float64)
    chosen = dict(model.chosen)
    for theta, weight in ((1.4, 1), (0.7, 1), (1, 1.5), (1, 0.6)):
        model.chosen = {"theta": chosen["theta"] * theta, "weight": min(1.0, chosen["weight"] * weight)}
        assert model.log_probs(text).mean(dtype=np.float64) <= best + 1e-4


def test_a_text_that_repeats_itself_is_what_a_cache_is_for():
    phrase = np.random.default_rng(0).integers(3, 11, 30)
    text = TokenStream.from_ids(np.tile(phrase, 8), vocabulary())
    model = NeuralCache(of=fitted("lstm"))
    model.vocabulary = text.vocabulary
    model.learn(text, RunLog())
    assert model.log_probs(text)[60:].mean() > model.of.log_probs(text)[60:].mean() + 0.5


def test_a_given_weight_of_zero_leaves_the_network_alone():
    model, text = cached(theta=1.0, weight=0.0), stream(50, seed=3)
    np.testing.assert_allclose(model.log_probs(text), model.of.log_probs(text), atol=1e-6)


def test_the_window_counts_in_the_size():
    small, large = (cached(window=window, theta=1.0, weight=0.1).size() for window in (10, 110))
    assert large.bytes_in_memory - small.bytes_in_memory == 100 * (6 * 4 + 8)
    assert small.parameters == large.parameters


def test_slots_of_hashed_features_are_not_compared():
    model, text = cached("rnn_maxent", theta=1.0, weight=0.5, window=20), stream(40, seed=3)
    assert model.size().bytes_in_memory - model.of.size().bytes_in_memory == 20 * (6 * 4 + 8)
    cache = by_hand(features_of(model, text)[:, :6], np.asarray(text.ids), 20, 1.0)
    expected = np.log(0.5 * np.exp(model.of.log_probs(text).astype(np.float64)) + 0.5 * cache)
    np.testing.assert_allclose(model.log_probs(text)[1:], expected[1:], atol=1e-4)


def test_only_networks_have_features():
    with pytest.raises(UserError, match=r"model\.of: Uniform has no network"):
        NeuralCache(of=Uniform())


def test_an_empty_validation_text_asks_for_settings():
    model = NeuralCache(of=fitted("rnn"))
    with pytest.raises(UserError, match=r"set model\.theta and model\.weight"):
        model.learn(stream(0), RunLog())
