"""Against `nltk.lm`, made equal where its definitions differ from the published ones.

- Counts: nltk counts what it is given. It gets one `<s>` a history, and no n-gram that ends in it.
- Unigrams: nltk takes relative frequencies (of tokens, or of continuations for Kneser-Ney) and never
  interpolates them with 1 / V. `with_uniform` gives it ours.
- Discounts: nltk takes one fixed number for all orders, and so do ours here.
- Kneser-Ney: nltk has no continuation count for n-grams that begin with `<s>`, where ours is the count. The
  text is one line, so that only histories with `<s>` in them differ, and those are left out.
- Unseen contexts: nltk's MLE gives every word 0, ours the distribution of the longest suffix seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

import nltk.lm
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ngram_texts import Lines, small_texts, stream_of, with_ends
from nltk.util import everygrams

from baselines.ngram.model import BackoffModel
from baselines.ngram.smoothing import kneser_ney_variants
from baselines.ngram.smoothing.absolute_discounting import AbsoluteDiscounting
from baselines.ngram.smoothing.add_k import AddK
from baselines.ngram.smoothing.kneser_ney_variants import KneserNeySingle
from baselines.ngram.smoothing.maximum_likelihood import MaximumLikelihood
from baselines.ngram.smoothing.stupid_backoff import StupidBackoff
from baselines.ngram.smoothing.witten_bell import WittenBell
from benchmark.contract import RunLog
from benchmark.corpus import END, UNKNOWN

Score = Callable[[str, tuple[str, ...]], float]


def trained_by_nltk(build: Callable[..., Any], texts: Lines, words: set[str], order: int) -> Any:
    """`<s>` is no word of its vocabulary, so that nltk takes it for `<unk>`, which never occurs otherwise."""
    model = build(order=order, vocabulary=nltk.lm.Vocabulary(words, unk_label=UNKNOWN))
    grams = [[gram for gram in everygrams(text, max_len=order) if gram[-1] != "<s>"] for text in texts]
    model.fit(grams)
    return model


def with_uniform(model: Any, unigrams: dict[str, int], left: Callable[[dict[str, int]], float]) -> Any:
    """nltk's model with unigrams interpolated with 1 / V; `left` says how much they leave to it."""
    discount = getattr(model.estimator, "discount", 0)
    kept = {word: count - discount for word, count in unigrams.items()}
    uniform = left(unigrams) / len(model.vocab)
    total = sum(kept.values()) + left(unigrams)
    model.estimator.unigram_score = lambda word: (kept.get(word, 0) + uniform) / total
    return model


def nltk_mle(texts: Lines, words: set[str], order: int) -> Score:
    model = trained_by_nltk(nltk.lm.MLE, texts, words, order)

    def score(word: str, context: tuple[str, ...]) -> float:
        while context and not model.context_counts(model.vocab.lookup(context)).N():
            assert model.score(word, context) == 0
            context = context[1:]
        return model.score(word, context)

    return score


def nltk_laplace(texts: Lines, words: set[str], order: int) -> Score:
    return trained_by_nltk(nltk.lm.Laplace, texts, words, order).score


def nltk_witten_bell(texts: Lines, words: set[str], order: int) -> Score:
    model = trained_by_nltk(nltk.lm.WittenBellInterpolated, texts, words, order)
    return with_uniform(model, dict(model.counts.unigrams), len).score


def nltk_absolute_discounting(texts: Lines, words: set[str], order: int) -> Score:
    model = trained_by_nltk(nltk.lm.AbsoluteDiscountingInterpolated, texts, words, order)
    return with_uniform(model, dict(model.counts.unigrams), lambda c: 0.75 * len(c)).score


def nltk_stupid_backoff(texts: Lines, words: set[str], order: int) -> Score:
    return trained_by_nltk(nltk.lm.StupidBackoff, texts, words, order).score


PAIRS: dict[str, tuple[Callable[..., BackoffModel], Callable[..., Score]]] = {
    "maximum likelihood": (MaximumLikelihood, nltk_mle),
    "add-one": (lambda order: AddK(order=order, k=1.0), nltk_laplace),
    "Witten-Bell": (WittenBell, nltk_witten_bell),
    "absolute discounting": (
        lambda order: AbsoluteDiscounting(order=order, discount=0.75),
        nltk_absolute_discounting,
    ),
    "stupid backoff": (StupidBackoff, nltk_stupid_backoff),
}


@pytest.mark.parametrize("method", PAIRS)
@given(lines=small_texts, order=st.integers(1, 4), strange=st.lists(st.sampled_from("abcde"), max_size=5))
def test_agrees_with_nltk(method: str, lines: Lines, order: int, strange: list[str]) -> None:
    stream = stream_of(with_ends(lines))  # our `<unk>`, never seen, is nltk's
    vocabulary = stream.vocabulary
    build, by_nltk = PAIRS[method]
    ours = build(order=order)
    ours.fit(stream, stream, RunLog())
    words = set(vocabulary.tokens) - {UNKNOWN}
    theirs = by_nltk([["<s>", *line, END] for line in lines], words, order)

    known = [word for word in strange if word in words]
    histories = [line[:i] for line in [*lines[:3], known] for i in range(len(line) + 1)]
    if method == "add-one":  # nltk has 1 / V after an unseen context: a short history is not padded
        histories = [history for history in histories if len(history) >= order - 1]
    rows = np.exp(ours.next_log_probs([vocabulary.encode(history) for history in histories]))
    for row, history in zip(rows, histories, strict=True):
        context = ("<s>", *history)
        context = context[len(context) - order + 1 :] if len(context) >= order else context
        assert row == pytest.approx([theirs(word, context) for word in vocabulary.tokens], rel=1e-5)


@given(
    tokens=st.lists(st.sampled_from("abcd"), min_size=1, max_size=40),
    order=st.integers(2, 4),
    discount=st.sampled_from([0.1, 0.5, 0.75]),
)
def test_kneser_ney_agrees_with_nltk(tokens: list[str], order: int, discount: float) -> None:
    stream = stream_of(tokens)
    ours = KneserNeySingle(order=order)
    with mock.patch.object(kneser_ney_variants, "single_discounts", return_value=([discount] * order, [])):
        ours.fit(stream, stream, RunLog())

    text = ["<s>", *tokens]
    theirs = trained_by_nltk(
        lambda **keys: nltk.lm.KneserNeyInterpolated(discount=discount, **keys), [text], set(tokens), order
    )
    lefts = {word: len({a for a, b in zip(text, tokens, strict=False) if b == word}) for word in set(tokens)}
    with_uniform(theirs, lefts, lambda counts: discount * len(counts))

    histories = [tokens[:i] for i in range(order - 1, len(tokens) + 1)]
    rows = np.exp(ours.next_log_probs([stream.vocabulary.encode(history) for history in histories]))
    for row, history in zip(rows, histories, strict=True):
        context = tuple(history[len(history) - order + 1 :])
        expected = [theirs.unmasked_score(word, context) for word in stream.vocabulary.tokens]
        assert row == pytest.approx(expected, rel=1e-5)
