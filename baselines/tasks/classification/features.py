"""Texts as bags of n-grams: sparse rows of counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Self

import numpy as np

from baselines.tasks.saved import read_array
from baselines.tasks.symbols import PADDING, UNKNOWN, Symbols
from benchmark.contract import Bounds
from benchmark.errors import UserError
from benchmark.task.items import Input

#: The longest n-grams that are counted. The key of a longer one would not fit into 64 bits.
Order = Annotated[int, Bounds(ge=1, le=3)]
#: The largest vocabulary whose trigrams have keys below 2⁶³.
_MOST_SYMBOLS = 2_097_151


@dataclass(frozen=True)
class Rows:
    """A sparse matrix: how often each text has each feature.

    `columns` (int64 [entries]) and `counts` (float64 [entries]) are those of the first text, then those of
    the second, and so on; `rows` (int64 [entries]) says whose they are. A text has an entry a distinct
    feature.
    """

    texts: int
    features: int
    rows: np.ndarray
    columns: np.ndarray
    counts: np.ndarray

    def times(self, weights: np.ndarray) -> np.ndarray:
        """The product with weights [features, classes]: float64 [texts, classes].

        Each text's sum is taken in the order of its own entries, so no other text has a part in it.
        """
        return np.stack([self.dot(column) for column in weights.T], axis=1)

    def dot(self, weights: np.ndarray) -> np.ndarray:
        """The product with weights [features]: float64 [texts]."""
        return np.bincount(self.rows, self.counts * weights[self.columns], minlength=self.texts)

    def transposed_dot(self, of_texts: np.ndarray) -> np.ndarray:
        """Σ over the texts of their counts times `of_texts` [texts]: float64 [features]."""
        return np.bincount(self.columns, self.counts * of_texts[self.rows], minlength=self.features)

    def sums(self, groups: np.ndarray, number: int) -> np.ndarray:
        """The counts of each feature in each of `number` groups of texts: float64 [features, groups]."""
        places = self.columns * number + groups[self.rows]
        sums = np.bincount(places, self.counts, minlength=self.features * number)
        return sums.reshape(self.features, number)

    def distinct(self) -> Rows:
        """The same with every count 1: whether a text has a feature, not how often."""
        return Rows(self.texts, self.features, self.rows, self.columns, np.ones_like(self.counts))


@dataclass(frozen=True)
class Ngrams:
    """The features of a collection of texts: all its n-grams of the orders 1 to n.

    Before and behind a text stands an edge, which is part of n-grams of two tokens or more: what a question
    begins with is a feature. `keys` holds, for each order, the n-grams as numbers in base len(tokens),
    ascending.
    """

    tokens: Symbols
    keys: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, texts: Sequence[Input], order: int) -> Self:
        """The n-grams of up to `order` tokens that occur in some texts."""
        tokens = Symbols.of(token for text in texts for token in text.tokens)
        if len(tokens) > _MOST_SYMBOLS:
            raise UserError(
                f"{len(tokens):,} distinct tokens are too many: up to {_MOST_SYMBOLS:,} are counted"
            )
        bare = cls(tokens, ())
        return cls(tokens, tuple(np.unique(bare._keys(texts, n)[1]) for n in range(1, order + 1)))

    def __len__(self) -> int:
        return sum(map(len, self.keys))

    @cached_property
    def _offsets(self) -> list[int]:
        return [0, *np.cumsum([len(keys) for keys in self.keys]).tolist()]

    def rows(self, texts: Sequence[Input]) -> Rows:
        """The counts of the features in some texts. An n-gram that is no feature is left out."""
        places = []
        for n, known in enumerate(self.keys, 1):
            rows, keys = self._keys(texts, n)
            found = np.searchsorted(known, keys)
            found[found == len(known)] = 0
            held = known[found] == keys if len(known) else np.zeros(len(keys), dtype=bool)
            places.append(rows[held] * len(self) + found[held] + self._offsets[n - 1])
        cells, counts = np.unique(np.concatenate(places), return_counts=True)
        rows, columns = np.divmod(cells, max(len(self), 1))
        return Rows(len(texts), len(self), rows, columns, counts.astype(np.float64))

    def _keys(self, texts: Sequence[Input], n: int) -> tuple[np.ndarray, np.ndarray]:
        """The text and the key of every n-gram without an unknown token: int64 [n-grams] each."""
        rows, keys = [], []
        edge = [PADDING] * (n > 1)
        for row, text in enumerate(texts):
            ids = np.array([*edge, *self.tokens.numbers(text.tokens), *edge], dtype=np.int64)
            places = max(len(ids) - n + 1, 0)
            key = np.zeros(places, dtype=np.int64)
            known = np.ones(places, dtype=bool)
            for start in range(n):
                part = ids[start : start + places]
                key = key * len(self.tokens) + part
                known &= part != UNKNOWN
            keys.append(key[known])
            rows.append(np.full(int(known.sum()), row, dtype=np.int64))
        empty = [np.empty(0, dtype=np.int64)]
        return np.concatenate(rows or empty), np.concatenate(keys or empty)

    def save(self, folder: Path) -> None:
        """Write the tokens as JSON and the n-grams of each order as an array."""
        self.tokens.save(folder / "tokens.json")
        for n, keys in enumerate(self.keys, 1):
            np.save(folder / f"ngrams.{n}.npy", keys, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, order: int) -> Self:
        """The features that `save` wrote. Raises Unreadable."""
        tokens = Symbols.load(folder / "tokens.json")
        keys = tuple(read_array(folder / f"ngrams.{n}.npy", np.int64) for n in range(1, order + 1))
        return cls(tokens, keys)
