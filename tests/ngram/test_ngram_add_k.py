"""Add-k smoothing with k tuned on the validation text (its probabilities: test_ngram_simple.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from few_examples import few
from hypothesis import given
from hypothesis import strategies as st
from ngram_texts import (
    Lines,
    Notes,
    penn_treebank,
    perplexity,
    small_texts,
    stream_of,
    vocabulary_of,
    with_ends,
)

from baselines.ngram.smoothing.add_k import AddK
from benchmark.check import check_model
from benchmark.contract import RunLog
from benchmark.errors import UserError


def likelihood(k: float, order: int, lines: Lines, held_out: Lines, context: str) -> float:
    stream = stream_of(with_ends(lines))
    valid = stream_of(with_ends(held_out), stream.vocabulary)
    model = AddK(order=order, k=k, context=context)  # type: ignore[arg-type]
    model.fit(stream, valid, RunLog())
    return float(model.log_probs(valid).mean(dtype=np.float64))


@given(
    lines=small_texts,
    held_out=small_texts,
    order=st.integers(1, 4),
    context=st.sampled_from(["sentence", "stream"]),
)
def test_no_fixed_k_is_better(lines: Lines, held_out: Lines, order: int, context: str) -> None:
    stream = stream_of(with_ends(lines))
    valid = stream_of(with_ends(held_out), stream.vocabulary)
    model = AddK(order=order, k="tune", context=context)  # type: ignore[arg-type]
    model.fit(stream, valid, RunLog())
    reached = float(model.log_probs(valid).mean(dtype=np.float64))
    for k in (2e-7, 1e-3, 0.03, 0.3, 1.0, 4.0, 900.0):
        assert reached >= likelihood(k, order, lines, held_out, context) - 1e-5


@few
@given(lines=small_texts, held_out=small_texts, order=st.integers(1, 3))
def test_tuning_changes_nothing_but_k(lines: Lines, held_out: Lines, order: int) -> None:
    stream = stream_of(with_ends(lines))
    chosen = AddK(order=order, k="tune")
    chosen.fit(stream, stream_of(with_ends(held_out), stream.vocabulary), RunLog())
    fixed = AddK(order=order, k=chosen.chosen_k)
    fixed.fit(stream, stream_of([], stream.vocabulary), RunLog())
    assert np.array_equal(chosen.log_probs(stream), fixed.log_probs(stream))


def test_a_best_k_known_in_closed_form() -> None:
    """Unigrams: a 3, b 1. Held-out shares of ⅔ and ⅓ want (3 + k) / (4 + 2 k) = ⅔, so k = 1; equal shares
    want k → ∞, and get the largest k searched."""
    vocabulary = vocabulary_of("aaab")
    train = stream_of("aaab", vocabulary)
    model = AddK(order=1, k="tune")
    model.fit(train, stream_of("aab", vocabulary), RunLog())
    assert model.chosen_k == pytest.approx(1, rel=1e-4)
    model.fit(train, stream_of("ab", vocabulary), RunLog())
    assert model.chosen_k == pytest.approx(1e3, rel=1e-3)


def test_the_chosen_k_is_said_and_saved(tmp_path: Path) -> None:
    stream = stream_of(with_ends([["a", "b"], ["a"]]))
    notes = Notes()
    model = AddK(k="tune")
    model.fit(stream, stream, notes)
    assert notes.messages == [f"k = {model.chosen_k:.4g} makes the validation text likeliest"]
    model.save(tmp_path)
    loaded = AddK.load(tmp_path, stream.vocabulary)
    assert (loaded.k, loaded.chosen_k) == ("tune", model.chosen_k)


def test_an_empty_validation_text_is_refused_only_where_it_is_needed() -> None:
    stream = stream_of(["a"])
    nothing = stream_of([], stream.vocabulary)
    AddK(k=0.5).fit(stream, nothing, RunLog())
    with pytest.raises(UserError, match="validation text is empty"):
        AddK(k="tune").fit(stream, nothing, RunLog())


@pytest.mark.slow
def test_a_tuned_k_on_the_penn_treebank() -> None:
    treebank = penn_treebank()
    perplexities: dict[float | str, float] = {}
    ks: list[float | Literal["tune"]] = [0.001, 0.01, "tune"]
    for k in ks:
        model = AddK(order=2, k=k)
        model.fit(treebank["train"], treebank["valid"], RunLog())
        perplexities[k] = perplexity(model.log_probs(treebank["valid"]))
    assert perplexities["tune"] < min(perplexities[0.001], perplexities[0.01])


@pytest.mark.parametrize("context", ["sentence", "stream"])
def test_keeps_the_contract(context: str) -> None:
    def build() -> AddK:
        return AddK(order=3, k="tune", context=context)  # type: ignore[arg-type]

    assert [finding for finding in check_model(build) if finding.problem] == []
