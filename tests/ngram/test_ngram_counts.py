"""Counting, against dictionaries."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ngram_texts import Lines, small_texts, stream_of, with_ends

from baselines.ngram.counting.counts import OrderCounts, count_ngrams
from baselines.ngram.counting.history import training_sequence
from baselines.ngram.counting.workers.choose import processes
from baselines.ngram.sorting.arrays import TorchArrays
from benchmark.corpus import END
from benchmark.errors import UserError


def spelled(orders: list[OrderCounts], n: int, tokens: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The n-grams of order n in words, through the ids of their contexts."""
    names = [*tokens, "<s>"]
    last = [names[word] for word in orders[n - 1].last_words]
    if n == 1:
        return [(word,) for word in last]
    shorter = spelled(orders, n - 1, tokens)
    contexts = orders[n - 1].contexts
    return [(*shorter[context], word) for context, word in zip(contexts, last, strict=True)]


@given(lines=small_texts, order=st.integers(1, 5))
def test_counts_of_every_order(lines: Lines, order: int) -> None:
    stream = stream_of(with_ends(lines))
    tokens = stream.vocabulary.tokens
    orders = count_ngrams(training_sequence(stream.ids, stream.vocabulary, "sentence"), len(tokens), order)
    for n, ngrams in enumerate(orders, 1):
        marked = [["<s>", *line, END] for line in lines]
        expected = Counter(tuple(line[i : i + n]) for line in marked for i in range(len(line) - n + 1))
        expected.pop(("<s>",), None)
        grams = spelled(orders, n, tokens)
        assert +Counter(dict(zip(grams, ngrams.counts.tolist(), strict=True))) == expected
        assert [gram[0] == "<s>" for gram in grams] == [i >= ngrams.starts for i in range(len(grams))]
        if n > 1:
            shorter = spelled(orders, n - 1, tokens)
            assert [shorter[i] for i in ngrams.suffix] == [gram[1:] for gram in grams]
            sums = dict(zip(shorter, ngrams.sums_by_context(ngrams.counts), strict=True))
            followed = Counter(dict.fromkeys(shorter, 0))
            for gram, count in expected.items():
                followed[gram[:-1]] += count
            assert sums == followed


def equal(one: list[OrderCounts], other: list[OrderCounts]) -> bool:
    names = ("contexts", "last_words", "counts", "suffix")
    return all(
        a.starts == b.starts and all(np.array_equal(getattr(a, name), getattr(b, name)) for name in names)
        for a, b in zip(one, other, strict=True)
    )


@given(lines=small_texts, order=st.integers(1, 10), places=st.integers(1, 20))
def test_torch_and_any_number_of_ranges_give_the_same_tables(lines: Lines, order: int, places: int) -> None:
    stream = stream_of(with_ends(lines))
    sequence = training_sequence(stream.ids, stream.vocabulary, "sentence")
    words = len(stream.vocabulary)
    whole = count_ngrams(sequence, words, order, threads=1)
    assert equal(whole, count_ngrams(sequence, words, order, threads=2, places=places))
    assert equal(whole, count_ngrams(sequence, words, order, threads=1, arrays=TorchArrays("cpu")))
    assert equal(whole, count_ngrams(sequence, words, order, memory=1, places=places))  # through files


def test_a_text_of_many_chunks() -> None:
    """More places than one chunk or range holds, of words as skewed as those of a language."""
    random = np.random.default_rng(7)
    sequence = np.minimum(random.zipf(1.3, 700_000), 3000).astype(np.int32) - 1
    sequence[::17] = 3000
    orders = count_ngrams(sequence, 3000, 4, threads=2, places=100_000)
    assert equal(orders, count_ngrams(sequence, 3000, 4, threads=1))
    assert equal(orders, count_ngrams(sequence, 3000, 4, memory=10_000_000))  # through files
    windows = np.lib.stride_tricks.sliding_window_view(sequence, 4)
    grams, counts = np.unique(windows[(windows[:, 1:] < 3000).all(axis=1)], axis=0, return_counts=True)
    found = orders[3]
    ids, columns = np.arange(len(found)), []
    for ngrams in reversed(orders):
        columns.append(ngrams.last_words[ids])
        ids = ngrams.contexts[ids]
    assert np.array_equal(np.stack(columns[::-1], axis=1), grams)
    assert np.array_equal(found.counts, counts)


def test_history_of_a_sentence_and_of_a_stream() -> None:
    stream = stream_of(["a", END, END, "a", "b"])
    a, b, end, start = *stream.vocabulary.encode(["a", "b", END]).tolist(), len(stream.vocabulary)
    by_sentence = training_sequence(stream.ids, stream.vocabulary, "sentence")
    assert by_sentence.tolist() == [start, a, end, start, end, start, a, b]
    assert training_sequence(stream.ids, stream.vocabulary, "stream").tolist() == [start, a, end, end, a, b]


def test_more_than_ids_can_number_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    sequence = np.array([3, 0, 1, 2, 3, 0, 2, 1, 3], dtype=np.int32)
    monkeypatch.setattr("baselines.ngram.table.ids.MOST", 8)
    with pytest.raises(UserError, match="9 tokens are more than counting can number") as failed:
        count_ngrams(sequence, 3, 2)
    assert "NEXTWORD_COUNTING" in str(failed.value)
    monkeypatch.setattr("baselines.ngram.table.ids.MOST", 4)
    with pytest.raises(UserError, match="5 2-grams are more than counting can number"):
        count_ngrams(sequence, 3, 2, workers=processes("1", "--workers "))
