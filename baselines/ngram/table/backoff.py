"""The final form of every smoothed n-gram model: probabilities of stored n-grams, and backoff weights.

With h' the context h without its first word (Katz 1987; the form of an ARPA file):

    p(w | h) = p*(h w)            if h w is stored,
             = b(h) · p(w | h')   if not, and h is stored,
             = p(w | h')          if h is not stored.

An interpolated model has this form too: p* is then the interpolated probability, and b(h) the weight of
the lower order.

Input of `BackoffTable.of`: the n-grams of each order, from 1 up, sorted by context and then by last word (the
order of `OrderCounts`), with natural logarithms in the same order. The table keeps this order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from baselines.ngram.counting.counts import OrderCounts
from baselines.ngram.sorting import files
from baselines.ngram.sorting.room import IN_MEMORY, Room
from baselines.ngram.table.continuations import FULL_WIDTH, Continuations
from baselines.ngram.table.ids import ABSENT
from baselines.ngram.table.in_files import take
from baselines.ngram.table.searched import compiled_trie

if TYPE_CHECKING:
    from baselines.ngram.table.codebook import Numbers
    from baselines.ngram.table.kept_rows import KeptRows

_BLOCK = 1 << 16  # positions scored at a time: their arrays fit a core's cache
_BLOCK_OF_FILES = 1 << 19  # if the table is in files, each block goes through all of them
_SEARCHED = 1 << 12  # contexts of dense rows searched for at a time: a search takes many small steps
_ROWS = 256  # dense rows computed at a time, at most …
_CELLS = 1 << 20  # … with so many probabilities in all


@dataclass(frozen=True)
class BackoffTable:
    """n-grams of orders 1 to N over `words` words, natural logarithms.

    - `continuations[n − 2]`: the n-grams of order n = 2 … N, sorted by context and then by last word. An
      n-gram's id is its index.
    - `log_probs[n − 1]` float32 [n-grams]: ln p* of each (order 1: of each word).
    - `log_backoffs[n − 1]` float32 [n-grams]: ln b of each, for n < N (order 1: of each word, then of `<s>`).

    If an n-gram is stored, so are its context (all but the last word) and its suffix (all but the first).
    Sequences to be scored hold words, `<s>` (the id `words`) and gaps (`words` + 1), which end a history
    without beginning another.
    """

    words: int
    continuations: tuple[Continuations, ...]
    log_probs: tuple[Numbers, ...]
    log_backoffs: tuple[Numbers, ...]

    @classmethod
    def of(
        cls,
        counts: list[OrderCounts],
        log_probs: list[np.ndarray],
        log_backoffs: list[np.ndarray],
        room: Room = IN_MEMORY,
    ) -> BackoffTable:
        """The table of these n-grams, whose `counts` are not used.

        `log_probs[n − 1]` float [n-grams]: ln p* of each n-gram of order n, in the order of `counts`.
        `log_backoffs[n − 1]` float [n-grams]: ln b of each n-gram below the highest order, as a context.
        `room`: where the n-grams are kept.
        """
        words = counts[0].words
        continuations = tuple(
            Continuations.of(ngrams.contexts, ngrams.last_words, len(shorter), n > FULL_WIDTH, room)
            for n, (shorter, ngrams) in enumerate(pairwise(counts), 2)
        )
        log_probs = [log_probs[0][:words], *log_probs[1:]]
        return cls(words, continuations, _float32(log_probs), _float32(log_backoffs))

    def __reduce__(self) -> tuple[Any, ...]:
        return BackoffTable, (self.words, self.continuations, self.log_probs, self.log_backoffs)

    @property
    def order(self) -> int:
        """n of the longest n-grams."""
        return len(self.log_probs)

    @property
    def ngrams(self) -> list[int]:
        """How many n-grams of each order are stored."""
        return [len(each) for each in self.log_probs]

    @property
    def entries(self) -> int:
        """Stored n-grams, all orders."""
        return sum(self.ngrams)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(self.nbytes_by_order)

    @property
    def nbytes_by_order(self) -> list[int]:
        """Bytes of the arrays of each order: n-grams (from order 2 up), ln p* and ln b (below order N)."""
        sizes = [each.nbytes for each in self.log_probs]
        for n, each in enumerate(self.continuations, 2):
            sizes[n - 1] += each.nbytes
        for n, weights in enumerate(self.log_backoffs, 1):
            sizes[n - 1] += weights.nbytes
        return sizes

    def compacted(self) -> BackoffTable:
        """The same table, bit for bit, in fewer bytes, which takes longer to look up: n-grams as
        `Continuations.compacted` has them, and the weights that most contexts have in a byte each."""
        from baselines.ngram.table.escaped import EscapedArray  # few tables are compacted

        weights = []
        for each in self.log_backoffs:
            escaped = EscapedArray.of(each) if isinstance(each, np.ndarray) else each
            weights.append(escaped if escaped.nbytes < each.nbytes else each)
        continuations = tuple(each.compacted() for each in self.continuations)
        return BackoffTable(self.words, continuations, self.log_probs, tuple(weights))

    def words_of(self, n: int) -> np.ndarray:
        """Last word of each n-gram of order n (order 1: every word, then `<s>`): integers [n-grams]."""
        return self.continuations[n - 2].words.all() if n > 1 else np.arange(self.words + 1)

    def contexts_of(self, n: int) -> np.ndarray:
        """Id of the context of each n-gram of order n ≥ 2: integers [n-grams], ascending."""
        return self.continuations[n - 2].contexts()

    def score(self, sequence: np.ndarray) -> np.ndarray:
        """ln p of each word of a sequence given those before it: float32 [sequence], 0 for `<s>` and gaps."""
        scores = np.empty(len(sequence), dtype=np.float32)
        unigrams = np.concatenate([self.log_probs[0], np.zeros(2)], dtype=np.float64)
        size, score_block = _BLOCK, self._score_block
        if files.in_file(self.log_probs[-1]):
            size = _BLOCK_OF_FILES
        elif trie := compiled_trie(self.words, self.continuations, self.log_probs, self.log_backoffs):
            size, score_block = trie.BLOCK, trie.score_block
        for start in range(0, len(sequence), size):
            reach = max(0, start - self.order + 1)
            block = sequence[reach : start + size].astype(np.int32)
            scores[start : start + size] = score_block(block, unigrams.take(block))[start - reach :]
            files.forget(sequence)
        scores[sequence >= self.words] = 0
        return scores

    def _score_block(self, sequence: np.ndarray, scores: np.ndarray) -> np.ndarray:
        """ln p of each word given those before it in the block: float64; `scores` are those given none."""
        scores = np.append(scores, 0)
        for n, (ends, ids, missing, contexts) in enumerate(self._extensions(sequence), 2):
            scores[ends] = take(self.log_probs[n - 1], ids)
            scores[missing] += take(self.log_backoffs[n - 2], contexts)
        return scores[:-1]

    def _extensions(self, sequence: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
        """For n = 2, 3, …, looks at the places in `sequence` right after a stored (n−1)-gram.

        Yields the places (int64) where the n-gram that ends there is stored too, and its id; and the places
        where it is not stored, and the id of that (n−1)-gram. One place follows the last token.
        """
        sequence = np.append(sequence, np.int32(self.words + 1))
        ends = np.flatnonzero(sequence <= self.words)
        ids = sequence.take(ends).astype(np.int64)
        # an n-gram is stored only if its suffix is: elsewhere there is no word to look for
        wanted = np.where(sequence < self.words, sequence, np.int32(ABSENT))
        for continuations in self.continuations:
            places = ends + 1
            found, longer, lacking = continuations.find(ids, wanted.take(places))
            ends = places.take(found)
            yield ends, longer, places.take(lacking), ids.take(lacking)
            ids = longer
            wanted = np.full(len(sequence), ABSENT, dtype=np.int32)
            wanted[ends] = sequence.take(ends)

    def rows(self, histories: list[np.ndarray]) -> np.ndarray:
        """ln p of every word after each history: float32 [histories, words]."""
        rows = np.empty((len(histories), self.words), dtype=np.float32)
        size = max(1, min(_ROWS, _CELLS // self.words))
        gap = np.array([self.words + 1])
        for start in range(0, len(histories), size):
            some = histories[start : start + size]
            sequence = np.concatenate([part for history in some for part in (gap, history)])
            last = np.cumsum([len(history) + 1 for history in some]) - 1
            self._fill(rows[start : start + size], self._contexts(sequence, last))
        return rows

    def distributions(self, sequence: np.ndarray, places: np.ndarray, rows: int) -> Iterator[np.ndarray]:
        """ln p of every word at each of `places` in a sequence, given those before it.

        Blocks float32 [at most `rows`, words]. `places` int64 are indices of words.
        """
        back = np.arange(max(1, self.order - 1), 0, -1)
        together = rows * max(1, _SEARCHED // rows)
        for start in range(0, len(places), together):
            some = places[start : start + together]
            before = some[:, None] - back
            windows = np.where(before >= 0, sequence.take(before, mode="clip"), self.words + 1)
            windows = np.insert(windows.astype(np.int64), 0, self.words + 1, axis=1)
            contexts = self._contexts(windows.ravel(), np.arange(1, len(some) + 1) * windows.shape[1] - 1)
            for first in range(0, len(some), rows):
                block = np.empty((min(rows, len(some) - first), self.words), dtype=np.float32)
                self._fill(block, [ids[first : first + rows] for ids in contexts])
                yield block

    def _fill(self, rows: np.ndarray, contexts: list[np.ndarray]) -> None:
        """Write the rows of histories with these `_contexts`: what shorter ones store, then longer ones."""
        if not contexts:
            rows[:] = self.log_probs[0]
            return
        stored = [np.flatnonzero(ids != ABSENT) for ids in contexts]
        longer = np.zeros((len(contexts) + 1, len(rows)))  # Σ ln b of the contexts longer than n words
        for n in range(len(contexts), 1, -1):
            known = stored[n - 1]
            longer[n - 1] = longer[n]
            longer[n - 1, known] += self.log_backoffs[n - 1].take(contexts[n - 1][known])
        backed_off = longer.astype(np.float32)
        for row, base, own in zip(rows, self._after_one.of(contexts[0]), backed_off[1], strict=True):
            np.add(base, own, out=row)
        for n in range(2, len(contexts) + 1):
            self._put(rows, n, stored[n - 1], contexts[n - 1][stored[n - 1]], backed_off[n])

    @cached_property
    def _after_one(self) -> KeptRows:
        """ln p of every word after each word (ABSENT: after none), by its id."""
        from baselines.ngram.table.kept_rows import KeptRows  # it needs threads, and scoring a text does not

        def rows(words: np.ndarray) -> np.ndarray:
            rows = np.tile(np.asarray(self.log_probs[0], dtype=np.float32), (len(words), 1))
            known = np.flatnonzero(words != ABSENT)
            rows[known] += self.log_backoffs[0].take(words[known])[:, None]
            self._put(rows, 1, known, words[known], np.zeros(len(words), dtype=np.float32))
            return rows

        return KeptRows(rows, self.words)

    def _put(
        self, rows: np.ndarray, n: int, owners: np.ndarray, contexts: np.ndarray, shift: np.ndarray
    ) -> None:
        """Write what follows `contexts` of n words into the rows `owners`, shifted by `shift` of each row."""
        children, owner = self.continuations[n - 1].of_contexts(contexts)
        values = self.log_probs[n].take(children)
        values += shift.take(owners).take(owner)
        cells = (owners * self.words).take(owner)
        cells += self.continuations[n - 1].words.take(children)
        rows.reshape(-1)[cells] = values

    def _contexts(self, sequence: np.ndarray, last: np.ndarray) -> list[np.ndarray]:
        """For n = 1 … N − 1: the id of the n words up to each index `last`, ABSENT if they are not stored."""
        contexts = [np.where(sequence[last] <= self.words, sequence[last], ABSENT)]
        for ends, ids, _, _ in self._extensions(sequence):
            by_end = np.full(len(sequence), ABSENT)
            by_end[ends] = ids
            contexts.append(by_end[last])
        return contexts[: self.order - 1]

    def save(self, folder: Path) -> None:
        """Write each array as a `.npy` file, and their sizes as JSON."""
        from baselines.ngram.table.files import write_table

        write_table(folder, self.words, self.continuations, self.log_probs, self.log_backoffs)

    @classmethod
    def load(cls, folder: Path, words: int) -> BackoffTable:
        """Map what `save` wrote into memory. Raises UserError if a file is missing or damaged."""
        from baselines.ngram.table.files import read_table

        return cls(words, *read_table(folder, words))


def _float32(arrays: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    return tuple(each.astype(np.float32, copy=False) for each in arrays)
