"""Scoring by a backoff table, whatever the model: many tokens at a time and many histories at a time."""

from __future__ import annotations

import numpy as np
import pytest
from ngram_texts import stream_of, vocabulary_of

from baselines.ngram.smoothing.kneser_ney import KneserNey
from baselines.ngram.table import backoff
from benchmark.contract import RunLog, TokenStream
from benchmark.corpus import END


@pytest.fixture(scope="module")
def trained() -> tuple[KneserNey, TokenStream]:
    random = np.random.default_rng(5)
    tokens = random.choice(["a", "b", "c", "d", END], 2_000, p=[0.4, 0.2, 0.1, 0.1, 0.2]).tolist()
    vocabulary = vocabulary_of(tokens, "e")
    model = KneserNey(order=4)
    model.fit(stream_of(tokens, vocabulary), stream_of([], vocabulary), RunLog())
    return model, stream_of([*tokens[1_000:], "e", *tokens[:1_000]], vocabulary)


@pytest.mark.parametrize("block", [1, 2, 7, 64])
def test_blocks_do_not_change_scores(
    trained: tuple[KneserNey, TokenStream], block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, stream = trained
    whole = model.log_probs(stream)
    monkeypatch.setattr(backoff, "_BLOCK", block)
    assert np.array_equal(model.log_probs(stream), whole)


def test_more_histories_than_one_block_of_rows(trained: tuple[KneserNey, TokenStream]) -> None:
    model, stream = trained
    places = np.arange(600)
    rows = model.next_log_probs([stream.ids[:place] for place in places])
    scores = model.log_probs(stream)[places]
    assert rows[places, stream.ids[places]] == pytest.approx(scores, abs=1e-6)
    assert np.exp(rows).sum(axis=1) == pytest.approx(np.ones(600), abs=1e-5)


def test_nothing_to_score(trained: tuple[KneserNey, TokenStream]) -> None:
    model, stream = trained
    assert model.log_probs(stream.head(0)).shape == (0,)
    assert model.next_log_probs([]).shape == (0, len(stream.vocabulary))


def test_training_on_nothing_is_uniform() -> None:
    vocabulary = vocabulary_of([], "a", "b", END)
    model = KneserNey(order=3)
    model.fit(stream_of([], vocabulary), stream_of([], vocabulary), RunLog())
    assert np.exp(model.log_probs(stream_of(["a", END, "b"], vocabulary))) == pytest.approx([1 / 3] * 3)
