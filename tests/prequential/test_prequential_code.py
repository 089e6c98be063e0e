"""Prequential code lengths against counts by hand, and against direct calls of the models."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.build import build_model
from benchmark.contract import LanguageModel, RunLog, TokenStream, Vocabulary
from benchmark.prequential.code import Span, coded, spans
from benchmark.prequential.coding import learnt_elsewhere
from benchmark.prequential.record import CodedBlock, PrequentialCode

WORDS = ("the", "cat", "sat", "on", "mat", "</s>")
SENTENCES = ["the cat sat", "the cat sat on the mat", "on the mat the cat", "cat on mat", "the mat"] * 13
LAPLACE = {"_target_": "baselines.ngram.smoothing.add_k.AddK", "k": 1.0}


def stream(sentences: list[str], words: tuple[str, ...] = WORDS) -> TokenStream:
    ids = [words.index(word) for line in sentences for word in [*line.split(), "</s>"]]
    counts = np.bincount(ids, minlength=len(words))
    return TokenStream.from_ids(np.array(ids), Vocabulary(words, counts))


def code(text: TokenStream, settings: dict[str, object]) -> list[CodedBlock]:
    valid = text.head(10)
    return [coded(lambda: build_model(settings), text, span, valid, RunLog()) for span in spans(text)]


def by_hand(text: TokenStream, order: int) -> Iterator[Fraction]:
    """The probability of each token by add-one smoothing, from counts of all blocks before its own."""
    size, tokens = len(text.vocabulary), text.ids.tolist()
    end = text.vocabulary.end
    # a history is the token before, nothing at the beginning of a line; of a unigram it is always empty
    before = [None, *(None if token == end else token for token in tokens)]
    grams = list(zip(before if order == 2 else [None] * len(tokens), tokens, strict=False))
    for span in spans(text):
        known = Counter(grams[: span.begin])
        histories = Counter(history for history, _ in grams[: span.begin])
        for gram in grams[span.begin : span.end]:
            yield Fraction(known[gram] + 1, histories[gram[0]] + size)


@pytest.mark.parametrize("order", [1, 2])
def test_add_one_by_hand(order: int) -> None:
    text = stream(SENTENCES)
    blocks = code(text, {**LAPLACE, "order": order})
    bits = [-math.log2(p) for p in by_hand(text, order)]
    assert len(bits) == len(text) == sum(block.tokens for block in blocks)
    for block, span in zip(blocks, spans(text), strict=True):
        assert (block.after, block.tokens) == (span.begin, len(span))
        assert block.bits == pytest.approx(math.fsum(bits[span.begin : span.end]), rel=1e-6)
    assert blocks[0].bits == pytest.approx(blocks[0].tokens * math.log2(6))


NETWORK = {
    "_target_": "baselines.neural.architectures.recurrent.Rnn",
    "embedding_size": 4,
    "hidden_size": 4,
    "seed": 3,
    "device": "cpu",
    "training": {"epochs": 1, "batch": 2, "unroll": 5, "learning_rate": 0.1},
}
KNESER_NEY = {"_target_": "baselines.ngram.smoothing.kneser_ney.KneserNey", "order": 3, "context": "stream"}


MIXTURE = {
    "_target_": "baselines.mixture.linear.LinearMixture",
    "components": {"one": {**LAPLACE, "order": 1}, "two": KNESER_NEY},
}


@pytest.mark.parametrize("settings", [KNESER_NEY, NETWORK, MIXTURE], ids=["kneser_ney", "rnn", "mixture"])
def test_a_block_is_what_a_model_of_the_text_before_it_gives_it(settings: dict[str, object]) -> None:
    text = stream(SENTENCES)
    for block, span in zip(code(text, settings), spans(text), strict=True):
        if span.begin:
            model = build_model(settings)
            model.fit(stream_of(text, 0, span.begin), text.head(10), RunLog())
            nats = model.log_probs(stream_of(text, span.begin, span.end)).sum(dtype=np.float64)
            assert block.bits == pytest.approx(-nats / math.log(2), rel=1e-6)


def stream_of(text: TokenStream, begin: int, end: int) -> TokenStream:
    return TokenStream.from_ids(text.ids[begin:end], text.vocabulary)


def test_a_model_sees_only_what_stands_before_the_block() -> None:
    seen = []

    class Nosy(LanguageModel):
        family = "count"

        def fit(self, train, valid, log):
            seen.append((train.ids.tolist(), train.vocabulary.counts.tolist(), valid.ids.tolist()))
            assert valid.vocabulary is train.vocabulary
            assert train.lines.tolist() == TokenStream.from_ids(train.ids, train.vocabulary).lines.tolist()

        def log_probs(self, stream):
            return np.zeros(len(stream), dtype=np.float32)

        def next_log_probs(self, contexts):
            raise NotImplementedError

        def size(self):
            raise NotImplementedError

        def save(self, folder):
            raise NotImplementedError

        @classmethod
        def load(cls, folder, vocabulary):
            raise NotImplementedError

    text = stream(SENTENCES)
    for span in spans(text):
        coded(Nosy, text, span, text.head(10), RunLog())
    tokens = text.ids.tolist()
    assert [ids for ids, *_ in seen] == [tokens[: span.begin] for span in spans(text)[1:]]
    assert all(counts == np.bincount(ids, minlength=6).tolist() for ids, counts, _ in seen)
    assert {tuple(valid) for *_, valid in seen} == {tuple(text.head(10).ids.tolist())}


def test_an_impossible_token_makes_the_code_infinite() -> None:
    text = stream(["the cat"] * 20 + ["on mat"] * 20)
    blocks = code(
        text, {"_target_": "baselines.ngram.smoothing.maximum_likelihood.MaximumLikelihood", "order": 1}
    )
    whole = PrequentialCode(started=None, vocabulary=6, targets=len(text), blocks=blocks)
    assert math.isinf(whole.bits)
    assert whole.whole


def test_blocks_end_at_the_nearest_ends_of_lines() -> None:
    text = stream(["the cat sat"] * 64)  # lines of four tokens
    assert [span.end for span in spans(text)] == [4, 8, 16, 32, 64, 128, 256]
    uneven = stream(["the cat sat on the mat", "cat", "mat", "the cat on the mat sat on the cat on the mat"])
    # 24 tokens; lines end at 7, 9, 11 and 24, of which 7 is the nearest to 6, and 11 to 12
    assert [span.end for span in spans(uneven)] == [7, 11, 24]


def test_without_marked_lines_any_token_ends_a_block() -> None:
    ids = np.zeros(640, dtype=np.int64)
    text = TokenStream.from_ids(ids, Vocabulary(("a", "b"), np.array([640, 0])))
    assert [span.end for span in spans(text)] == [10, 20, 40, 80, 160, 320, 640]


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60))
def test_the_blocks_of_any_text_are_all_of_it_in_order(lengths: list[int]) -> None:
    text = stream([" ".join(["cat"] * length) for length in lengths])
    found = spans(text)
    assert [span.begin for span in found] == [0, *(span.end for span in found[:-1])]
    assert found[-1].end == len(text)
    assert all(len(span) > 0 and span.end in text.lines for span in found)


def test_totals_and_the_uniform_code() -> None:
    blocks = [CodedBlock(after=0, tokens=4, bits=12.0), CodedBlock(after=4, tokens=6, bits=3.0)]
    part = PrequentialCode(started=None, vocabulary=8, targets=12, blocks=blocks)
    assert not part.whole
    whole = PrequentialCode(started=None, vocabulary=8, targets=10, blocks=blocks)
    assert whole.whole
    assert (whole.bits, whole.bits_per_token, whole.uniform_bits) == (15.0, 1.5, 30.0)
    assert whole.share_of_uniform == 0.5
    assert blocks[1].bits_per_token == 0.5
    assert Span(3, 7) == Span(begin=3, end=7)


def test_settings_that_name_a_run_or_a_file_are_found() -> None:
    arpa = {"_target_": "baselines.ngram.arpa.model.Arpa", "path": None}
    assert list(learnt_elsewhere({**NETWORK, "of": arpa})) == []
    parts = {
        "a": {**arpa, "path": "x.arpa"},
        "b": {"_target_": "baselines.mixture.finished.Finished", "run": "r"},
    }
    mixture = {"_target_": "baselines.mixture.linear.LinearMixture", "components": parts}
    assert list(learnt_elsewhere(mixture)) == ["model.components.a.path", "model.components.b.run"]
