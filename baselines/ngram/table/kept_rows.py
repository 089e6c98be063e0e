"""Dense rows that many histories share, kept within a bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

import numpy as np

_BYTES = 1 << 26  # of rows kept


class KeptRows:
    """Rows of `width` float32, each known by a number. Those asked for last are kept.

    `compute` makes the rows [numbers, width] of some distinct numbers.
    """

    def __init__(self, compute: Callable[[np.ndarray], np.ndarray], width: int) -> None:
        self._compute = compute
        self._most = max(1, _BYTES // (4 * width))
        self._rows: dict[int, np.ndarray] = {}  # the one asked for last is the last
        self._lock = Lock()

    def of(self, numbers: np.ndarray) -> list[np.ndarray]:
        """The row of each of `numbers`, which may repeat. Not to be written to. Several threads may ask."""
        with self._lock:
            return self._of(numbers)

    def _of(self, numbers: np.ndarray) -> list[np.ndarray]:
        distinct = np.unique(numbers)
        missing = [number for number in distinct.tolist() if number not in self._rows]
        rows = {number: self._rows.pop(number) for number in distinct.tolist() if number in self._rows}
        if missing:
            rows |= zip(missing, self._compute(np.array(missing)), strict=True)
        self._rows |= rows
        while len(self._rows) > self._most:
            del self._rows[next(iter(self._rows))]
        return [rows[number] for number in numbers.tolist()]
