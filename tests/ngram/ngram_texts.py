"""Texts as token streams, and a slow plain-Python modified Kneser-Ney to compare with."""

from __future__ import annotations

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st

from benchmark.contract import RunLog, TokenStream, Vocabulary
from benchmark.corpus import END, UNKNOWN

Lines = list[list[str]]

#: For tests of loops in machine code.
NEEDS_LOOPS = pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine != "x86_64", reason="loops are compiled for Linux on x86-64"
)

#: Degenerate texts come up often: one line, one word, repeated lines, empty lines.
small_texts = st.integers(1, 5).flatmap(
    lambda words: st.lists(st.lists(st.sampled_from("abcde"[:words]), max_size=8), min_size=1, max_size=12)
)


#: A few sentences, one of them empty.
SENTENCES = ["the cat sat", "the dog sat down", "a cat", "", "the cat sat down", "a dog sat"] * 4


class Notes(RunLog):
    """Keeps what a model says while it is fitted."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.done: list[tuple[int, int]] = []

    def info(self, message: str) -> None:
        self.messages.append(message)

    def progress(self, done: int, total: int, **figures: float) -> None:
        self.done.append((done, total))


def vocabulary_of(tokens: Iterable[str], *extra: str) -> Vocabulary:
    """Most frequent first; `extra` tokens are added with count 0."""
    counts = Counter(tokens)
    counts.update(dict.fromkeys(extra, 0))
    ranked = counts.most_common()
    return Vocabulary(tuple(word for word, _ in ranked), np.array([count for _, count in ranked]))


def with_ends(lines: Lines) -> list[str]:
    return [word for line in lines for word in [*line, END]]


def stream_of(tokens: Sequence[str], vocabulary: Vocabulary | None = None) -> TokenStream:
    """Encoded tokens; the vocabulary, unless given, holds them and `<unk>`."""
    vocabulary = vocabulary or vocabulary_of(tokens, UNKNOWN)
    return TokenStream.from_ids(vocabulary.encode(tokens).astype(np.uint16), vocabulary)


@cache
def penn_treebank() -> dict[str, TokenStream]:
    """Splits of the Penn Treebank, one `</s>` a line. Skips the test where the corpora are missing."""
    folder = Path(os.environ.get("NEXTWORD_CORPORA", "")) / "ptb"
    if not (folder / "ptb.train.txt").is_file():
        pytest.skip("needs the Penn Treebank at $NEXTWORD_CORPORA/ptb/ptb.{train,valid,test}.txt")
    tokens = {
        split: with_ends([line.split() for line in (folder / f"ptb.{split}.txt").open(encoding="utf-8")])
        for split in ("train", "valid", "test")
    }
    vocabulary = vocabulary_of(tokens["train"])
    return {split: stream_of(words, vocabulary) for split, words in tokens.items()}


def perplexity(log_probs: np.ndarray) -> float:
    return float(np.exp(-log_probs.mean(dtype=np.float64)))


class ReferenceKneserNey:
    """Interpolated modified Kneser-Ney from the formulas, on dictionaries (Chen & Goodman 1998)."""

    def __init__(self, histories: list[list[str]], vocabulary: Sequence[str], order: int) -> None:
        self.size, self.order = len(vocabulary), order
        raw = [
            Counter(
                tuple(line[i : i + n])
                for line in (["<s>", *words] for words in histories)
                for i in range(len(line) - n + 1)
                if line[i + n - 1] != "<s>"
            )
            for n in range(1, order + 1)
        ]
        self.followers: list[dict[tuple[str, ...], dict[str, int]]] = []
        self.discounts = []
        for n in range(1, order + 1):
            adjusted = raw[n - 1]
            if n < order:
                lefts = Counter(longer[1:] for longer in raw[n])
                adjusted = Counter({g: c if g[0] == "<s>" else lefts[g] for g, c in raw[n - 1].items()})
            by_context: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
            for gram, count in adjusted.items():
                by_context[gram[:-1]][gram[-1]] = count
            self.followers.append(by_context)
            self.discounts.append(self._discounts(Counter(adjusted.values())))

    @staticmethod
    def _discounts(seen: Counter[int]) -> list[float]:
        try:
            y = seen[1] / (seen[1] + 2 * seen[2])
            amounts = [i - (i + 1) * y * seen[i + 1] / seen[i] for i in (1, 2, 3)]
        except ZeroDivisionError:
            return [0, 0.5, 1.0, 1.5]
        usable = seen[2] and all(0 < amount <= i for i, amount in enumerate(amounts, 1))
        return [0, *amounts] if usable else [0, 0.5, 1.0, 1.5]

    def probability(self, word: str, history: Sequence[str]) -> float:
        """p(word | the last order − 1 words of history, `<s>` among them)."""
        return self._interpolated(word, tuple(history)[-(self.order - 1) :] if self.order > 1 else ())

    def _interpolated(self, word: str, context: tuple[str, ...]) -> float:
        lower = self._interpolated(word, context[1:]) if context else 1 / self.size
        counts = self.followers[len(context)].get(context)
        if not counts:
            return lower
        discounts, total = self.discounts[len(context)], sum(counts.values())
        taken = {w: discounts[min(count, 3)] for w, count in counts.items()}
        return (counts.get(word, 0) - taken.get(word, 0)) / total + sum(taken.values()) / total * lower
