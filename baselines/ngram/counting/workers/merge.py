"""Counting by workers: planning the parts, and combining their counts into tables.

Input: a sequence as for `count_ngrams`.

Output: the `Columns` of each order, from 2 up, sorted by context and then by last word.

The rows of the tables come from the parts, in their order. The suffix of an n-gram x s is the (n−1)-gram s,
which is in another part. But the n-grams that begin with x are sorted like their suffixes, so these suffixes
are the ids of all (n−1)-grams that x precedes, in ascending order. Each part reports these ids for its own
(n−1)-grams.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from itertools import pairwise
from typing import Protocol

import numpy as np

from baselines.ngram.counting.workers.count_part import PartCounts, PrefixRange
from baselines.ngram.sorting import files
from baselines.ngram.sorting.ranges import ranges_of_first_words
from baselines.ngram.sorting.storage import Column, Storage
from baselines.ngram.table.ids import check_ngrams

_SMALLEST = 1 << 16  # places of a part, even with little memory
_PLACE_BYTES = 250  # memory for each place of a part, in the worker and in transfer: an upper bound
_CACHED, _PARTS = 1 << 20, 64  # places that a core sorts fast; parts that are not too many
_PARTS_A_WORKER = 2  # for even loads; the text is scanned once for each part
_BLOCK = 1 << 22  # suffixes sorted at a time
_ID_BITS = 32

#: Contexts, last words, counts and suffixes of one order, each int32 [n-grams].
Columns = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


class Workers(Protocol):
    """Who counts the parts."""

    def number(self) -> int:
        """How many parts are counted at the same time."""

    def parts(
        self, sequence: np.ndarray, words: int, order: int, tasks: list[PrefixRange]
    ) -> Generator[PartCounts, None, None]:
        """The counts of the parts, in the order of the tasks; only a few are counted ahead.

        Raises WorkerDied.
        """


def places_at_once(length: int, workers: int, memory: int) -> int:
    """How many places a part of a text of `length` should have. `memory`: bytes for all workers together."""
    fitting = max(_SMALLEST, memory // (workers * _PLACE_BYTES))
    few = max(_CACHED, length // _PARTS)  # for every part, a worker goes through the whole text
    return max(1, min(fitting, few, -(-length // (_PARTS_A_WORKER * workers))))


def plan(sequence: np.ndarray, unigrams: np.ndarray, order: int, places: int) -> list[PrefixRange]:
    """Parts of at most `places` places each, or of one bigram, in ascending order.

    `unigrams` int64 [words + 1]: how often each word, and last `<s>`, occurs. Every place takes `order` + 1
    cells of a worker's text, whose numbers must fit a sort key.
    """
    words, cells = len(unigrams) - 1, order + 1
    tasks = []
    for low, high in ranges_of_first_words(unigrams * cells, places * cells):
        if high - low > 1 or unigrams[low] <= places:
            tasks.append(PrefixRange(low, high, 0, words))
        else:
            after = sequence[1:][sequence[:-1] == low]
            followers = np.bincount(after, minlength=words + 1)[:words]
            seconds = ranges_of_first_words(followers * cells, places * cells)
            tasks += [PrefixRange(low, high, *second) for second in seconds]
    return tasks


class Merge:
    """The growing tables of orders 2 to `order`; parts are added in their order."""

    def __init__(self, unigrams: np.ndarray, order: int, storage: Storage) -> None:
        self.unigrams, self.order, self.storage = unigrams, order, storage
        self.lengths = dict.fromkeys(range(2, order + 1), 0)
        most = int(unigrams.sum())
        self.columns = {n: [storage.column(most) for _ in range(3)] for n in range(2, order + 1)}
        # for the n-grams of each order: the first word and the suffix, part by part, and where parts end
        self.suffixes: dict[int, tuple[Column, Column, list[int]]] = {
            n: (storage.column(most), storage.column(most), [0]) for n in range(3, order + 1)
        }

    def add(self, part: PartCounts) -> None:
        """Append the rows of the next part."""
        offsets = dict(self.lengths)
        for n, (contexts, *rest) in enumerate(part.ngrams, 2):
            values = (contexts + np.int32(offsets[n - 1] if n > 2 else 0), *rest)
            for column, value in zip(self.columns[n], values, strict=True):
                column.append(value)
            self.lengths[n] += len(contexts)
            check_ngrams(self.lengths[n], n)
        for n, (left, ids) in enumerate(part.extensions, 3):
            firsts, suffixes, ends = self.suffixes[n]
            firsts.append(left)
            suffixes.append(ids + np.int32(offsets[n - 1]))
            ends.append(ends[-1] + len(ids))

    def finish(self) -> Iterator[Columns]:
        """The tables order by order; each is released once the next is requested."""
        for n in range(2, self.order + 1):
            contexts, last, counts = (column.finish() for column in self.columns.pop(n))
            yield contexts, last, counts, self._suffixes(n) if n > 2 else last

    def _suffixes(self, n: int) -> np.ndarray:
        firsts, suffixes, ends = self.suffixes.pop(n)
        left, ids, whole = firsts.finish(), suffixes.finish(), self.storage.column(ends[-1])
        runs = [slice(begin, end) for begin, end in pairwise(ends) if end > begin]
        for bounds in ranges_of_first_words(self.unigrams, _BLOCK):
            keys, words = [], np.array(bounds, dtype=np.int32)
            for run in runs:
                begin, end = (run.start + np.searchsorted(left[run], words)).tolist()
                keys.append(left[begin:end].astype(np.int64) << _ID_BITS | ids[begin:end])
            merged = np.concatenate([*keys, np.empty(0, dtype=np.int64)])
            merged.sort()
            whole.append(merged.astype(np.int32))
            files.forget(left, ids)
        return whole.finish()


def count_by(
    workers: Workers,
    sequence: np.ndarray,
    unigrams: np.ndarray,
    order: int,
    storage: Storage,
    places: int,
    progress: Callable[[int], None],
) -> Iterator[Columns]:
    """The tables of orders 2 to `order`, counted by `workers` in parts of about `places` places."""
    merge = Merge(unigrams, order, storage)
    tasks = plan(sequence, unigrams, order, places)
    done = 0
    with closing(workers.parts(sequence, len(unigrams) - 1, order, tasks)) as parts:
        for part in parts:
            merge.add(part)
            done += int(part.ngrams[0][2].sum())
            progress(done)
    return merge.finish()
