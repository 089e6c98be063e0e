"""Counting: how often each n-gram of each order occurs in a training sequence."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from baselines.ngram.arrays import Array, Arrays, NumpyArrays
from baselines.ngram.keys import pack
from baselines.ngram.sorting import Range, places_by_range, ranges_of_first_words, sort_range
from baselines.ngram.threads import in_blocks, in_order, thread_count

_PLACES = 1 << 22  # places of a range sorted at once
_BLOCK = 1 << 20  # places assigned to ranges at once


@dataclass(frozen=True)
class OrderCounts:
    """The n-grams of one order, context by context and, within a context, word by word.

    `contexts` int32 [n], ascending: the id of each n-gram without its last word among those one shorter
    (an id is an index into that order's arrays); `last_words` int32 [n]; `counts` int32 or int64 [n],
    occurrences; `suffix` int32 [n], the id of each n-gram without its first word among those one
    shorter; `starts`, the id from which on the n-grams begin with `<s>`, the largest word; `words`, the
    size of the vocabulary. Order 1 lists every word, seen or not, then `<s>`, which is no target and so
    counts 0; its contexts and suffixes are the empty one, 0.
    """

    contexts: np.ndarray
    last_words: np.ndarray
    counts: np.ndarray
    suffix: np.ndarray
    starts: int
    words: int

    def __len__(self) -> int:
        return len(self.last_words)

    @property
    def keys(self) -> np.ndarray:
        return pack(self.contexts, self.last_words, self.words)


def sums_by_context(ngrams: OrderCounts, values: np.ndarray, contexts: int) -> np.ndarray:
    """Σ_w values(h w) for each of the `contexts` contexts h one shorter: float64 [contexts]."""
    return np.bincount(ngrams.contexts, weights=values, minlength=contexts)


def count_ngrams(
    sequence: np.ndarray,
    words: int,
    order: int,
    progress: Callable[[int], None] = lambda _: None,
    *,
    arrays: Arrays | None = None,
    threads: int | None = None,
    places: int = _PLACES,
) -> list[OrderCounts]:
    """Counts of the n-grams of orders 1 to `order` of a sequence that marks sentence starts by `words`.

    `sequence` is what `baselines.ngram.history.training_sequence` gives. `progress(n)` is called with the
    number of tokens done. `arrays` says where to compute (default: NumPy), `threads` on how many CPU
    cores (default: see `thread_count`), `places` how many places are sorted at once. Time grows as
    order · tokens; memory is 4 bytes for each token and order between, 16 for each n-gram, and about 100
    for each place sorted at once.
    """
    return _Count(sequence, words, order, arrays or NumpyArrays(), threads or thread_count(), progress).run(
        places
    )


class _Count:
    """The tables while they grow: sections of each order, and where each n-gram below the highest begins."""

    def __init__(
        self,
        sequence: np.ndarray,
        words: int,
        order: int,
        arrays: Arrays,
        threads: int,
        progress: Callable[[int], None],
    ) -> None:
        self.length, self.words, self.order = len(sequence), words, order
        self.arrays, self.threads, self.progress = arrays, threads, progress
        if not self.length or sequence[-1] != words:  # reading beyond the end gives its last element
            sequence = np.append(sequence, np.int32(words))
        self.sequence = arrays.of(np.ascontiguousarray(sequence, dtype=np.int32))
        self.unigrams = np.zeros(words + 1, dtype=np.int64)
        for start in range(0, len(sequence), _BLOCK):
            self.unigrams += np.bincount(sequence[start : start + _BLOCK], minlength=words + 1)
        # id of the n-gram that begins at each place, orders 2 to order − 1: what longer n-grams end in
        self.begins = {n: arrays.empty(len(sequence)) for n in range(2, order)}
        self.lengths = dict.fromkeys(range(1, order + 1), 0)
        self.starts = words
        self.columns: dict[int, list[tuple[Array, ...]]] = {n: [] for n in range(2, order + 1)}

    def run(self, places: int) -> list[OrderCounts]:
        places = max(1, min(places, -(-self.length // (2 * self.threads))))  # a few ranges for each thread
        ranges = ranges_of_first_words(self.unigrams, places) if self.order > 1 else []
        done = 0
        with ThreadPoolExecutor(self.threads) as pool:
            begun = self._places(ranges, pool)
            writing: deque[Future[None]] = deque()
            for found in in_order(pool, self._sort, zip(ranges, begun, strict=True), self.threads):
                writing.append(pool.submit(self._write_begins, found, dict(self.lengths)))
                self._keep(found)
                if len(writing) > self.threads:
                    writing.popleft().result()
                done += len(found.sections[2][0].places.places)
                self.progress(done)
            for each in writing:
                each.result()
            return [self._first_order(), *(self._finish(n, pool) for n in range(2, self.order + 1))]

    def _places(self, ranges: list[tuple[int, int]], pool: ThreadPoolExecutor) -> Iterator[list[Array]]:
        """The places of each range, in pieces; each is let go of as it is taken."""

        def partition(start: int) -> list[Array]:
            stop = min(start + _BLOCK, len(self.sequence) - 1)
            return places_by_range(self.sequence, start, stop, self.words, ranges, self.arrays)

        blocks = list(pool.map(partition, range(0, len(self.sequence) - 1, _BLOCK))) if ranges else []
        for index in range(len(ranges)):
            pieces = [block[index] for block in blocks]
            yield pieces

    def _sort(self, places: tuple[tuple[int, int], list[Array]]) -> Range:
        (low, _), pieces = places
        joined = self.arrays.joined(pieces)
        return sort_range(self.sequence, joined, self.words, low, self.order, self.arrays)

    def _write_begins(self, found: Range, offsets: dict[int, int]) -> None:
        for n in range(2, self.order):
            for section in found.sections.get(n, ()):
                self.arrays.put(self.begins[n], section.places.places, section.places.ids + offsets[n])

    def _keep(self, found: Range) -> None:
        offsets = dict(self.lengths)
        for n, sections in found.sections.items():
            for each in sections:
                contexts = each.contexts + offsets[n - 1] if n > 2 else each.contexts
                self.columns[n].append((contexts, each.words, each.counts, each.first))
            self.lengths[n] += found.lengths[n]

    def _first_order(self) -> OrderCounts:
        counts = self.unigrams
        counts[self.words] = 0
        nothing = np.zeros(self.words + 1, dtype=np.int32)
        every_word = np.arange(self.words + 1, dtype=np.int32)
        return OrderCounts(nothing, every_word, counts, nothing, self.words, self.words)

    def _finish(self, n: int, pool: ThreadPoolExecutor) -> OrderCounts:
        contexts, words, counts, first = (self._column(n, index) for index in range(4))
        self.columns[n] = []
        suffix = self._suffixes(self.begins.pop(n - 1), first, pool) if n > 2 else words
        self.starts = int(np.searchsorted(contexts, self.starts))
        return OrderCounts(contexts, words, counts, suffix, self.starts, self.words)

    def _column(self, n: int, index: int) -> Array:
        pieces = [columns[index] for columns in self.columns[n]]
        return self.arrays.numpy(self.arrays.joined(pieces)) if pieces else np.empty(0, dtype=np.int32)

    def _suffixes(self, begins: Array, first: np.ndarray, pool: ThreadPoolExecutor) -> np.ndarray:
        """The (n−1)-gram that begins one place further than each n-gram."""
        suffix = np.empty(len(first), dtype=np.int32)

        def look_up(some: slice) -> None:
            suffix[some] = self.arrays.numpy(self.arrays.take(begins, self.arrays.of(first[some] + 1)))

        in_blocks(pool, look_up, len(first))
        return suffix
