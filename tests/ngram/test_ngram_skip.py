"""Skip n-grams: the ordinary model where nothing is skipped, better where something is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ngram_texts import Lines, penn_treebank, perplexity, small_texts, stream_of, with_ends

from baselines.ngram.factored.model import choices
from baselines.ngram.factored.skip import SkipNgram
from baselines.ngram.smoothing.kneser_ney import KneserNey
from benchmark.check import check_model
from benchmark.contract import Context, RunLog, TokenStream
from benchmark.corpus import END


def fitted(stream: TokenStream, valid: TokenStream | None = None, **settings: object) -> SkipNgram:
    model = SkipNgram(**settings)  # type: ignore[arg-type]
    model.fit(stream, valid or stream, RunLog())
    return model


def test_histories_are_all_choices_of_the_nearest_words() -> None:
    assert choices(3, 1) == [(1, 2), (1, 3), (2, 3)]
    assert choices(3, 0) == [(1, 2)]
    assert choices(1, 2) == [()]


@given(lines=small_texts, order=st.integers(1, 4), context=st.sampled_from(["sentence", "stream"]))
def test_without_skips_it_is_kneser_ney(lines: Lines, order: int, context: Context) -> None:
    stream = stream_of(with_ends(lines))
    plain = KneserNey(order=order, context=context)
    plain.fit(stream, stream, RunLog())
    model = fitted(stream, order=order, skips=0, context=context)
    assert model.log_probs(stream) == pytest.approx(plain.log_probs(stream), rel=1e-5)


@given(lines=small_texts, order=st.integers(2, 4), skips=st.integers(1, 2), seed=st.integers(0, 99))
def test_sums_to_one(lines: Lines, order: int, skips: int, seed: int) -> None:
    stream = stream_of(with_ends(lines))
    model = fitted(stream, order=order, skips=skips)
    random = np.random.default_rng(seed)
    contexts = [random.integers(0, len(stream.vocabulary), length) for length in range(6)]
    assert np.exp(model.next_log_probs(contexts)).sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_a_word_two_back_is_seen_through_noise() -> None:
    """The word after next repeats: x n x, with n any of 30 words. A bigram model cannot know."""
    random = np.random.default_rng(1)

    def text(lines: int) -> list[str]:
        return with_ends(
            [[f"x{x}", f"n{random.integers(30)}", f"x{x}"] for x in random.integers(0, 10, lines)]
        )

    train, valid = text(600), text(200)
    stream = stream_of(train)
    model = fitted(stream, stream_of(valid, stream.vocabulary), order=2, skips=1)
    context = stream.vocabulary.encode(["x3", "n7"])
    assert np.exp(model.next_log_probs([context]))[0, stream.vocabulary.ids["x3"]] > 0.8
    ids = stream.vocabulary.ids
    after = np.exp(model.next_log_probs([np.append(context, ids["x3"])]))[0]
    assert after[ids[END]] > 0.9  # from the word just before


@pytest.mark.parametrize("context", ["sentence", "stream"])
def test_keeps_the_contract(context: Context) -> None:
    findings = check_model(lambda: SkipNgram(order=3, skips=2, context=context))
    assert [finding for finding in findings if finding.problem] == []


def test_penn_treebank_perplexity() -> None:
    """As measured; modified Kneser-Ney without skips has 148.28."""
    splits = penn_treebank()
    model = fitted(splits["train"], splits["valid"], order=3, skips=1)
    assert perplexity(model.log_probs(splits["test"])) == pytest.approx(140.81, abs=0.1)
