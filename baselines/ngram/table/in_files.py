"""Looking things up in arrays of temporary files: in ascending order, so that each part is in memory once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from baselines.ngram.sorting import files

if TYPE_CHECKING:
    from baselines.ngram.table.codebook import Numbers

_SPAN = 1 << 22  # elements of an array in memory at a time


def take(array: Numbers, indices: np.ndarray) -> np.ndarray:
    """`array[indices]`."""
    if not files.in_file(array):
        return array.take(indices)
    assert isinstance(array, np.ndarray)
    order = np.argsort(indices)
    ascending = indices.take(order)
    found = np.empty(len(indices), dtype=array.dtype)
    for some in spans(ascending):
        found[order[some]] = array.take(ascending[some])
        files.forget(array)
    return found


def spans(ascending: np.ndarray) -> Iterator[slice]:
    """Slices of `ascending` whose values are less than a certain number apart."""
    start = 0
    while start < len(ascending):
        stop = int(np.searchsorted(ascending, ascending[start] + _SPAN))
        yield slice(start, stop)
        start = stop
