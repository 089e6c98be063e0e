"""Counting: how often each n-gram of each order occurs in a training sequence.

Input: a sequence of word ids with `<s>` (the id `words`) where histories begin, as `training_sequence` makes
it: int32 [tokens].

Output: one `OrderCounts` for each order, from 1 up: its distinct n-grams, sorted by context and then by last
word, so that the n-grams of a context are consecutive.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from baselines.ngram.counting.workers.choose import workers_from_environment
from baselines.ngram.loops.load import loops_for
from baselines.ngram.sorting import files
from baselines.ngram.sorting.arrays import Array, Arrays, NumpyArrays
from baselines.ngram.sorting.by_range import places_by_range, sort_range
from baselines.ngram.sorting.ranges import SortedRange, ranges_of_first_words
from baselines.ngram.sorting.storage import InMemory, MemoryColumn, OnDisk, Storage, memory_budget
from baselines.ngram.sorting.threads import Pool, Work, in_order, thread_count, thread_pool
from baselines.ngram.table.ids import check_ngrams, check_number

if TYPE_CHECKING:
    from baselines.ngram.counting.workers.merge import Columns, Workers

_SMALLEST = 1 << 16  # never fewer places at once
_RANGES = 8  # for each thread, at least, unless they are smaller than that
_TOKEN_BYTES, _ID_BYTES, _NGRAM_BYTES, _PLACE_BYTES, _WINDOW_BYTES = 8, 4, 20, 500, 16  # memory, upper bounds
_BLOCK = 1 << 20  # places assigned to ranges at once


@dataclass(frozen=True)
class OrderCounts:
    """The distinct n-grams of one order, sorted by context and, within a context, by last word.

    The id of an n-gram is its index in the arrays of its order.

    - `contexts` int32 [n-grams], ascending: the id of the (n−1)-gram h in the n-gram h w.
    - `last_words` int32 [n-grams], ascending within a context: w.
    - `counts` int32 or int64 [n-grams]: occurrences in the training text.
    - `suffix` int32 [n-grams]: the id of the (n−1)-gram without the first word of h w.
    - `starts`: the id of the first n-gram that begins with `<s>`; these come last, as `<s>` is the largest
      word id.
    - `words`: the size of the vocabulary, and the id of `<s>`.
    - `context_count`: how many (n−1)-grams there are.

    Order 1 lists every word, seen or not, then `<s>` with a count of 0, since it is not a target. Its only
    context, and suffix, is the empty one: id 0.
    """

    contexts: np.ndarray
    last_words: np.ndarray
    counts: np.ndarray
    suffix: np.ndarray
    starts: int
    words: int
    context_count: int

    def __len__(self) -> int:
        return len(self.last_words)

    def sums_by_context(self, values: np.ndarray) -> np.ndarray:
        """Σ_w values(h w) for each context h: float64 [contexts], from values [n-grams]."""
        return np.bincount(self.contexts, weights=values, minlength=self.context_count)


def count_ngrams(
    sequence: np.ndarray,
    words: int,
    order: int,
    progress: Callable[[int], None] = lambda _: None,
    *,
    arrays: Arrays | None = None,
    threads: int | None = None,
    memory: int | None = None,
    places: int | None = None,
    workers: Workers | None = None,
) -> list[OrderCounts]:
    """The n-grams of orders 1 to `order` in `sequence`, a result of `training_sequence`, with their counts.

    `words` is the size of the vocabulary, and the id of `<s>`. `progress(n)` is called with the number of
    tokens done. Time grows as order · tokens. None of the following changes the result:

    - `arrays`: where to compute (default: NumPy).
    - `threads`: how many CPU cores to use (default: see `thread_count`).
    - `memory`: how many bytes counting may take, with the sequence (default: see `memory_budget`). If that is
      too little, tables go to temporary files, which is slower, and the returned arrays are mapped files.
    - `places`: how many places of the text are sorted at once if memory is ample (default: what suits
      `arrays`).
    - `workers`: who counts instead of this process (default: what NEXTWORD_COUNTING says, unless `arrays` are
      given). Raises WorkerDied.
    """
    budget = memory or memory_budget()
    workers = workers or (workers_from_environment() if arrays is None else None)
    if workers and order > 1 and len(sequence):
        return _count_by_workers(workers, sequence, words, order, budget, places, progress)
    check_number(len(sequence), "tokens", "let workers count (NEXTWORD_COUNTING), or take a part of the text")
    threads = threads or thread_count()
    arrays = arrays or NumpyArrays(loops_for(sequence.nbytes))
    places = places or arrays.places
    sorting = threads * min(places, len(sequence)) * _PLACE_BYTES
    # an id at each place for all orders but the first and the last, and for one more while they are read
    space = budget - sorting - len(sequence) * (_TOKEN_BYTES + _ID_BYTES * (order - 1))
    if space >= 0:
        return _Count(sequence, words, order, arrays, InMemory(arrays, space), threads).run(places, progress)
    left = budget if files.in_file(sequence) else budget - sequence.nbytes
    in_memory = max(_SMALLEST, left // (threads * _PLACE_BYTES))
    counting = _CountInFiles(sequence, words, order, arrays, budget, threads)
    return counting.run(min(places, in_memory), progress)


def _count_by_workers(
    workers: Workers,
    sequence: np.ndarray,
    words: int,
    order: int,
    budget: int,
    places: int | None,
    progress: Callable[[int], None],
) -> list[OrderCounts]:
    """Let workers count; this process holds only the tables."""
    from baselines.ngram.counting.workers.merge import count_by, places_at_once

    ample = len(sequence) * _NGRAM_BYTES * (order - 1) <= budget
    storage: Storage = InMemory(NumpyArrays()) if ample else OnDisk(NumpyArrays(), len(sequence))
    places = places or places_at_once(len(sequence), workers.number(), budget)
    unigrams = _unigrams(sequence, words)
    return _tables(unigrams, count_by(workers, sequence, unigrams, order, storage, places, progress))


def _unigrams(sequence: np.ndarray, words: int) -> np.ndarray:
    """How often each word, and last `<s>`, occurs: int64 [words + 1]."""
    unigrams = np.zeros(words + 1, dtype=np.int64)
    for start in range(0, len(sequence), _BLOCK):
        unigrams += np.bincount(sequence[start : start + _BLOCK], minlength=words + 1)
        files.forget(sequence)
    return unigrams


def _tables(unigrams: np.ndarray, longer: Iterable[Columns]) -> list[OrderCounts]:
    """The tables of all orders. `longer` holds the columns of order 2, 3, …"""
    starts = words = len(unigrams) - 1
    targets = np.append(unigrams[:words], 0)
    nothing = np.zeros(words + 1, dtype=np.int32)
    every_word = np.arange(words + 1, dtype=np.int32)
    tables = [OrderCounts(nothing, every_word, targets, nothing, words, words, 1)]
    for contexts, last_words, counts, suffix in longer:
        starts = int(np.searchsorted(contexts, np.int32(starts)))  # a Python integer would cast them all
        shorter = len(tables[-1])
        tables.append(OrderCounts(contexts, last_words, counts, suffix, starts, words, shorter))
    return tables


class _Count:
    """The growing tables: columns of each order, and which n-gram begins at each place of the text."""

    def __init__(
        self, sequence: np.ndarray, words: int, order: int, arrays: Arrays, storage: Storage, threads: int
    ) -> None:
        self.words, self.order, self.threads = words, order, threads
        self.arrays, self.storage = arrays, storage
        self.sequence = self._held(sequence)
        self.unigrams = _unigrams(sequence, words)
        # id of the n-gram that begins at each place, orders 2 to order − 1: the suffixes of longer n-grams
        self.begins = {n: storage.place_ids(len(sequence)) for n in range(2, order)}
        self.lengths = dict.fromkeys(range(1, order + 1), 0)
        # contexts, last words, counts, and the place after the one where each n-gram begins
        self.columns = {n: [storage.column(len(sequence)) for _ in range(4)] for n in range(2, order + 1)}

    def _held(self, sequence: np.ndarray) -> Array:
        if not len(sequence) or sequence[-1] != self.words:  # a read beyond the end returns the last element
            sequence = np.append(sequence, np.int32(self.words))
        return self.arrays.of(np.ascontiguousarray(sequence, dtype=np.int32))

    def run(self, places: int, progress: Callable[[int], None]) -> list[OrderCounts]:
        some = -(-len(self.sequence) // (_RANGES * self.threads))
        places = min(places, max(_SMALLEST, some))  # memory that was used for a range serves the next one
        done = 0
        with thread_pool(self.threads) as pool:
            begun = self._sorts(places, pool) if self.order > 1 else ()
            writing: deque[Work[None]] = deque()
            for found in in_order(pool, lambda sort: sort(), begun, self.threads - 1):
                ids = {n: length - (n <= found.continued) for n, length in self.lengths.items()}
                writing.append(pool.submit(self._write_begins, found, ids))
                done += self._keep(found, ids)
                if len(writing) > 1:
                    writing.popleft().result()
                progress(done)
            for each in writing:
                each.result()
            return _tables(self.unigrams, (self._finish(n, pool) for n in range(2, self.order + 1)))

    def _sorts(self, places: int, pool: Pool) -> Iterator[Callable[[], SortedRange]]:
        """What finds the n-grams of each range, in ascending order. Each is released once it is taken."""
        ranges = ranges_of_first_words(self.unigrams, places)
        length = len(self.sequence) - 1

        def partition(start: int) -> list[Array]:
            stop = min(start + _BLOCK, length)
            return places_by_range(self.sequence, start, stop, self.words, ranges, self.arrays)

        columns = deque(MemoryColumn(self.arrays) for _ in ranges)
        for block in in_order(pool, partition, range(0, length, _BLOCK), self.threads):
            for column, some in zip(columns, block, strict=True):
                column.append(some)
        for low, _ in ranges:
            yield partial(self._sort, low, columns.popleft().finish())

    def _sort(self, low: int, places: np.ndarray) -> SortedRange:
        return sort_range(self.sequence, self.arrays.of(places), self.words, low, self.order, self.arrays)

    def _write_begins(self, found: SortedRange, offsets: dict[int, int]) -> None:
        for n in range(2, self.order):
            for section in found.sections.get(n, ()):
                if section.places:
                    self.begins[n].put(section.places.places, section.places.ids, offsets[n])

    def _keep(self, found: SortedRange, ids: dict[int, int]) -> int:
        """Add n-grams to the tables; `ids[n]` is the id of the first one of order n. Returns their places."""
        for n, sections in found.sections.items():
            for each in sections if n > found.continued else ():
                contexts = each.contexts + ids[n - 1] if n > 2 else each.contexts
                values = (contexts, each.words, each.counts, each.first + 1)
                for column, value in zip(self.columns[n], values, strict=True):
                    column.append(value)
            self.lengths[n] = ids[n] + found.lengths[n]
            check_ngrams(self.lengths[n], n)
        return sum(int(section.counts.sum()) for section in found.sections.get(2, ()))

    def _finish(self, n: int, pool: Pool) -> Columns:
        contexts, words, counts, behind = (column.finish() for column in self.columns.pop(n))
        return contexts, words, counts, self.begins.pop(n - 1).take(behind, pool) if n > 2 else words


class _CountInFiles(_Count):
    """Counting that holds a part of the text in memory at a time, with NumPy."""

    def __init__(
        self, sequence: np.ndarray, words: int, order: int, arrays: Arrays, budget: int, threads: int
    ) -> None:
        storage = OnDisk(NumpyArrays(arrays.loops), max(_SMALLEST, budget // _WINDOW_BYTES))
        super().__init__(sequence, words, order, arrays, storage, threads)

    def _held(self, sequence: np.ndarray) -> np.ndarray:
        return sequence if files.in_file(sequence) else super()._held(sequence)

    def _sorts(self, places: int, pool: Pool) -> Iterator[Callable[[], SortedRange]]:
        from baselines.ngram.counting.records import Records

        records = Records(self.sequence, self.words, self.order, places, self.arrays.loops)
        for part in records.parts(self.unigrams):
            yield partial(records.sort, part, self.arrays)
