"""The cache against counts in plain Python, and the published figure of Kneser-Ney with a cache."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ngram_texts import penn_treebank, perplexity, stream_of, vocabulary_of

from baselines.mixture.linear import LinearMixture
from baselines.ngram.adaptive.cache import Cache
from baselines.ngram.adaptive.occurrences import Occurrences
from baselines.ngram.smoothing.kneser_ney import KneserNey
from benchmark.contract import RunLog
from benchmark.corpus import END

WORDS = [*"abc", END]
VOCABULARY = vocabulary_of([*"aaabb", END, END], "c")
texts = st.lists(st.sampled_from(WORDS), max_size=40)
windows = st.none() | st.integers(1, 12)
half_lives = st.none() | st.sampled_from([0.7, 5.0, 300.0])


def weighed(history: list[int], gram: list[int], window: int | None, half_life: float | None) -> float:
    """The occurrences of `gram` among the last `window` tokens of a history, each weighed by its age."""
    oldest = 0 if window is None else max(0, len(history) - window)
    found = [
        end
        for end in range(oldest + len(gram) - 1, len(history))
        if history[end - len(gram) + 1 : end + 1] == gram
    ]
    return sum(1.0 if half_life is None else 2 ** (-(len(history) - end) / half_life) for end in found)


def by_hand(model: Cache, history: list[int], word: int) -> float:
    """The chain of the docstring, order by order."""
    p = float(model.unigrams[word])
    for n in range(1, model.order + 1):
        if len(history) < n - 1:
            break
        context = history[len(history) - n + 1 :]
        followed = sum(
            weighed(history, [*context, other], model.window, model.half_life)
            for other in range(len(VOCABULARY))
        )
        if followed > 0:
            power = int(np.clip(np.floor(np.log2(followed) + 1e-9), -6, 16))
            share = model.weights[n - 1][power + 7]
            counted = weighed(history, [*context, word], model.window, model.half_life)
            p = share * counted / followed + (1 - share) * p
    return p


@given(valid=texts.filter(bool), text=texts, order=st.integers(1, 4), window=windows, half_life=half_lives)
def test_scores_are_the_counts_of_the_recent_text(
    valid: list[str], text: list[str], order: int, window: int | None, half_life: float | None
) -> None:
    model = Cache(order=order, window=window, half_life=half_life)
    model.fit(stream_of([*"aaabb", END, END], VOCABULARY), stream_of(valid, VOCABULARY), RunLog())
    stream = stream_of(text, VOCABULARY)
    ids = stream.ids.tolist()
    expected = [by_hand(model, ids[:place], word) for place, word in enumerate(ids)]
    assert np.exp(model.log_probs(stream)) == pytest.approx(expected, rel=1e-5)
    rows = np.exp(
        model.next_log_probs([np.array(ids[:place], dtype=np.int64) for place in range(len(ids) + 1)])
    )
    assert rows.sum(axis=1) == pytest.approx(np.ones(len(rows)), abs=1e-5)
    assert rows[np.arange(len(ids)), ids] == pytest.approx(expected, rel=1e-5)
    alone = [model.log_probs(line) for line in stream.each_line()]
    assert model.log_probs_by_line(stream) == pytest.approx(np.concatenate([*alone, []]), abs=1e-5)
    told = [model.evidence(line) for line in stream.each_line()]
    assert np.array_equal(model.evidence_by_line(stream), np.concatenate([model.evidence(stream)[:0], *told]))
    places = np.array([place for place in range(len(ids)) if place % 4 != 1], dtype=np.int64)
    blocks = list(model.distributions(stream, places, 7))
    assert [len(block) for block in blocks] == [len(places[i : i + 7]) for i in range(0, len(places), 7)]
    for place, row in zip(places, (row for block in blocks for row in block), strict=True):
        assert np.exp(row) == pytest.approx(rows[place], rel=1e-5)


@given(
    keys=st.lists(st.integers(0, 3), max_size=30),
    key=st.integers(0, 5),
    ends=st.tuples(st.integers(0, 30), st.integers(0, 30)),
    half_life=half_lives,
)
def test_occurrences_within_a_stretch(
    keys: list[int], key: int, ends: tuple[int, int], half_life: float | None
) -> None:
    start, stop = sorted(min(end, len(keys)) for end in ends)
    found = Occurrences(np.array(keys, dtype=np.int64), half_life).within(
        np.array([key]), np.array([start]), np.array([stop])
    )
    ages = [stop - place for place in range(start, stop) if keys[place] == key]
    expected = sum(1.0 if half_life is None else 2 ** (-age / half_life) for age in ages)
    assert found[0] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("apart", [900, 1_022, 1_060, 1_073, 1_080, 2_000])
def test_a_context_that_has_all_but_faded_leaves_a_distribution(apart: int) -> None:
    """After so many half-lives its weight is 2^-apart: normal, then subnormal, then 0 as a double."""
    model = Cache(order=3, half_life=1.0)
    model.fit(stream_of([*"aaabb", END, END], VOCABULARY), stream_of([*"abcab"], VOCABULARY), RunLog())
    stream = stream_of([*"cab", *["a"] * apart, *"cab"], VOCABULARY)
    places = np.arange(len(stream))
    rows = np.concatenate([block.copy() for block in model.distributions(stream, places, 100)])
    assert np.exp(rows, dtype=np.float64).sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert rows[places, stream.ids] == pytest.approx(model.log_probs(stream), abs=1e-4)


def test_a_repeated_text_is_learned_as_it_goes() -> None:
    """After one reading of abc, b always follows a: the second half is likelier than the first."""
    train = stream_of([*"aaabb", END, END], VOCABULARY)
    stream = stream_of([*"abcabcabcabcabcabc"], VOCABULARY)
    model = Cache(order=2, half_life=None)
    model.fit(train, stream, RunLog())
    scores = model.log_probs(stream)
    assert scores[9:].min() > scores[:3].max()


@pytest.mark.slow
def test_kneser_ney_with_a_cache_on_the_penn_treebank() -> None:
    """Mikolov et al. 2011 report 141.2 for Kneser-Ney of order 5 and 125.7 with a cache."""
    splits = penn_treebank()
    model = LinearMixture(components={"kneser_ney": KneserNey(order=5), "cache": Cache()})
    model.fit(splits["train"], splits["valid"], RunLog())
    assert perplexity(model.log_probs(splits["test"])) == pytest.approx(123.51, abs=0.05)
