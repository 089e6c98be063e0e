"""A process that counts parts: a task on each line of standard input, its counts on standard output.

It ends when its input ends, and so with the process that started it, however that one ends.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from io import BufferedIOBase
from typing import IO

import numpy as np

from baselines.ngram.counting.workers.count_part import PartCounts, PrefixRange, count_part


def main() -> int:
    """Count what is asked for. The argument gives the open file of the text, its words and the order."""
    settings = json.loads(sys.argv[1])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the process that started this one
    words, order = settings["words"], settings["order"]
    text = np.memmap(os.fdopen(settings["text"], "rb"), dtype=np.int32, mode="r")
    for line in sys.stdin:
        task = PrefixRange(*json.loads(line))
        write_counts(sys.stdout.buffer, count_part([text], task, words, order))
    return 0


def write_counts(pipe: IO[bytes], part: PartCounts) -> None:
    """Write the lengths of the arrays of `part` (int64), then the arrays (int32)."""
    arrays = [array for group in (*part.ngrams, *part.extensions) for array in group]
    pipe.write(np.array([len(array) for array in arrays], dtype=np.int64).tobytes())
    for array in arrays:
        pipe.write(np.ascontiguousarray(array).data.cast("B"))
    pipe.flush()


def read_counts(pipe: BufferedIOBase, order: int) -> PartCounts:
    """Read what `write_counts` wrote. Raises EOFError if the pipe ends too early."""
    lengths = _read(pipe, 3 * (order - 1) + 2 * (order - 2), np.int64)
    arrays = iter([_read(pipe, length, np.int32) for length in lengths.tolist()])
    ngrams = [(next(arrays), next(arrays), next(arrays)) for _ in range(order - 1)]
    return PartCounts(ngrams, [(next(arrays), next(arrays)) for _ in range(order - 2)])


def _read(pipe: BufferedIOBase, length: int, kind: type[np.integer]) -> np.ndarray:
    array = np.empty(length, dtype=kind)
    rest = array.data.cast("B")
    while len(rest):
        got = pipe.readinto(rest)
        if not got:
            raise EOFError
        rest = rest[got:]
    return array


if __name__ == "__main__":
    sys.exit(main())
