"""Against KenLM's own estimator: the same n-grams, probabilities and weights, on texts of every kind.

Runs where `lmplz` is on the PATH or named by NEXTWORD_LMPLZ.
"""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ngram_texts import Lines, penn_treebank, small_texts, stream_of, vocabulary_of, with_ends

from baselines.ngram.arpa import write_arpa
from baselines.ngram.counts import count_ngrams
from baselines.ngram.discounts import FALLBACK, counts_of_counts
from baselines.ngram.history import training_sequence
from baselines.ngram.kenlm import KenLM
from baselines.ngram.kneser_ney import adjusted_counts, interpolate
from benchmark.check import check_model
from benchmark.corpus import END, UNKNOWN

LMPLZ = shutil.which(os.environ.get("NEXTWORD_LMPLZ", "lmplz")) or ""
pytestmark = pytest.mark.skipif(not LMPLZ, reason="needs lmplz on the PATH, or its path in NEXTWORD_LMPLZ")

Entries = dict[str, tuple[float, float]]


def read_arpa(path: Path) -> Entries:
    """log10 probability and backoff weight (0 where there is none) of every n-gram."""
    with path.open(encoding="utf-8") as file:
        fields = [line.rstrip("\n").split("\t") for line in file if "\t" in line]
    return {words: (float(prob), float(*backoff or "0")) for prob, words, *backoff in fields}


def by_lmplz(lines: Lines, order: int, folder: Path) -> Entries:
    text = folder / "text"
    text.write_text("".join(" ".join(line) + "\n" for line in lines), encoding="utf-8")
    command = [LMPLZ, "-o", str(order), "-S", "200M", "-T", f"{folder}/", "--discount_fallback"]
    command += ["--text", str(text), "--arpa", str(folder / "theirs.arpa")]
    subprocess.run(command, check=True, capture_output=True)
    return read_arpa(folder / "theirs.arpa")


def by_us(lines: Lines, order: int, folder: Path) -> Entries:
    """With lmplz's vocabulary, which holds an `<unk>` of count 0, and its counts of counts."""
    tokens = with_ends(lines)
    vocabulary = vocabulary_of(tokens, UNKNOWN)
    stream = stream_of(tokens, vocabulary)
    counts = count_ngrams(training_sequence(stream.ids, vocabulary, "sentence"), len(vocabulary), order)
    adjusted = adjusted_counts(counts)
    last = last_ngrams(lines, order)
    discounts = [discounts_of_lmplz(each, *last[n]) for n, each in enumerate(adjusted)]
    write_arpa(interpolate(counts, adjusted, discounts), vocabulary.tokens, folder / "ours.arpa")
    return read_arpa(folder / "ours.arpa")


def last_ngrams(lines: Lines, order: int) -> list[tuple[int, int]]:
    """Adjusted count and count of the n-gram of each order that ends lmplz's pass over the n-grams.

    Below the highest order its statistics take the count for the adjusted count there. Its order is that
    of the ids read from right to left, and its ids go by first appearance after `<unk>`, `<s>`, `</s>`.
    """
    ids = {"<s>": 1, END: 2}
    for line in lines:
        for word in line:
            ids.setdefault(word, len(ids) + 2)
    largest = max(ids[word] for word in [END, *(word for line in lines for word in line)])
    endings = Counter()  # histories of the largest id, read from right to left
    for line in lines:
        read = [1, *(ids[word] for word in [*line, END])]
        for place, word in enumerate(read):
            if word == largest:
                endings[tuple(read[max(0, place - order + 1) : place + 1][::-1])] += 1
    last = max(endings)
    found = []
    for n in range(1, order + 1):
        same = Counter({ending: count for ending, count in endings.items() if ending[:n] == last[:n]})
        count = sum(same.values())
        lefts = len({ending[n] for ending in same if len(ending) > n})
        whole = n < order and len(last) >= n
        found.append((count if last[n - 1 : n] == (1,) else lefts, count) if whole else (0, 0))
    return found


def discounts_of_lmplz(adjusted: np.ndarray, last_adjusted: int, last: int) -> tuple[float, float, float]:
    n = [0, *counts_of_counts(adjusted)]
    if 0 < last_adjusted < 5:
        n[last_adjusted] -= 1
    if 0 < last < 5:
        n[last] += 1
    if min(n[1:4]) == 0:
        return FALLBACK
    y = n[1] / (n[1] + 2 * n[2])
    d1, d2, d3 = (i - (i + 1) * y * n[i + 1] / n[i] for i in (1, 2, 3))
    return (d1, d2, d3) if all(0 <= d <= i for i, d in enumerate((d1, d2, d3), 1)) else FALLBACK


def assert_same(ours: Entries, theirs: Entries) -> None:
    assert ours.keys() == theirs.keys()
    del ours["<s>"], theirs["<s>"]
    words = list(ours)
    apart = np.array([ours[word] for word in words]) - np.array([theirs[word] for word in words])
    assert np.abs(apart).max() <= 1e-6, words[np.abs(apart).max(axis=1).argmax()]


@settings(deadline=None, max_examples=30)
@given(lines=small_texts, order=st.integers(2, 6))
def test_small_texts(lines: Lines, order: int) -> None:
    assume(any(lines))
    with tempfile.TemporaryDirectory() as folder:
        theirs = by_lmplz(lines, order, Path(folder))
        assume(all(math.isfinite(weight) for _, weight in theirs.values()))  # a discount of exactly 0
        assert_same(by_us(lines, order, Path(folder)), theirs)


@pytest.mark.slow
def test_penn_treebank(tmp_path: Path) -> None:
    """A third of it, for time. `<unk>` is renamed, as lmplz refuses it in a text."""
    train = penn_treebank()["train"].head(300_000)
    names = np.array([word.replace(UNKNOWN, "<rare>") for word in train.vocabulary.tokens], dtype=object)
    places = zip(train.lines, train.lines[1:] - 1, strict=False)
    lines = [names[train.ids[start:stop]].tolist() for start, stop in places]
    assert_same(by_us(lines, 5, tmp_path), by_lmplz(lines, 5, tmp_path))


@pytest.mark.parametrize("order", [2, 4])
def test_a_model_of_lmplz_keeps_the_contract(order: int) -> None:
    pytest.importorskip("kenlm")
    findings = check_model(lambda: KenLM(order=order, lmplz=LMPLZ))
    assert [finding for finding in findings if finding.problem] == []
