"""The n-grams of the recent text, counted before many places of it at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from baselines.ngram.adaptive.occurrences import Occurrences

#: Half-lives that a stretch of places may span: weights within it differ by less than a factor of 2^100.
_HALF_LIVES = 100.0


@dataclass(frozen=True)
class RecentText:
    """A text of `words` different words; before place t, its last `window` tokens (null: all) are counted.

    An n-gram that ends d tokens before t counts 2^(−d / `half_life`) (null: 1).
    """

    ids: np.ndarray
    words: int
    window: int | None
    half_life: float | None

    def counts(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The words that any of ascending `places` looks back at, and their counts before each place.

        int64 [distinct words], ascending, and float64 [places, distinct words].
        """
        first, last = int(places[0]), int(places[-1])
        there = np.zeros(self.words, dtype=bool)
        there[self.ids[self._oldest(first) : last]] = True
        words, column = np.flatnonzero(there), np.cumsum(there) - 1
        counts = np.zeros((len(places), len(words)))
        for part in self._stretches(places):
            self._fill(counts[part], places[part], column)
        return words, counts

    def _stretches(self, places: np.ndarray) -> Iterator[slice]:
        """Cuts places into pieces in which weights are of similar magnitude."""
        first = 0
        while first < len(places):
            last = len(places)
            if self.half_life is not None:
                reach = places[first] + _HALF_LIVES * self.half_life
                last = int(np.searchsorted(places, reach, side="right"))
            yield slice(first, last)
            first = last

    def _fill(self, counts: np.ndarray, places: np.ndarray, column: np.ndarray) -> None:
        """Write the counts before each place of one stretch into zeros; `column` is that of each word.

        The counts before the first place are summed up; each later place adds the tokens it has passed and
        takes away those that left its window. All are kept as they weigh at the first place until the end.
        """
        first, last = int(places[0]), int(places[-1])
        oldest = self._oldest(first)
        columns = column.take(self.ids[oldest:last])
        weight = self._weights(first - np.arange(oldest, last))
        before = first - oldest
        counts[0] = np.bincount(columns[:before], weights=weight[:before], minlength=counts.shape[1])
        entered = np.searchsorted(places, np.arange(first, last), side="right")
        np.add.at(counts, (entered, columns[before:]), weight[before:])
        if self.window is not None and last - self.window > oldest:
            gone = slice(0, last - self.window - oldest)
            left = np.searchsorted(places, np.arange(oldest, last - self.window) + self.window, side="right")
            np.subtract.at(counts, (left, columns[gone]), weight[gone])
        for earlier, row in pairwise(counts):  # a sum over rows: faster than numpy.cumsum along this axis
            row += earlier
        if self.window is not None:
            np.maximum(counts, 0, out=counts)  # rounding may leave less than nothing
        if self.half_life is not None:
            counts *= self._weights(places - first)[:, None]

    def _oldest(self, place: int) -> int:
        return 0 if self.window is None else max(0, place - self.window)

    def following(
        self, contexts: np.ndarray, found: Occurrences, length: int, places: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The words that followed the last `length` tokens before each place when they occurred earlier.

        `contexts` numbers the n-grams of this length by where they end, `found` are their occurrences.
        Returns the index of the place (ascending), the word and the weight of each such event.
        """
        known = np.flatnonzero(places >= length)
        last = places[known] - 1
        oldest = 0 if self.window is None else np.maximum(places[known] - self.window, 0)
        owner, end = found.places(contexts[last], np.minimum(oldest + length - 1, last), last)
        place = known[owner]
        return place, self.ids[end + 1], self._weights(places[place] - end - 1)

    def _weights(self, distance: np.ndarray) -> np.ndarray:
        if self.half_life is None:
            return np.ones(len(distance))
        return np.exp2(-distance / self.half_life)
