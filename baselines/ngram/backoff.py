"""The form every smoothed n-gram model ends in: probabilities of stored n-grams, and backoff weights.

With h' the context h without its first word (Katz 1987; the form of an ARPA file):

    p(w | h) = p*(h w)            if h w is stored,
             = b(h) · p(w | h')   if not, and h is stored,
             = p(w | h')          if h is not stored.

An interpolated model has this form too: p* is then the interpolated probability, and b(h) the weight of
the lower order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from baselines.ngram.counts import OrderCounts
from baselines.ngram.keys import ABSENT, extend, find, index_type, last_words

_BLOCK = 1 << 20  # positions scored at a time
_ROWS = 256  # dense rows formed at a time


@dataclass(frozen=True)
class BackoffTable:
    """n-grams of orders 1 to N over `words` words, natural logarithms.

    `keys[n − 2]` int64 [count of n-grams], ascending, for n = 2 … N (see `baselines.ngram.keys`);
    `log_probs[n − 1]` float32, ln p*, one for each key (order 1: one for each word);
    `log_backoffs[n − 1]` float32, ln b, one for each key, for n < N (order 1: each word, then `<s>`).

    A sequence handed to it holds words, `<s>` (the id `words`) and gaps (`words` + 1), which end a
    history without beginning another.
    """

    words: int
    keys: tuple[np.ndarray, ...]
    log_probs: tuple[np.ndarray, ...]
    log_backoffs: tuple[np.ndarray, ...]

    @classmethod
    def of(
        cls, counts: list[OrderCounts], log_probs: list[np.ndarray], log_backoffs: list[np.ndarray]
    ) -> BackoffTable:
        """The table of counted n-grams, given ln p* of each and ln b of each below the highest order."""
        words = counts[0].words
        return cls(
            words,
            tuple(ngrams.keys for ngrams in counts[1:]),
            (log_probs[0][:words].astype(np.float32), *(each.astype(np.float32) for each in log_probs[1:])),
            tuple(each.astype(np.float32) for each in log_backoffs),
        )

    @property
    def order(self) -> int:
        return len(self.log_probs)

    @property
    def entries(self) -> int:
        """Stored n-grams, all orders."""
        return sum(map(len, self.log_probs))

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for arrays in self._arrays().values() for array in arrays)

    def score(self, sequence: np.ndarray) -> np.ndarray:
        """ln p of each word of a sequence given those before it: float32 (0 for `<s>` and gaps)."""
        scores = np.empty(len(sequence), dtype=np.float32)
        for start in range(0, len(sequence), _BLOCK):
            reach = max(0, start - self.order + 1)
            block = self._score_block(sequence[reach : start + _BLOCK])
            scores[start : start + _BLOCK] = block[start - reach :]
        return scores

    def _score_block(self, sequence: np.ndarray) -> np.ndarray:
        unigrams = np.concatenate([self.log_probs[0], np.zeros(2, dtype=np.float32)])
        scores = unigrams[sequence].astype(np.float64)
        shorter = self._unigram_nodes(sequence)
        for n in range(2, self.order + 1):
            positions, ids = self._longer(shorter, sequence, n)
            backed_off = scores[positions] + self.log_backoffs[n - 2][shorter[positions - 1]]
            stored = self.log_probs[n - 1][ids] if len(self.log_probs[n - 1]) else 0.0
            scores[positions] = np.where(ids != ABSENT, stored, backed_off)
            shorter = _scatter(positions, ids, len(sequence))
        return scores

    def rows(self, histories: list[np.ndarray]) -> np.ndarray:
        """ln p of every word after each history: float32 [histories, words]."""
        rows = np.empty((len(histories), self.words), dtype=np.float32)
        for start in range(0, len(histories), _ROWS):
            rows[start : start + _ROWS] = self._row_block(histories[start : start + _ROWS])
        return rows

    def _row_block(self, histories: list[np.ndarray]) -> np.ndarray:
        gap = np.array([self.words + 1])
        sequence = np.concatenate([part for history in histories for part in (gap, history)])
        last = np.cumsum([len(history) + 1 for history in histories]) - 1
        rows = np.tile(self.log_probs[0].astype(np.float64), (len(histories), 1))
        for n, nodes in zip(range(1, self.order), self._nodes(sequence), strict=False):
            ids = nodes[last]
            known = np.flatnonzero(ids != ABSENT)
            rows[known] += self.log_backoffs[n - 1][ids[known], None]
            children, owner = self._children(ids[known], n)
            word = last_words(self.keys[n - 1][children], self.words)
            rows[known[owner], word] = self.log_probs[n][children]
        return rows

    def _children(self, ids: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        """The (n+1)-grams that continue the n-grams `ids`, and for each the index of its n-gram in `ids`."""
        contexts = ids.astype(np.int64)
        first = np.searchsorted(self.keys[n - 1], contexts * (self.words + 1))
        stop = np.searchsorted(self.keys[n - 1], (contexts + 1) * (self.words + 1))
        owner = np.repeat(np.arange(len(ids)), stop - first)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(stop - first) - (stop - first), stop - first)
        return first[owner] + within, owner

    def _nodes(self, sequence: np.ndarray) -> Iterator[np.ndarray]:
        """For n = 1, 2, …: the id of the n-gram that ends at each position, ABSENT where none is stored."""
        nodes = self._unigram_nodes(sequence)
        for n in range(2, self.order + 1):
            yield nodes
            nodes = _scatter(*self._longer(nodes, sequence, n), len(sequence))

    def _unigram_nodes(self, sequence: np.ndarray) -> np.ndarray:
        return np.where(sequence <= self.words, sequence, ABSENT)

    def _longer(self, shorter: np.ndarray, sequence: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Where an (n−1)-gram is followed by a word, and the id of the n-gram they make, or ABSENT."""
        positions, keys = extend(shorter, sequence, self.words)
        return positions, find(self.keys[n - 2], keys)

    def _arrays(self) -> dict[str, tuple[np.ndarray, ...]]:
        return {"keys": self.keys, "log_probs": self.log_probs, "log_backoffs": self.log_backoffs}

    def save(self, folder: Path) -> None:
        """Write each array as `NAME.ORDER.npy`."""
        for name, arrays in self._arrays().items():
            first = 2 if name == "keys" else 1
            for n, array in enumerate(arrays, first):
                np.save(folder / f"{name}.{n}.npy", array, allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, words: int, order: int) -> BackoffTable:
        """Read what `save` wrote."""

        def read(name: str, first: int, last: int) -> tuple[np.ndarray, ...]:
            return tuple(
                np.load(folder / f"{name}.{n}.npy", allow_pickle=False) for n in range(first, last + 1)
            )

        return cls(
            words, read("keys", 2, order), read("log_probs", 1, order), read("log_backoffs", 1, order - 1)
        )


def _scatter(positions: np.ndarray, ids: np.ndarray, length: int) -> np.ndarray:
    nodes = np.full(length, ABSENT, dtype=index_type(length))
    nodes[positions] = ids
    return nodes
