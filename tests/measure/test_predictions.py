"""Ranks, entropy and calibration against loops over the whole vocabulary."""

from __future__ import annotations

import math
from collections.abc import Sequence

import bigram
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from benchmark.contract import LanguageModel, RunLog, TokenStream, Vocabulary
from benchmark.measure import predictions as measured
from benchmark.measure.predictions import BINS, Predictions, predictions, sampled_places

WORDS = 7


def stream(targets: int) -> TokenStream:
    vocabulary = Vocabulary(tuple(f"w{i}" for i in range(WORDS)), np.arange(WORDS, 0, -1))
    ids = np.random.default_rng(3).integers(0, WORDS, targets)
    return TokenStream.from_ids(ids.astype(np.uint16), vocabulary)


def fitted(text: TokenStream) -> LanguageModel:
    model = bigram.Bigram()
    model.fit(text, text, RunLog())
    return model


def average(orders: Sequence[Sequence[int]], figure) -> float:
    return sum(figure(order) for order in orders) / len(orders)


def orders(row: np.ndarray) -> list[list[int]]:
    """All orders of the words by falling score, ties in every order."""
    import itertools

    groups = [[int(w) for w in np.flatnonzero(row == value)] for value in sorted(set(row), reverse=True)]
    choices = itertools.product(*(itertools.permutations(group) for group in groups))
    return [[word for group in choice for word in group] for choice in choices]


@given(
    arrays(np.int8, (3, WORDS), elements=st.integers(0, 3)), st.lists(st.integers(0, WORDS - 1), min_size=3)
)
def test_ranks_are_expectations_over_the_orders_of_equal_scores(weights, targets):
    rows, targets = np.log1p(weights.astype(np.float32)), np.array(targets[:3])
    sample = Predictions(WORDS, normalised=False)
    sample.add(rows, targets)
    found = sample.summary()
    for k in (1, 5):
        expected = [
            average(orders(row), lambda order, t=t, k=k: t in order[:k])
            for row, t in zip(rows, targets, strict=True)
        ]
        assert found[f"accuracy_at_{k}"] == pytest.approx(np.mean(expected))
    ranks = [
        average(orders(row), lambda order, t=t: 1 / (1 + order.index(t)))
        for row, t in zip(rows, targets, strict=True)
    ]
    assert found["reciprocal_rank"] == pytest.approx(np.mean(ranks))
    assert "entropy_bits" not in found  # mere scores have none


def test_entropy_and_calibration_by_hand():
    p = np.array([[0.5, 0.25, 0.25, 0.0], [0.9, 0.1, 0.0, 0.0]])
    with np.errstate(divide="ignore"):
        rows = np.log(p).astype(np.float32)
    sample = Predictions(4)
    sample.add(rows, np.array([0, 1]))
    found = sample.summary()
    assert found["entropy_bits"] == pytest.approx((1.5 - 0.9 * math.log2(0.9) - 0.1 * math.log2(0.1)) / 2)
    # bins of 1/15: 0.5 (right) is in the eighth, 0.9 (wrong) in the fourteenth
    assert found["calibration_error"] == pytest.approx((0.5 + 0.9) / 2)
    assert found["reliability_targets"] == [int(i in (7, 13)) for i in range(BINS)]
    assert found["reliability_right"][7] == 1
    assert found["reliability_confidence"][13] == pytest.approx(0.9)


@given(st.integers(1, 40), st.integers(1, 9))
def test_blocks_of_any_size_give_the_same_figures(targets, cells):
    text = stream(targets)
    model = fitted(text)
    with pytest.MonkeyPatch.context() as patch:
        whole = predictions(model, text, model.log_probs(text))
        patch.setattr(measured, "CELLS", cells * WORDS)
        parts = predictions(model, text, model.log_probs(text))
    assert parts.keys() == whole.keys()
    for name, value in whole.items():
        assert parts[name] == pytest.approx(value), name
    assert whole["sampled_targets"] == targets


def test_a_perfectly_calibrated_model_has_no_calibration_error():
    random = np.random.default_rng(1)
    p = random.dirichlet(np.ones(5), 20_000)
    targets = (p.cumsum(1) > random.random(len(p))[:, None]).argmax(1)
    sample = Predictions(5)
    sample.add(np.log(p).astype(np.float32), targets)
    assert sample.summary()["calibration_error"] < 0.01


def test_the_sample_is_even_and_the_same_for_all_models(monkeypatch):
    monkeypatch.setattr(measured, "SAMPLE", 11)
    text = stream(101)
    assert sampled_places(fitted(text), text).tolist() == list(range(0, 101, 10))
    assert sampled_places(fitted(text), stream(4)).tolist() == [0, 1, 2, 3]
    assert predictions(fitted(text), stream(0), np.zeros(0, np.float32)) == {}


def test_a_model_that_is_too_slow_by_context_is_not_measured(monkeypatch):
    text = stream(600)
    clock = iter(np.arange(0, 1e6, 1 / 32))  # each context takes 1/32 of a second
    monkeypatch.setattr(measured.time, "perf_counter", lambda: float(next(clock)))
    monkeypatch.setattr(measured, "SECONDS", 600 / 32)
    assert len(sampled_places(fitted(text), text)) == 600
    monkeypatch.setattr(measured, "SECONDS", 599 / 32)
    model = fitted(text)
    assert predictions(model, text, model.log_probs(text)) == {}


def test_a_model_with_a_short_memory_is_measured_without_a_trial(monkeypatch):
    text = stream(60)
    model = fitted(text)
    expected = predictions(model, text, model.log_probs(text))
    monkeypatch.setattr(model, "short_memory", True)
    monkeypatch.setattr(measured, "SECONDS", -1.0)  # no trial is fast enough
    assert predictions(model, text, model.log_probs(text)) == expected


def test_a_model_with_zero_probabilities_keeps_finite_figures():
    class Certain(bigram.Bigram):
        """Gives all probability to one word."""

        def next_log_probs(self, contexts):
            rows = np.full((len(contexts), WORDS), -np.inf, dtype=np.float32)
            rows[:, 2] = 0.0
            return rows

    text = stream(50)
    model = Certain()
    model.fit(text, text, RunLog())
    scores = np.where(np.asarray(text.ids) == 2, 0, -np.inf).astype(np.float32)
    found = predictions(model, text, scores)
    share = float(np.mean(np.asarray(text.ids) == 2))
    assert found["entropy_bits"] == 0
    assert found["accuracy_at_1"] == pytest.approx(share)
    assert found["calibration_error"] == pytest.approx(1 - share)
    # the other six words share ranks 2 to 7
    rest = (1 - share) * sum(1 / rank for rank in range(2, 8)) / 6
    assert found["reciprocal_rank"] == pytest.approx(share + rest)
