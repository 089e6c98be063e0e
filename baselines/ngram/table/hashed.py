"""A backoff table in hash tables: about 24 bytes an n-gram, for texts that are to be scored fast.

A trie takes several steps through memory for an n-gram, each of which waits for the one before. Here it is
one step: to a slot with a hash of the n-gram beside its numbers, as in KenLM's probing tables (Heafield
2011). The search is machine code (see `compiled`). Scores are those of the trie, bit for bit.

Input: a `BackoffTable`. Output: ln p of every word of a sequence.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from baselines.ngram.table.backoff import BackoffTable
from baselines.ngram.table.compiled import SlotLoops, slot_loops
from baselines.ngram.table.hashes import extended, mixed
from benchmark.errors import UserError

_FULL = 2 / 3  # of the slots are taken
_BLOCK = 1 << 16  # places scored at a time: their arrays fit a core's cache


@dataclass(frozen=True)
class HashedTable:
    """n-grams of orders 1 to N over `words` words.

    - `unigrams` float32 [words + 1, 2]: ln p* and ln b of each word, then of `<s>` (ln p* 0).
    - `slots[n − 2]` uint64 [slots, 2], n = 2 … N: the hash of an n-gram, or 0; then its ln p* and ln b, two
      float32. An n-gram is in its home (see `homes`, below `sizes[n − 2]`), or behind it, with no empty slot
      between.

    An n-gram that is not stored is taken for one that is if 63 bits of their hashes are the same. With 10⁸
    n-grams, that happens once in 10¹¹ lookups.
    """

    words: int
    unigrams: np.ndarray
    slots: tuple[np.ndarray, ...]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, table: BackoffTable) -> HashedTable:
        """Raises UserError where there is no machine code and nothing to make it with."""
        loops = slot_loops()
        unigrams = np.zeros((table.words + 1, 2), dtype=np.float32)
        unigrams[:-1, 0] = table.log_probs[0]
        if table.order > 1:
            unigrams[:, 1] = table.log_backoffs[0]
        by_word = mixed(np.arange(table.words + 1))
        hashes, slots, sizes = by_word, [], []
        for n in range(2, table.order + 1):
            hashes = extended(hashes[table.contexts_of(n)], by_word[table.words_of(n)])
            sizes.append(int(len(hashes) / _FULL) + 1)
            slots.append(_filled(hashes, table, n, sizes[-1], loops))
        return cls(table.words, unigrams, tuple(slots), tuple(sizes))

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return self.unigrams.nbytes + sum(each.nbytes for each in self.slots)

    def score(self, sequence: np.ndarray) -> np.ndarray:
        """As `BackoffTable.score`: ln p of each word given those before it, 0 for `<s>` and gaps."""
        scores, loops = np.empty(len(sequence), dtype=np.float32), slot_loops()
        for start in range(0, len(sequence), _BLOCK):
            before = max(0, start - len(self.slots))
            block = sequence[before : start + _BLOCK].astype(np.int32)
            scores[start : start + _BLOCK] = self._score_block(block, loops)[start - before :]
        scores[sequence >= self.words] = 0
        return scores

    def _score_block(self, sequence: np.ndarray, loops: SlotLoops) -> np.ndarray:
        """ln p of each word given those before it in the block: float64."""
        numbers = self.unigrams.take(sequence, axis=0, mode="clip")
        scores, weights = numbers[:, 0].astype(np.float64), numbers[:, 1].astype(np.float64)
        is_word, stored = (each.view(np.uint8) for each in (sequence < self.words, sequence <= self.words))
        words = mixed(sequence)
        hashes = words.copy()
        for slots, size in zip(self.slots, self.sizes, strict=True):
            flat = slots.reshape(-1)
            of_slots = flat, flat.view(np.float32), np.uint64(size), len(sequence)
            loops.extend_level(*of_slots, is_word, words, hashes, stored, scores, weights)
        return scores

    def save(self, folder: Path) -> None:
        """Write each array as a `.npy` file."""
        np.save(folder / "hashed.1.npy", self.unigrams, allow_pickle=False)
        for n, (slots, size) in enumerate(zip(self.slots, self.sizes, strict=True), 2):
            np.save(folder / f"hashed.{n}.npy", slots, allow_pickle=False)
            np.save(folder / f"hashed_size.{n}.npy", np.array([size]), allow_pickle=False)

    @classmethod
    def load(cls, folder: Path, table: BackoffTable) -> HashedTable:
        """Map what `save` wrote beside `table`. Raises UserError for a file that is missing or damaged."""
        from baselines.ngram.table.files import read_array

        unigrams = read_array(folder / "hashed.1.npy", (np.float32,), (table.words + 1, 2))
        slots, sizes = [], []
        for n in range(2, table.order + 1):
            path = folder / f"hashed.{n}.npy"
            slots.append(read_array(path, (np.uint64,), (None, 2)))
            sizes.append(int(read_array(folder / f"hashed_size.{n}.npy", (np.int64,), (1,))[0]))
            if not 0 < sizes[-1] < len(slots[-1]) or slots[-1][-1, 0]:  # where a search ends
                raise UserError(f"{path} is damaged: make the index again")
        return cls(table.words, unigrams, tuple(slots), tuple(sizes))


def _filled(hashes: np.ndarray, table: BackoffTable, n: int, size: int, loops: SlotLoops) -> np.ndarray:
    """The slots of one order: uint64 [more than size, 2], the last one empty."""
    values = np.zeros((len(hashes), 2), dtype=np.float32)
    values[:, 0] = table.log_probs[n - 1][:]
    if n < table.order:
        values[:, 1] = table.log_backoffs[n - 1][:]
    slots = np.zeros((size + len(hashes) + 1, 2), np.uint64)  # what is not touched takes no memory
    in_one = values.view(np.uint64).reshape(-1)
    last = int(loops.fill_hashes(slots.reshape(-1), np.uint64(size), hashes, in_one, len(hashes)))
    if last < 0:
        raise UserError("two n-grams of this model have the same hash, so that it can have no index")
    return slots[: max(size, last + 1) + 1]
