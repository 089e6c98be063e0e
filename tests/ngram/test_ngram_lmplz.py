"""Against KenLM's own estimator: the same n-grams, probabilities and weights, on texts of every kind.

Runs where `lmplz` is on the PATH or named by NEXTWORD_LMPLZ.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from few_examples import few
from hypothesis import assume, example, given
from hypothesis import strategies as st
from lmplz_reference import (
    CORPORA,
    LMPLZ,
    NEEDED,
    apart,
    by_lmplz,
    by_us,
    corpus_for_lmplz,
    lines_of,
    stream_for_lmplz,
)
from ngram_texts import Lines, penn_treebank, small_texts

from baselines.ngram.compact.prune import by_count
from baselines.ngram.counting.counts import count_ngrams
from baselines.ngram.counting.history import training_sequence
from baselines.ngram.external.kenlm import KenLM
from baselines.ngram.smoothing.kneser_ney import KneserNey
from benchmark.check import check_model
from benchmark.contract import RunLog, TokenStream

pytestmark = pytest.mark.skipif(not LMPLZ, reason=NEEDED)

#: What float32 leaves of a log10.
CLOSE = 1e-6


def assert_same(stream: TokenStream, order: int, folder: Path) -> None:
    found = apart(by_us(stream, order), by_lmplz(stream, order, folder))
    assert found.unshared == 0
    assert found.log10_probs <= CLOSE
    assert found.log10_backoffs <= CLOSE


@given(lines=small_texts, order=st.integers(2, 6))
@example(lines=[["a"]], order=3)  # one word
@example(lines=[["a", "b", "c", "a"]], order=6)  # one sentence, shorter than the order
@example(lines=[["a", "a", "a", "a", "a", "a", "a"]], order=4)  # a single type
@example(lines=[["a", "b", "c"]] * 9, order=3)  # repeated lines
@example(lines=[[], ["a"], []], order=2)  # empty lines
def test_small_texts(lines: Lines, order: int) -> None:
    assume(any(lines))
    with tempfile.TemporaryDirectory() as folder:
        assert_same(stream_for_lmplz(lines), order, Path(folder))


@few
@given(
    lines=st.lists(st.lists(st.sampled_from("abcdefghijklmno"), max_size=15), min_size=20, max_size=60),
    order=st.integers(2, 4),
)
def test_texts_large_enough_for_discounts(lines: Lines, order: int) -> None:
    assume(any(lines))
    with tempfile.TemporaryDirectory() as folder:
        assert_same(stream_for_lmplz(lines), order, Path(folder))


def test_penn_treebank(tmp_path: Path) -> None:
    """A part of it, for time. `<unk>` is renamed, as lmplz refuses it in a text."""
    assert_same(stream_for_lmplz(lines_of(penn_treebank()["train"].head(100_000))), 3, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("corpus", CORPORA)
def test_whole_corpora(corpus: str, tmp_path: Path) -> None:
    stream = corpus_for_lmplz(corpus, tmp_path)
    for order in range(2, 7):
        assert_same(stream, order, tmp_path)


def test_a_text_with_unk_leaves_room_for_another() -> None:
    """lmplz's reserved <unk> is none of the vocabulary's words then: p(<unk> | h) is missing in the sums."""
    train = penn_treebank()["train"].head(20_000)
    model = KneserNey(order=2, conventions="kenlm")
    model.fit(train, train, RunLog())
    assert not model.normalised
    sums = np.exp(model.next_log_probs([train.ids[:0], train.ids[:5]])).sum(axis=1)
    assert ((sums > 0.99) & (sums < 1 - 1e-6)).all()


# --- pruning


def assert_pruned_alike(stream: TokenStream, order: int, cutoffs: list[int], folder: Path) -> int:
    sequence = training_sequence(stream.ids, stream.vocabulary, "sentence")
    counts = count_ngrams(sequence, len(stream.vocabulary), order)
    ours = by_count(by_us(stream, order), [each.counts for each in counts], cutoffs)
    theirs = by_lmplz(stream, order, folder, "--prune", *map(str, cutoffs))
    found = apart(ours, theirs)
    assert found.unshared == 0
    assert found.log10_probs <= CLOSE
    assert found.log10_backoffs <= CLOSE
    return found.ngrams


@few
@given(
    lines=small_texts,
    order=st.integers(2, 4),
    cutoffs=st.lists(st.integers(0, 3), min_size=3, max_size=3).map(sorted),
)
def test_small_texts_pruned_by_count(lines: Lines, order: int, cutoffs: list[int]) -> None:
    assume(any(lines))
    with tempfile.TemporaryDirectory() as folder:
        assert_pruned_alike(stream_for_lmplz(lines), order, [0, *cutoffs][:order], Path(folder))


@pytest.mark.parametrize("cutoffs", [[0, 0, 1], [0, 1, 2, 2]])
def test_penn_treebank_pruned_by_count(cutoffs: list[int], tmp_path: Path) -> None:
    stream = stream_for_lmplz(lines_of(penn_treebank()["train"].head(100_000)))
    assert assert_pruned_alike(stream, len(cutoffs), cutoffs, tmp_path) > 20_000


@pytest.mark.parametrize("order", [2, 4])
def test_a_model_of_lmplz_keeps_the_contract(order: int) -> None:
    pytest.importorskip("kenlm")
    findings = check_model(lambda: KenLM(order=order, lmplz=LMPLZ))
    assert [finding for finding in findings if finding.problem] == []
