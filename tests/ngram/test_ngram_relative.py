"""Relative frequencies: maximum likelihood, whose zeros stay zeros, and stupid backoff, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from ngram_texts import perplexity, stream_of, vocabulary_of, with_ends

from baselines.ngram.model import BackoffModel
from baselines.ngram.smoothing.maximum_likelihood import MaximumLikelihood
from baselines.ngram.smoothing.stupid_backoff import StupidBackoff
from benchmark.check import check_model
from benchmark.contract import RunLog, Vocabulary
from benchmark.corpus import END

LINES = [["a", "b", "a", "c"], ["a", "b"]]  # a 3, b 2, c 1, </s> 2; <s> a 2, a b 2, a c 1, b a 1, …


def trained(model: BackoffModel) -> Vocabulary:
    tokens = with_ends(LINES)
    stream = stream_of(tokens, vocabulary_of(tokens, "z"))
    model.fit(stream, stream, RunLog())
    return stream.vocabulary


def probability(model: BackoffModel, word: str, history: list[str]) -> float:
    ids = model.vocabulary.encode([*history, word])
    return float(np.exp(model.next_log_probs([ids[:-1]])[0, ids[-1]]))


@pytest.mark.parametrize(
    ("word", "history", "expected"),
    [
        ("a", [], 1),  # <s> a, twice of twice
        ("b", ["a"], 1),  # <s> a b
        ("c", ["b", "a"], 1),  # b a c, once of once
        ("c", ["a", "b"], 0),
        (END, ["a", "b"], 1 / 2),
        ("b", ["c", "a"], 2 / 3),  # "c a" was never seen, "a" was, and b follows it twice of thrice
        ("c", ["z", "z"], 1 / 8),  # neither word was ever followed
        ("z", ["z", "z"], 0),
    ],
)
def test_relative_frequencies_by_hand(word: str, history: list[str], expected: float) -> None:
    model = MaximumLikelihood(order=3)
    trained(model)
    assert probability(model, word, history) == pytest.approx(expected)


def test_a_zero_makes_the_perplexity_infinite() -> None:
    model = MaximumLikelihood(order=2)
    vocabulary = trained(model)
    scores = model.log_probs(stream_of(["a", "c", "z", END], vocabulary))
    assert np.exp(scores) == pytest.approx([1, 1 / 3, 0, 1 / 4])  # </s> after z: 2 of 8 tokens
    assert perplexity(scores) == np.inf


@pytest.mark.parametrize(
    ("word", "history", "expected"),
    [
        ("a", [], 1),
        ("z", [], 0),
        ("b", [], 0.5 * 2 / 8),  # one <s> given up, whatever the order
        ("c", ["b", "a"], 1),
        ("b", ["b", "a"], 0.5 * 2 / 3),  # given up: b
        ("c", ["a", "b"], 0.5**2 * 1 / 8),  # given up: a, then b, which c never follows
        ("b", ["c", "a"], 0.5 * 2 / 3),  # "c a" was never seen: paid for all the same
        ("c", ["z", "z"], 0.5**2 * 1 / 8),
        (END, ["a", "b", "a", "b"], 1 / 2),  # the last two words are the whole context
    ],
)
def test_stupid_backoff_by_hand(word: str, history: list[str], expected: float) -> None:
    model = StupidBackoff(order=3, alpha=0.5)
    vocabulary = trained(model)
    assert probability(model, word, history) == pytest.approx(expected)
    scores = model.log_probs(stream_of([*history, word], vocabulary))
    assert np.exp(scores[-1]) == pytest.approx(expected)


@pytest.mark.parametrize("order", [1, 2, 5])
@pytest.mark.parametrize("context", ["sentence", "stream"])
@pytest.mark.parametrize("method", [MaximumLikelihood, StupidBackoff])
def test_keeps_the_contract(method: type[BackoffModel], order: int, context: str) -> None:
    findings = check_model(lambda: method(order=order, context=context))  # type: ignore[arg-type]
    assert [finding for finding in findings if finding.problem] == []


def test_without_training_every_word_is_as_likely() -> None:
    vocabulary = vocabulary_of([], "a", "b", END)
    for model in (MaximumLikelihood(order=3), StupidBackoff(order=3, alpha=1.0)):
        model.fit(stream_of([], vocabulary), stream_of([], vocabulary), RunLog())
        assert np.exp(model.log_probs(stream_of(["a", END, "b"], vocabulary))) == pytest.approx([1 / 3] * 3)
