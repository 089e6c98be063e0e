"""Texts that models write, measured: against counts by hand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import numpy as np
import pytest

from benchmark.contract import LanguageModel, TokenStream, Vocabulary
from benchmark.generate import Sampling
from benchmark.study.sampled import (
    copied_shares,
    distinct_shares,
    draw_texts,
    lines_of,
    losses_by_place,
    losses_of,
    returning_shares,
    stretches_of,
)

WORDS = Vocabulary(("</s>", "a", "b", "c", "d"), np.array([3, 5, 4, 2, 1]))
PLAIN = Vocabulary(("a", "b", "c", "d"), np.array([5, 4, 2, 1]))


def texts(*lines: str, vocabulary: Vocabulary = WORDS) -> TokenStream:
    return lines_of([vocabulary.encode(line.split()).tolist() for line in lines], vocabulary)


def stream(text: str, vocabulary: Vocabulary = WORDS) -> TokenStream:
    return TokenStream.from_ids(vocabulary.encode(text.split()), vocabulary)


def test_copied_ngrams_lie_within_sentences() -> None:
    train = stream("a b c </s> b a </s>")
    written = texts("a b </s> b c", "d d d d d")
    # pairs of the first text: `a b`, `b </s>` (not in training), `b c`; `</s> b` crosses sentences
    assert copied_shares(train, written, [1, 2, 3]) == [[1.0, 0.0], [2 / 3, 0.0], [0.0, 0.0]]


def test_copied_ngrams_of_one_stream_may_start_anywhere() -> None:
    train = stream("a b c d a", PLAIN)
    written = texts("b c d b", "a", vocabulary=PLAIN)
    assert copied_shares(train, written, [2, 3]) == [[2 / 3], [1 / 2]]


def test_distinct_pairs_and_returning_words_by_hand() -> None:
    written = texts("a b a b a", "c d c d", "a b c")
    assert distinct_shares(written, 2) == [2 / 4, 2 / 3, 1.0]
    # with the four most frequent tokens left out, `d` alone counts
    assert returning_shares(written, 4) == [1 / 2]
    assert returning_shares(written, 0) == [3 / 5, 1 / 2, 0.0]


def test_stretches_begin_with_lines_if_there_are_enough() -> None:
    text = stream("a </s> b b </s> c c c </s> d d")
    assert [line.ids.tolist() for line in stretches_of(text, 3, 2).each_line()] == [[1, 0, 2], [3, 3, 3]]
    one_line = stream("a b c d", PLAIN)
    assert [line.ids.tolist() for line in stretches_of(one_line, 2, 3).each_line()] == [
        [0, 1],
        [1, 2],
        [2, 3],
    ]


class Cycle:
    """A model after which every token follows the one before it, with a probability of 0.96."""

    def __init__(self) -> None:
        self.last = 0

    def reader(self) -> Cycle:
        return Cycle()

    def read(self, token: int) -> None:
        self.last = token

    def next_log_probs(self) -> np.ndarray:
        row = np.full(len(WORDS), math.log(0.01), dtype=np.float32)
        row[(self.last + 1) % len(WORDS)] = math.log(0.96)
        return row

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        before = [0, *stream.ids[:-1].tolist()]
        follows = [(last + 1) % len(WORDS) == token for last, token in zip(before, stream.ids, strict=True)]
        return np.log(np.where(follows, 0.96, 0.01)).astype(np.float32)


MODEL = cast("LanguageModel", Cycle())


def drawn(prompt: Sequence[str] = (), temperature: float = 0.0) -> TokenStream:
    return draw_texts(MODEL, WORDS, Sampling(temperature, length=7), 3, prompt)


def test_texts_go_on_after_the_end_of_a_sentence() -> None:
    assert " ".join(WORDS.decode(drawn().ids[:7])) == "a b c d </s> a b"
    assert " ".join(WORDS.decode(drawn(["c"]).ids[:7])) == "d </s> a b c d </s>"
    assert drawn().lines.tolist() == [0, 7, 14, 21]


def test_texts_differ_by_seed_and_are_the_same_again() -> None:
    hot = drawn(temperature=3.0)
    assert hot.ids.tolist() == drawn(temperature=3.0).ids.tolist()
    assert len({tuple(line.ids.tolist()) for line in hot.each_line()}) == 3


def test_each_text_is_judged_by_itself() -> None:
    assert losses_of(MODEL, texts("a b", "b", "a")) == pytest.approx(
        [-math.log(0.96), -math.log(0.01), -math.log(0.96)], rel=1e-5
    )
    by_place = losses_by_place(MODEL, texts("a b d", "b"))
    assert [each.tolist() for each in by_place] == [
        pytest.approx([-math.log(0.96), -math.log(0.96), -math.log(0.01)], rel=1e-5),
        pytest.approx([-math.log(0.01)], rel=1e-5),
    ]
