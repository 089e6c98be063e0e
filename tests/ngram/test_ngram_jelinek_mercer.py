"""Jelinek-Mercer smoothing: weights against a grid search, probabilities against dictionaries."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter, defaultdict
from itertools import pairwise
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ngram_texts import Lines, Notes, penn_treebank, perplexity, small_texts, stream_of, with_ends

from baselines.ngram.smoothing.jelinek_mercer import JelinekMercer, bucket_edges, bucket_of
from benchmark.check import check_model
from benchmark.contract import RunLog
from benchmark.errors import UserError


class Curve(Notes):
    """Keeps the rows of the curve."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[dict[str, float]] = []

    def curve(self, **row: float) -> None:
        self.rows.append(row)


def fitted(lines: Lines, held_out: Lines, log: RunLog | None = None, **options: object) -> JelinekMercer:
    stream = stream_of(with_ends(lines))
    model = JelinekMercer(**options)  # type: ignore[arg-type]
    model.fit(stream, stream_of(with_ends(held_out), stream.vocabulary), log or RunLog())
    return model


def followers(lines: Lines, order: int) -> list[dict[tuple[str, ...], Counter[str]]]:
    """Counts of each order by context."""
    counts: list[dict[tuple[str, ...], Counter[str]]] = [defaultdict(Counter) for _ in range(order)]
    for line in lines:
        words = ["<s>", *line, "</s>"]
        for i in range(1, len(words)):
            for n in range(min(order, i + 1)):
                counts[n][tuple(words[i - n : i])][words[i]] += 1
    return counts


@given(
    lines=small_texts,
    held_out=small_texts,
    order=st.integers(1, 4),
    buckets=st.integers(1, 4),
    tie=st.sampled_from(["count", "average_count"]),
)
def test_agrees_with_dictionaries(lines: Lines, held_out: Lines, order: int, buckets: int, tie: str) -> None:
    model = fitted(lines, held_out, order=order, buckets=buckets, tie=tie)
    counts = followers(lines, order)
    words = model.vocabulary.tokens

    def probability(word: str, context: tuple[str, ...]) -> float:
        lower = probability(word, context[1:]) if context else 1 / len(words)
        seen = counts[len(context)].get(context)
        if not seen:
            return lower
        total = sum(seen.values())
        tied = total / len(seen) if tie == "average_count" else total
        bucket = bisect_right(model.edges[len(context)], np.float32(tied))
        weight = model.weights[len(context)][bucket]
        return weight * seen[word] / total + (1 - weight) * lower

    histories = [line[:i] for line in lines[:4] for i in range(len(line) + 1)] + [["<unk>", "<unk>"]]
    rows = np.exp(model.next_log_probs([model.vocabulary.encode(history) for history in histories]))
    for row, history in zip(rows, histories, strict=True):
        context = tuple(["<s>", *history][max(0, len(history) + 2 - order) :]) if order > 1 else ()
        assert row == pytest.approx([probability(word, context) for word in words], rel=1e-4)
        assert row.sum() == pytest.approx(1, abs=1e-5)


@given(lines=small_texts, held_out=small_texts, order=st.integers(1, 4), buckets=st.integers(1, 4))
def test_no_step_lowers_the_likelihood(lines: Lines, held_out: Lines, order: int, buckets: int) -> None:
    log = Curve()
    model = fitted(lines, held_out, log, order=order, buckets=buckets)
    valid = stream_of(with_ends(held_out), model.vocabulary)
    path = [row["valid_perplexity"] for row in log.rows]
    assert all(after <= before * (1 + 1e-9) for before, after in pairwise(path))
    assert len(path) == model.iterations + 1
    assert perplexity(model.log_probs(valid)) == pytest.approx(model.valid_perplexity, rel=1e-4)


@pytest.mark.parametrize("held_out", ["a b a c", "c c a", "a b", "b b b b b b a"])
def test_weights_are_the_best_of_a_grid(held_out: str) -> None:
    """Bigrams in one bucket: two weights, in steps of 1/200, each up to (m + 1) / (m + 2)."""
    lines = [line.split() for line in ("a b a", "a b c", "b", "c a b b")]
    targets = [held_out.split()]
    model = fitted(lines, targets, order=2, buckets=1)
    unigrams, bigrams = followers(lines, 2)
    pairs = list(pairwise(["<s>", *targets[0], "</s>"]))
    seen = sum((h,) in bigrams for h, _ in pairs)
    best = math.inf
    for w1, w2 in np.ndindex(200, 200):
        weights = w1 / 200, w2 / 200
        if weights[0] > (len(pairs) + 1) / (len(pairs) + 2) or weights[1] > (seen + 1) / (seen + 2):
            continue
        nats = 0.0
        for h, w in pairs:
            p1 = weights[0] * unigrams[()][w] / unigrams[()].total() + (1 - weights[0]) / 5
            followed = bigrams.get((h,))
            share = weights[1] if followed else 0
            nats -= math.log(share * (followed[w] / followed.total() if followed else 0) + (1 - share) * p1)
        best = min(best, nats / len(pairs))
    assert model.valid_perplexity <= math.exp(best + 1e-4)
    assert model.valid_perplexity >= math.exp(best - 2e-3)  # the grid is that coarse


def test_no_weight_excludes_the_lower_order() -> None:
    """Bigrams tell all 9 held-out targets for certain: their weight is 10/11, not 1."""
    model = fitted([["a", "b"]] * 20, [["a", "b"]] * 3, order=2, buckets=1)
    assert model.weights[1] == [pytest.approx(10 / 11)]
    assert np.isfinite(model.next_log_probs([model.vocabulary.encode(["a"])])).all()


def test_buckets_hold_equal_shares_of_the_held_out_targets() -> None:
    values = np.array([0, 1, 1, 1, 2, 3, 4, 5, 6, 9, 0])
    edges = bucket_edges(values, 3)
    assert edges.tolist() == [2, 5]
    assert bucket_of(np.array([0, 1, 2, 4, 5, 90]), edges).tolist() == [-1, 0, 1, 1, 2, 2]
    assert bucket_edges(np.array([7, 7, 7]), 3).tolist() == []
    assert bucket_edges(np.array([0, 0]), 3).tolist() == []


def test_an_empty_validation_text_is_refused() -> None:
    with pytest.raises(UserError, match="validation text is empty"):
        fitted([["a"]], [])


def test_average_counts_beat_counts_on_the_penn_treebank() -> None:
    """As in Chen & Goodman 1998, sec. 5.3: what tells how far to trust a context is its average count."""
    treebank = penn_treebank()
    reached = {}
    ties: list[Literal["count", "average_count"]] = ["count", "average_count"]
    for tie in ties:
        model = JelinekMercer(order=3, tie=tie)
        model.fit(treebank["train"], treebank["valid"], RunLog())
        reached[tie] = perplexity(model.log_probs(treebank["test"]))
    assert reached["average_count"] == pytest.approx(157.46, abs=0.3)
    assert reached["average_count"] < reached["count"]


@pytest.mark.parametrize("order", [1, 2, 4])
@pytest.mark.parametrize("context", ["sentence", "stream"])
@pytest.mark.parametrize("tie", ["count", "average_count"])
def test_keeps_the_contract(order: int, context: str, tie: str) -> None:
    def build() -> JelinekMercer:
        return JelinekMercer(order=order, context=context, tie=tie)  # type: ignore[arg-type]

    assert [finding for finding in check_model(build) if finding.problem] == []
