"""How often a key occurs within a slice of a sequence, for any number of slices at once."""

from __future__ import annotations

import numpy as np


class Occurrences:
    """The places of each key in a sequence, sorted so that a slice can be found by binary search.

    With a `half_life` h, an occurrence d places before the end of the slice counts 2^(−d/h) instead of 1
    (Clarkson & Robinson 1997).
    """

    def __init__(self, keys: np.ndarray, half_life: float | None = None) -> None:
        self._places = len(keys) + 1
        self._half_life = half_life
        # a key and its place in one integer: sorting values is faster than sorting indices
        self._sorted = np.sort(self._packed(keys, np.arange(len(keys))))
        if half_life is not None:
            self._sums = self._decayed_sums()

    def within(self, keys: np.ndarray, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
        """Occurrences of each of `keys` at places in [start, stop), weighted by the distance to `stop`.

        float64 [keys].
        """
        start = np.clip(start, 0, stop)
        first = np.searchsorted(self._sorted, self._packed(keys, start))
        last = np.searchsorted(self._sorted, self._packed(keys, stop))
        if self._half_life is None or not len(self._sorted):
            return (last - first).astype(np.float64)
        weights = self._up_to(last, keys, stop) - self._up_to(first, keys, stop)
        return np.where(last > first, np.maximum(weights, 0), 0.0)

    def places(self, keys: np.ndarray, start: np.ndarray, stop: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The occurrences themselves: for each, the index of its key in `keys` (ascending), and its place."""
        first = np.searchsorted(self._sorted, self._packed(keys, start))
        count = np.searchsorted(self._sorted, self._packed(keys, stop)) - first
        owner = np.repeat(np.arange(len(count)), count)
        rank = np.arange(len(owner)) + np.repeat(first - np.cumsum(count) + count, count)
        return owner, self._sorted[rank] % self._places

    def _packed(self, keys: np.ndarray, places: np.ndarray) -> np.ndarray:
        packed = keys.astype(np.int64)
        packed *= self._places
        packed += places
        return packed

    def _up_to(self, rank: np.ndarray, keys: np.ndarray, stop: np.ndarray) -> np.ndarray:
        """The weight, as seen from `stop`, of a key's occurrences before `rank` in the sorted array."""
        before = self._sorted[rank - 1]
        key, place = np.divmod(before, self._places)
        own = (rank > 0) & (key == keys)
        return np.where(own, self._sums[rank - 1] * self._decay(stop - place), 0.0)

    def _decayed_sums(self) -> np.ndarray:
        """For each occurrence, the weight of it and all earlier ones of its key, as seen from its place.

        Sums over 1, 2, 4, … occurrences, each from two shorter sums (Hillis & Steele 1986), until no key has
        more.
        """
        key, place = np.divmod(self._sorted, self._places)
        sums = np.ones(len(key))
        reach = 1
        while reach < len(key) and (same := key[reach:] == key[:-reach]).any():
            earlier = sums[:-reach] * self._decay(place[reach:] - place[:-reach])
            sums[reach:] += np.where(same, earlier, 0.0)
            reach *= 2
        return sums

    def _decay(self, distance: np.ndarray) -> np.ndarray:
        return np.exp2(-np.maximum(distance, 0) / self._half_life)
