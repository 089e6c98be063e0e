"""Losses by groups of targets: against plain loops, and adding up to the total."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.contract import TokenStream, Vocabulary
from benchmark.corpus.kept import KeptArrays
from benchmark.corpus.parts_of_speech import CLASSES
from benchmark.measure import seen
from benchmark.measure.breakdown import CRITERIA, group_losses
from benchmark.measure.seen import longest_seen
from benchmark.record.losses import read_losses, write_losses
from benchmark.storage.reading import Unreadable

WORDS = 5
START = -1
#: Lines of word ids; the id 0 is `</s>` and ends every line.
TEXTS = st.lists(st.lists(st.integers(1, WORDS - 1), max_size=7), min_size=1, max_size=12)


def stream(lines: list[list[int]], counts: np.ndarray | None = None) -> TokenStream:
    ids = np.array([word for line in lines for word in [*line, 0]], dtype=np.uint16)
    tokens = ("</s>", *(f"w{i}" for i in range(1, WORDS)))
    return TokenStream.from_ids(ids, Vocabulary(tokens, np.zeros(WORDS, int) if counts is None else counts))


def both(train: list[list[int]], test: list[list[int]]) -> tuple[TokenStream, TokenStream]:
    counts = np.bincount(stream(train).ids, minlength=WORDS)
    return stream(train, counts), stream(test, counts)


def ngrams(line: list[int], longest: int) -> list[list[tuple[int, ...]]]:
    """For each target of a line, the n-grams that end with it, n = 1, 2, …"""
    words = [START, *line, 0]
    return [
        [tuple(words[place - n + 1 : place + 1]) for n in range(1, min(longest, place + 1) + 1)]
        for place in range(1, len(words))
    ]


@given(TEXTS, TEXTS, st.integers(1, 6), st.integers(1, 20))
def test_the_longest_ngram_seen_is_that_of_a_plain_search(train, test, longest, block):
    known = {ngram for line in train for ending in ngrams(line, longest) for ngram in ending}
    expected = [
        max((len(ngram) for ngram in ending if ngram in known), default=0)
        for line in test
        for ending in ngrams(line, longest)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seen, "BLOCK", block)  # ids of the training text at a time
        assert longest_seen(*both(train, test), longest).tolist() == expected


@given(TEXTS, TEXTS, st.integers(0, 2**32 - 1))
def test_the_losses_of_every_criterion_add_up_to_the_total(train, test, seed):
    random = np.random.default_rng(seed)
    text, untagged = both(train, test)
    tagged = replace(untagged, tags=random.integers(0, len(CLASSES) + 1, len(untagged), dtype=np.uint8))
    scores = -random.exponential(size=len(tagged)).astype(np.float32)
    losses = group_losses(scores, text, tagged)
    assert [c.key for c in CRITERIA] == list(dict.fromkeys(loss.criterion for loss in losses))
    for criterion in CRITERIA:
        own = [loss for loss in losses if loss.criterion == criterion.key]
        assert [loss.group for loss in own] == list(criterion.groups)
        assert sum(loss.targets for loss in own) == len(scores)
        assert sum(loss.nll for loss in own) == pytest.approx(-scores.sum(dtype=np.float64))


def groups(key: str, train: list[list[int]], test: list[list[int]]) -> list[str]:
    (criterion,) = (criterion for criterion in CRITERIA if criterion.key == key)
    return [criterion.groups[index] for index in criterion.of(*both(train, test))]


@given(TEXTS)
def test_distances_are_those_of_a_plain_search(test):
    ids = stream(test).ids.tolist()
    expected = []
    for place, word in enumerate(ids):
        before = [place - other for other in range(place) if ids[other] == word]
        expected.append("never" if not before else "1–9" if before[-1] < 10 else "10–99")
    assert groups("last_occurrence", test, test) == expected


def test_places_are_counted_from_the_start_of_each_line():
    line = [1] * 9
    assert groups("place_in_line", [line], [line, [2]]) == [
        *("1", "2", "3–4", "3–4", "5–8", "5–8", "5–8", "5–8", "9–16", "9–16"),
        *("1", "2"),
    ]


def test_a_text_without_line_ends_has_no_places():
    vocabulary = Vocabulary(("a", "b"), np.array([3, 2]))
    text = TokenStream.from_ids(np.array([0, 1, 0, 1, 0], dtype=np.uint16), vocabulary)
    found = group_losses(np.full(5, -1, np.float32), text, text)
    assert {loss.criterion for loss in found} == {"training_count", "longest_seen", "last_occurrence"}
    assert [loss.targets for loss in found if loss.criterion == "longest_seen"] == [0, 0, 1, 1, 1, 2]


def test_losses_by_part_of_speech_are_those_of_the_tags():
    text = replace(stream([[1, 2], [3]]), tags=np.array([0, 1, 12, 0, 12], dtype=np.uint8))
    found = group_losses(np.array([-1, -2, -3, -4, -5], np.float32), text, text)
    of_tags = {loss.group: (loss.targets, loss.nll) for loss in found if loss.criterion == "part_of_speech"}
    assert {name: loss for name, loss in of_tags.items() if loss != (0, 0.0)} == {
        "nouns": (2, 5.0),
        "verbs": (1, 2.0),
        "</s>": (2, 8.0),
    }
    assert len(of_tags) == 13


def test_the_longest_ngrams_are_looked_for_once(tmp_path, monkeypatch):
    text, other = both([[1, 2, 3], [2]], [[3, 2, 1]])
    scores = np.array([-1, -2, -3, -4], np.float32)
    keep = KeptArrays(tmp_path).get
    expected = group_losses(scores, text, other)
    assert group_losses(scores, text, other, keep) == expected
    monkeypatch.setattr(seen, "_seen", None)  # looking again would fail
    assert group_losses(scores, text, other, keep) == expected


def test_losses_are_read_as_written_and_a_damaged_file_is_named(tmp_path):
    text = stream([[1, 2, 3], [2]])
    losses = group_losses(np.array([-1, -2, -np.inf, -4, -5, -1e-9], np.float32), text, text)
    write_losses(tmp_path, losses)
    assert read_losses(tmp_path) == losses
    for damaged in ("", "criterion,group\na,b\n", "criterion,group,targets,nll\na,b,many,1\n", "\xff\n"):
        (tmp_path / "losses.csv").write_bytes(damaged.encode("latin-1"))
        with pytest.raises(Unreadable, match=r"cannot read .*losses\.csv"):
            read_losses(tmp_path)
    assert read_losses(tmp_path / "nowhere") == []
