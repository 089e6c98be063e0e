"""Counting by workers, seen from the one that gives them work: what the parts are, and the tables they make.

Rows of the tables come from the parts in their order. The suffix of an n-gram x s of order n is the n-gram
s, which is in another part; but the n-grams that begin with x are in the order of their suffixes, so the
suffixes of all of them are the ids of the (n−1)-grams that x stands left of, in ascending order. These ids
each part knows of its own (n−1)-grams.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from itertools import pairwise
from typing import Protocol

import numpy as np

from baselines.ngram.counting.sorting import ranges_of_first_words
from baselines.ngram.counting.storage import Column, Storage
from baselines.ngram.counting.workers.part import Beginnings, Part

_SMALLEST = 1 << 16  # places of a part, however little memory there is
_PLACE_BYTES = 250  # of memory for each place of a part, in the worker and on the way, measured from above
_PARTS_A_WORKER = 2  # for even loads; the text is read past once for each part
_BLOCK = 1 << 22  # suffixes put in order at once
_ID_BITS = 32

#: Contexts, last words, counts and suffixes of one order.
Columns = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


class WorkerDied(RuntimeError):
    """A worker ended before its part was counted; the message names it, how it ended and the part."""


class Workers(Protocol):
    """Where parts are counted."""

    def number(self) -> int:
        """How many parts are counted at once."""

    def parts(
        self, sequence: np.ndarray, words: int, order: int, tasks: list[Beginnings]
    ) -> Generator[Part, None, None]:
        """The parts in the order of the tasks, few of them counted before they are taken.

        Raises WorkerDied.
        """


def places_at_once(length: int, workers: int, memory: int) -> int:
    """How many places of a text of `length` a part should have, for `workers` in `memory` bytes in all."""
    fitting = max(_SMALLEST, memory // (workers * _PLACE_BYTES))
    return max(1, min(fitting, -(-length // (_PARTS_A_WORKER * workers))))


def plan(sequence: np.ndarray, unigrams: np.ndarray, order: int, places: int) -> list[Beginnings]:
    """Parts of at most `places` places each, or of one bigram. `unigrams`: how often each word and `<s>` is.

    Every place takes `order` + 1 cells of a worker's text, which must be numbered within a key.
    """
    words, cells = len(unigrams) - 1, order + 1
    tasks = []
    for low, high in ranges_of_first_words(unigrams * cells, places * cells):
        if high - low > 1 or unigrams[low] <= places:
            tasks.append(Beginnings(low, high, 0, words))
        else:
            after = sequence[1:][sequence[:-1] == low]
            followers = np.bincount(after, minlength=words + 1)[:words]
            seconds = ranges_of_first_words(followers * cells, places * cells)
            tasks += [Beginnings(low, high, *second) for second in seconds]
    return tasks


class Merge:
    """The tables of orders 2 to `order` while parts are added in their order."""

    def __init__(self, unigrams: np.ndarray, order: int, storage: Storage) -> None:
        self.unigrams, self.order, self.storage = unigrams, order, storage
        self.lengths = dict.fromkeys(range(2, order + 1), 0)
        self.columns = {n: [storage.column() for _ in range(3)] for n in range(2, order + 1)}
        # of the n-grams of each order the first word and the suffix, part by part, and where parts end
        self.suffixes: dict[int, tuple[Column, Column, list[int]]] = {
            n: (storage.column(), storage.column(), [0]) for n in range(3, order + 1)
        }

    def add(self, part: Part) -> None:
        offsets = dict(self.lengths)
        for n, (contexts, *rest) in enumerate(part.ngrams, 2):
            values = (contexts + np.int32(offsets[n - 1] if n > 2 else 0), *rest)
            for column, value in zip(self.columns[n], values, strict=True):
                column.append(value)
            self.lengths[n] += len(contexts)
        for n, (left, ids) in enumerate(part.extensions, 3):
            firsts, suffixes, ends = self.suffixes[n]
            firsts.append(left)
            suffixes.append(ids + np.int32(offsets[n - 1]))
            ends.append(ends[-1] + len(ids))

    def finish(self) -> Iterator[Columns]:
        """The tables order by order, each let go of as the next is asked for."""
        for n in range(2, self.order + 1):
            contexts, last, counts = (column.finish() for column in self.columns.pop(n))
            yield contexts, last, counts, self._suffixes(n) if n > 2 else last

    def _suffixes(self, n: int) -> np.ndarray:
        firsts, suffixes, ends = self.suffixes.pop(n)
        left, ids, whole = firsts.finish(), suffixes.finish(), self.storage.column()
        runs = [slice(begin, end) for begin, end in pairwise(ends) if end > begin]
        for low, high in ranges_of_first_words(self.unigrams, _BLOCK):
            keys = []
            for run in runs:
                begin, end = (run.start + np.searchsorted(left[run], [low, high])).tolist()
                keys.append(left[begin:end].astype(np.int64) << _ID_BITS | ids[begin:end])
            merged = np.concatenate([*keys, np.empty(0, dtype=np.int64)])
            merged.sort()
            whole.append(merged.astype(np.int32))
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
