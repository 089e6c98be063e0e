"""Suffix arrays and longest suffixes against plain Python, and the ∞-gram on the Penn Treebank."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ngram_texts import Notes, penn_treebank, perplexity, small_texts, stream_of, with_ends

from baselines.ngram.adaptive.infinity_gram import InfinityGram
from baselines.ngram.adaptive.suffix_array import suffix_array
from baselines.ngram.smoothing.add_k import AddK
from baselines.ngram.smoothing.kneser_ney import KneserNey
from benchmark.check import check_model
from benchmark.contract import Context, RunLog, Vocabulary

Lines = list[list[str]]


@given(st.lists(st.integers(1, 3), max_size=60))
def test_a_suffix_array_sorts_suffixes(numbers: list[int]) -> None:
    text = [*numbers, 0]
    expected = sorted(range(len(text)), key=lambda start: text[start:])
    assert suffix_array(np.array(text)).tolist() == expected


def test_a_suffix_array_of_one_repeated_number() -> None:
    assert suffix_array(np.array([1] * 1000 + [0])).tolist() == list(range(1000, -1, -1))


def longest_suffix(texts: list[list[int]], history: list[int], longest: int) -> tuple[int, list[int]]:
    """How many of the last tokens of `history` occur in the texts with a token after them, and those."""
    for length in range(min(len(history), longest), 0, -1):
        tail = history[len(history) - length :]
        after = [
            text[at + length]
            for text in texts
            for at in range(len(text) - length)
            if text[at : at + length] == tail
        ]
        if after:
            return length, after
    return 0, []


def histories_of(ids: list[int], vocabulary: Vocabulary, context: Context) -> list[list[int]]:
    """What stands before each target: in sentences `<s>` and the words since, else all (after a `</s>`)."""
    found = []
    for place in range(len(ids)):
        before = ids[:place]
        if context == "sentence":
            ends = [at for at, word in enumerate(before) if word == vocabulary.end]
            found.append([len(vocabulary), *before[ends[-1] + 1 if ends else 0 :]])
        else:
            found.append([vocabulary.end, *before])
    return found


@given(
    train=small_texts,
    valid=small_texts,
    test=small_texts,
    context=st.sampled_from(["sentence", "stream"]),
    longest=st.sampled_from([1, 3, 200]),
)
def test_scores_are_those_of_the_longest_suffix(
    train: Lines, valid: Lines, test: Lines, context: Context, longest: int
) -> None:
    seen = stream_of(with_ends(train) + list("abcde"))
    vocabulary = seen.vocabulary
    model = InfinityGram(smoothed=AddK(order=1, k=1.0), longest=longest, context=context)
    model.fit(seen, stream_of(with_ends(valid), vocabulary), RunLog())
    stream = stream_of(with_ends(test), vocabulary)

    start, ids = len(vocabulary), seen.ids.tolist()
    if context == "sentence":
        ends = [-1, *(at for at, word in enumerate(ids) if word == vocabulary.end), len(ids) - 1]
        texts = [[start, *ids[a + 1 : b + 1]] for a, b in pairwise(ends)]
    else:
        texts = [[start, *ids]]
    targets = stream.ids.tolist()
    smoothed = np.exp(model.smoothed.log_probs(stream))
    matches, _ = model._matches(stream)
    shares = np.array(model.weights)[model._bucket(matches)]
    expected = []
    for place, history in enumerate(histories_of(targets, vocabulary, context)):
        length, after = longest_suffix(texts, history, longest)
        assert matches.length[place] == length
        frequency = after.count(targets[place]) / len(after) if after else 0.0
        share = shares[place] if after else 0.0
        expected.append(share * frequency + (1 - share) * smoothed[place])
    assert np.exp(model.log_probs(stream)) == pytest.approx(expected, rel=1e-5)

    rows = np.exp(
        model.next_log_probs([np.array(targets[:place], dtype=np.int64) for place in range(len(targets) + 1)])
    )
    assert rows.sum(axis=1) == pytest.approx(np.ones(len(rows)), abs=1e-5)
    assert rows[np.arange(len(targets)), targets] == pytest.approx(expected, rel=1e-5)


def test_keeps_the_contract_across_lines() -> None:
    found = check_model(lambda: InfinityGram(smoothed=KneserNey(order=2), context="stream"))
    assert [finding for finding in found if finding.problem] == []


@pytest.mark.parametrize("context", ["sentence", "stream"])
def test_a_saved_one_looks_back_as_far(context: Context, tmp_path: Path) -> None:
    """A smoothed model that reads the stream makes the whole one do so, but not the suffixes."""
    stream = stream_of(with_ends([["a", "b"], ["b", "a", "b"], ["b"]]) * 2)
    model = InfinityGram(smoothed=AddK(order=2, k=1.0, context="stream"), context=context)
    model.fit(stream, stream, RunLog())
    model.save(tmp_path)
    loaded = InfinityGram.load(tmp_path, stream.vocabulary)
    assert (loaded.context, loaded.suffix_context) == ("stream", context)
    assert np.array_equal(loaded.log_probs(stream), model.log_probs(stream))


def test_a_text_copied_from_training_is_known_to_its_end() -> None:
    tokens = with_ends([["a", "b", "c", "d", "e"], ["b", "a", "d", "c", "e"]]) * 3
    stream = stream_of(tokens)
    model = InfinityGram(smoothed=AddK(order=1, k=1.0), context="stream")
    notes = Notes()
    model.fit(stream, stream, notes)
    assert len(model.effective_n) == len(tokens)  # the last target, after the whole text but its opening
    assert any("effective n on validation" in message for message in notes.messages)
    assert np.exp(model.log_probs(stream)).mean() > 0.7


@pytest.mark.slow
def test_improves_on_its_smoothed_model_on_the_penn_treebank() -> None:
    splits = penn_treebank()
    model = InfinityGram(smoothed=KneserNey(order=5))
    model.fit(splits["train"], splits["valid"], RunLog())
    assert perplexity(model.smoothed.log_probs(splits["test"])) == pytest.approx(141.19, abs=0.02)
    assert perplexity(model.log_probs(splits["test"])) == pytest.approx(140.30, abs=0.05)
    lengths = np.array(model.effective_n)
    assert (lengths * np.arange(1, len(lengths) + 1)).sum() / lengths.sum() == pytest.approx(3.61, abs=0.01)
