"""Triggers against the formula of their docstring in plain Python."""

from __future__ import annotations

from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ngram_texts import stream_of, vocabulary_of

from baselines.ngram.adaptive import trigger_pairs
from baselines.ngram.adaptive.triggers import Triggers
from benchmark.contract import RunLog
from benchmark.corpus import END

WORDS = [*"abc", END]
VOCABULARY = vocabulary_of([*"aaabb", END, END], "c")
END_ID = VOCABULARY.end
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=40)
models = st.builds(
    dict,
    half_life=st.sampled_from([0.5, 1.0, 3.0]),
    nearest=st.integers(1, 3),
    prior=st.sampled_from([0.25, 4.0]),
    least=st.sampled_from([0.0, 0.5, 1.5]),
    context=st.sampled_from(["sentence", "stream"]),
)


def counted(ids: list[int], model: Triggers) -> np.ndarray:
    """C(v, w) of the docstring, pair by pair: [vocabulary, vocabulary]."""
    counts = np.zeros((len(VOCABULARY), len(VOCABULARY)))
    for place, trigger in enumerate(ids):
        for distance in range(1, max(model.nearest, int(4 * model.half_life)) + 1):
            if place + distance >= len(ids):
                break
            if model.context == "sentence" and END_ID in ids[place : place + distance]:
                break
            if distance >= model.nearest:
                counts[trigger, ids[place + distance]] += 2 ** (-(distance - 1) / model.half_life)
    counts[counts < model.least] = 0
    return counts


def by_hand(ids: list[int], model: Triggers, history: list[int]) -> np.ndarray:
    """p of every word after a history, by the docstring."""
    frequency = np.maximum(np.bincount(ids, minlength=len(VOCABULARY)), 1)
    unigrams = frequency / frequency.sum()
    counts = counted(ids, model)
    p = (counts + model.prior * unigrams) / (counts.sum(axis=1, keepdims=True) + model.prior)
    information = (p * np.log(p / unigrams)).sum(axis=1)
    if model.context == "sentence" and END_ID in history:
        history = history[len(history) - history[::-1].index(END_ID) :]
    total, weight = 0.1 * unigrams, 0.1
    for distance, trigger in enumerate(reversed(history), 1):
        own = 2 ** (-(distance - 1) / model.half_life) * information[trigger]
        total, weight = total + own * p[trigger], weight + own
    answer: np.ndarray = total / weight
    return answer


@given(train=texts, text=texts, setting=models)
def test_probabilities_are_those_of_the_formula(
    train: list[str], text: list[str], setting: dict[str, Any]
) -> None:
    model = Triggers(**setting)
    known, read = stream_of(train, VOCABULARY), stream_of(text, VOCABULARY)
    model.fit(known, read, RunLog())
    ids, history = known.ids.tolist(), read.ids.tolist()
    expected = np.stack([by_hand(ids, model, history[:place]) for place in range(len(history))])
    rows = np.concatenate(list(model.distributions(read, np.arange(len(read)), 7)))
    np.testing.assert_allclose(np.exp(rows), expected, rtol=1e-4)
    np.testing.assert_allclose(np.exp(rows).sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(model.log_probs(read), rows[np.arange(len(read)), read.ids], atol=1e-5)
    asked = model.next_log_probs([read.ids[:place] for place in range(len(read))])
    np.testing.assert_allclose(asked, rows, atol=1e-5)


@given(train=texts, setting=models)
@settings(max_examples=20)
def test_the_parts_of_the_triggers_that_are_counted_at_a_time_do_not_matter(
    train: list[str], setting: dict[str, Any]
) -> None:
    found = []
    for cells in (1, 1 << 25):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(trigger_pairs, "_CELLS", cells)
            model = Triggers(**setting)
            model.fit(stream_of(train, VOCABULARY), stream_of(train, VOCABULARY), RunLog())
            found.append(model.pairs)
    for name, one in vars(found[0]).items():
        np.testing.assert_array_equal(one, getattr(found[1], name))


def test_a_saved_model_gives_the_same_scores(tmp_path: Path) -> None:
    model = Triggers(half_life=2.0, context="sentence")
    stream = stream_of(["a", "b", "a", END, "b", "c", END] * 5, VOCABULARY)
    model.fit(stream, stream, RunLog())
    model.save(tmp_path)
    loaded = Triggers.load(tmp_path, VOCABULARY)
    np.testing.assert_array_equal(loaded.log_probs(stream), model.log_probs(stream))
    assert loaded.size() == model.size()


def test_a_long_text_does_not_overflow() -> None:
    """With a short half-life, weights would grow beyond all numbers within some thousand tokens."""
    model = Triggers(half_life=0.5)
    stream = stream_of([*"abc", END] * 2_000, VOCABULARY)
    model.fit(stream, stream, RunLog())
    scores = model.log_probs(stream)
    assert np.isfinite(scores).all()
    np.testing.assert_allclose(scores[-4:], scores[400:404], rtol=1e-5)


def test_what_follows_at_a_distance_is_foretold() -> None:
    """`c` stands three tokens after each `b`, and nothing else tells where."""
    rng = np.random.default_rng(0)
    words = []
    for _ in range(400):
        words += ["b", "a", "a", "c"] if rng.random() < 0.5 else ["a", "a", "a", "a"]
    stream = stream_of(words, VOCABULARY)
    model = Triggers(half_life=2.0, nearest=3, prior=1.0)
    model.fit(stream, stream, RunLog())
    b, a, c = VOCABULARY.encode(["b", "a", "c"])
    after_b, after_a = np.exp(model.next_log_probs([np.array([b, a, a]), np.array([a, a, a])]))[:, c]
    assert after_b > 1.5 * after_a
    assert model.pairs.information[b] > log(1.05)
