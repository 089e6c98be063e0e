"""The places of a text in temporary files, divided by the words that follow: for counting in little memory.

A record is a place where n-grams begin: int32 [1]. If the text is in a file, too, the N words from there are
part of it: int32 [N + 1].

Input: a text and how many places a part may have.

Output: parts in ascending order of their n-grams. Places are divided by their first words. If more places
than a part may have begin with the same words, they are divided by the next word, and so on. n-grams whose
places are divided among several parts are listed by the first of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import IO

import numpy as np

from baselines.ngram.loops.load import Loops
from baselines.ngram.sorting import files
from baselines.ngram.sorting.arrays import Arrays
from baselines.ngram.sorting.by_range import sort_range
from baselines.ngram.sorting.grouped import grouped
from baselines.ngram.sorting.ranges import (
    NgramSection,
    SortedPlaces,
    SortedRange,
    ranges_of_first_words,
)

_BLOCK = 1 << 19  # records written at a time


@dataclass(frozen=True)
class Part:
    """Records in a file, from one on, whose first words are at least `low`.

    - `alike`: if not 0, all have the same n-grams, those of the orders 2 to `alike`.
    - `continued`: they share their n-grams of the orders 2 to `continued` with the part before.
    - `totals`: the counts of the n-grams that they share with parts behind, by order.
    """

    file: IO[bytes]
    start: int
    length: int
    low: int
    alike: int = 0
    continued: int = 1
    totals: dict[int, int] = field(default_factory=dict)


class Records:
    """Divides the places of a text into parts of at most `places` places."""

    def __init__(
        self, sequence: np.ndarray, words: int, order: int, places: int, loops: Loops | None = None
    ) -> None:
        self.sequence, self.words, self.order, self.places = sequence, words, order, places
        self.loops = loops
        self.with_words = files.in_file(sequence)
        self.width = order + 1 if self.with_words else 1

    def parts(self, unigrams: np.ndarray) -> Iterator[Part]:
        """The parts, ascending. `unigrams` [words + 1]: how often each word, and last `<s>`, occurs."""
        yield from self._divided(self._of_text(), unigrams, depth=0)

    def _divided(
        self,
        blocks: Iterator[np.ndarray],
        counts: np.ndarray,
        depth: int,
        of: Part | None = None,
    ) -> Iterator[Part]:
        """The parts of records, those of the part `of`, that have their first `depth` words in common.

        `counts` int64 [words + 1]: at least how often each word is the next one.
        """
        ranges = ranges_of_first_words(counts * self.order, self.places * self.order)
        lows = np.array([low for low, _ in ranges])
        starts = np.append(0, np.cumsum(counts))[lows]
        file = files.temporary()
        ends = self._written(blocks, depth, lows, starts, file)
        continued, totals = (of.continued, of.totals) if of else (1, {})
        if of and depth > 1:
            totals = totals | {depth: of.length}
        for (low, _), start, end in zip(ranges, starts.tolist(), ends.tolist(), strict=True):
            if end > start:
                part = Part(file, start, end - start, of.low if of else low, 0, continued, totals)
                yield from self._small(part, depth, low)
                continued, totals = max(1, depth), {}

    def _small(self, part: Part, depth: int, word: int) -> Iterator[Part]:
        """The part, divided if it is too large; all its records then have `word` behind `depth` others."""
        if part.length <= self.places:
            yield part
        elif depth and word == self.words:
            yield from self._pieces(replace(part, alike=depth))
        elif depth + 1 == self.order:
            yield from self._pieces(replace(part, alike=self.order))
        else:
            counts = np.zeros(self.words + 1, dtype=np.int64)
            for block in self._of_file(part):
                counts += np.bincount(self._words(block, depth + 1), minlength=len(counts))
            yield from self._divided(self._of_file(part), counts, depth + 1, part)

    def _pieces(self, part: Part) -> Iterator[Part]:
        """A part whose records are all alike, in parts that are small enough."""
        begun = range(part.continued + 1, part.alike + 1)
        totals = dict.fromkeys(begun, part.length) | part.totals
        piece = replace(part, length=self.places, totals=totals)
        left = part.length
        while left > 0:
            yield replace(piece, length=min(left, self.places))
            left -= self.places
            piece = replace(piece, start=piece.start + self.places, continued=part.alike, totals={})

    def _written(
        self, blocks: Iterator[np.ndarray], depth: int, lows: np.ndarray, starts: np.ndarray, file: IO[bytes]
    ) -> np.ndarray:
        """Write records to the places in the file that begin at `starts`, by the words behind `depth` others.

        `lows` int64 [ranges]: the first word of each range, ascending. Returns where the records of each end.
        """
        numbers_of_words = np.searchsorted(lows, np.arange(self.words + 1), side="right").astype(np.int32) - 1
        ends = starts.copy()
        for block in blocks:
            numbers = numbers_of_words.take(self._words(block, depth))
            block, bounds = grouped(block, numbers, len(lows), self.loops)
            for index in np.flatnonzero(np.diff(bounds)).tolist():
                records = block[bounds[index] : bounds[index + 1]]
                files.write_at(file, records, int(ends[index]) * records.strides[0])
            ends += np.diff(bounds)
        return ends

    def _words(self, records: np.ndarray, depth: int) -> np.ndarray:
        """The word of each record behind `depth` others: int32 [records]."""
        if self.with_words:
            return records[:, 1 + depth]
        return self.sequence[depth:].take(records[:, 0], mode="clip")

    def sort(self, part: Part, arrays: Arrays) -> SortedRange:
        """The n-grams of a part, as `sort_range` finds them in a text."""
        records = self._read(part.file, part.start, part.length)
        places = records[:, 0].copy()
        if part.alike:
            words = [int(self._words(records[:1], depth)[0]) for depth in range(part.alike)]
            found = self._alike(places, np.array(words, dtype=np.int32))
        elif not self.with_words:
            found = sort_range(self.sequence, places, self.words, part.low, self.order, arrays)
        else:
            windows = np.ascontiguousarray(records[:, 1:]).ravel()
            del records
            starts = np.arange(len(places)) * self.order
            found = sort_range(windows, starts, self.words, part.low, self.order, arrays)
            for sections in found.sections.values():
                sections[:] = [self._in_text(section, places) for section in sections]
        for n, total in part.totals.items():
            found.sections[n][0].counts[0] = total
        found.continued = part.continued
        return found

    def _in_text(self, section: NgramSection, places: np.ndarray) -> NgramSection:
        """The section with places in the text for those in the windows of a part."""
        held = section.places
        if held:
            held = SortedPlaces(places.take(held.places // self.order), held.ids)
        return section._replace(first=places.take(section.first // self.order), places=held)

    def _alike(self, places: np.ndarray, words: np.ndarray) -> SortedRange:
        """The n-grams of places that `words` follow."""
        found = SortedRange(self.order)
        none = np.zeros(1, dtype=np.int32)
        kept = SortedPlaces(places, np.zeros(len(places), dtype=np.int32))
        for n in range(2, len(words) + 1):
            section = NgramSection(
                contexts=words[:1] if n == 2 else none,
                words=words[n - 1 : n],
                counts=np.array([len(places)], dtype=np.int32),
                first=places[:1],
                places=kept if n < self.order else None,
            )
            found.sections[n], found.lengths[n] = [section], 1
        return found

    def _of_text(self) -> Iterator[np.ndarray]:
        """The records of the whole text, block by block."""
        for start in range(0, len(self.sequence) - 1, _BLOCK):
            block = self.sequence[start : start + _BLOCK + self.order]
            files.forget(self.sequence)
            block = np.concatenate([block, np.full(self.order, self.words, dtype=np.int32)])
            if self.loops:
                yield self._read_by(self.loops, block, start)
                continue
            inside = np.flatnonzero(block[1 : _BLOCK + 1] != self.words)
            if not self.with_words:
                yield (inside + start).astype(np.int32)[:, None]
                continue
            windows = np.lib.stride_tricks.sliding_window_view(block, self.order)
            records = np.empty((len(inside), self.order + 1), dtype=np.int32)
            records[:, 0] = inside + start
            records[:, 1:] = windows[inside]
            yield records

    def _read_by(self, loops: Loops, block: np.ndarray, start: int) -> np.ndarray:
        """The records of a block that begins at the place `start`, and has `order` words more."""
        length = min(_BLOCK, len(block) - self.order)
        records = np.empty((length, self.width), dtype=np.int32)
        number = loops.read_records(block, length, self.words, start, self.width - 1, records)
        return records[:number]

    def _of_file(self, part: Part) -> Iterator[np.ndarray]:
        for begin in range(part.start, part.start + part.length, _BLOCK):
            yield self._read(part.file, begin, min(_BLOCK, part.start + part.length - begin))

    def _read(self, file: IO[bytes], start: int, length: int) -> np.ndarray:
        return files.read_at(file, (length, self.width), 4 * start * self.width)
