"""A part as bytes through a pipe: the lengths of its arrays (int64), then the arrays (int32)."""

from __future__ import annotations

from io import BufferedIOBase
from typing import IO

import numpy as np

from baselines.ngram.counting.workers.part import Part


def write_part(pipe: IO[bytes], part: Part) -> None:
    arrays = [array for group in (*part.ngrams, *part.extensions) for array in group]
    pipe.write(np.array([len(array) for array in arrays], dtype=np.int64).tobytes())
    for array in arrays:
        pipe.write(np.ascontiguousarray(array).data.cast("B"))
    pipe.flush()


def read_part(pipe: BufferedIOBase, order: int) -> Part:
    """What `write_part` wrote. Raises EOFError where the pipe ends before."""
    lengths = _read(pipe, 3 * (order - 1) + 2 * (order - 2), np.int64)
    arrays = iter([_read(pipe, length, np.int32) for length in lengths.tolist()])
    ngrams = [(next(arrays), next(arrays), next(arrays)) for _ in range(order - 1)]
    return Part(ngrams, [(next(arrays), next(arrays)) for _ in range(order - 2)])


def _read(pipe: BufferedIOBase, length: int, kind: type[np.integer]) -> np.ndarray:
    array = np.empty(length, dtype=kind)
    rest = array.data.cast("B")
    while len(rest):
        got = pipe.readinto(rest)
        if not got:
            raise EOFError
        rest = rest[got:]
    return array
