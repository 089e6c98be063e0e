"""What counting by workers costs, and how it grows with the text and the number of workers.

    python tests/perf/worker_growth.py TRAIN [--order 5] [--workers 1 2 4 8 64] [--words 5e6 …]

Counts the first WORDS of a text as `count_ngrams` does with that many workers, but one part after the other
in this process, so that the processor time of each part is its own. For each number of workers: how many
parts; the processor time of all parts, of the slowest worker if each takes the next part when it is free,
and of the process that merges; and what travels: the text, once to each machine, and all results. The text
has a sentence on each line.
"""

from __future__ import annotations

import argparse
import heapq
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from baselines.ngram.counting.text import encode_texts
from baselines.ngram.counting.workers.count_part import PartCounts, PrefixRange, count_part, shards
from baselines.ngram.counting.workers.merge import count_by, places_at_once
from baselines.ngram.sorting.arrays import NumpyArrays
from baselines.ngram.sorting.storage import InMemory, memory_budget
from benchmark.corpus.marks import MarkRule

_SHARD = 1 << 24  # places, as on a Ray cluster


@dataclass
class OneByOne:
    """`workers` of them, all of which are this process; what each part takes is written down."""

    workers: int
    seconds: list[float] = field(default_factory=list)
    results: list[int] = field(default_factory=list)

    def number(self) -> int:
        return self.workers

    def parts(
        self, sequence: np.ndarray, words: int, order: int, tasks: list[PrefixRange]
    ) -> Generator[PartCounts, None, None]:
        text = list(shards(sequence, words, order, _SHARD))  # sent once
        for task in tasks:
            began = time.process_time()
            part = count_part(text, task, words, order)
            self.seconds.append(time.process_time() - began)
            self.results.append(
                sum(each.nbytes for group in (*part.ngrams, *part.extensions) for each in group)
            )
            yield part

    def slowest(self) -> float:
        """Seconds until the last worker is done, if each takes the next part when it is free."""
        free = [0.0] * self.workers
        for taken in self.seconds:
            heapq.heappush(free, heapq.heappop(free) + taken)
        return max(free)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("train", type=Path)
    parser.add_argument("--order", type=int, default=5)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8, 64])
    parser.add_argument("--words", type=float, nargs="+", default=[5e6])
    options = parser.parse_args()
    print(
        "| Tokens | n-grams | Workers | Parts | All, s | Slowest, s | Merging, s | Text, MB | Results, MB |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for words in options.words:
        sequence, vocabulary = encoded(options.train, int(words))
        for workers in options.workers:
            report(sequence, vocabulary, options.order, workers)


def encoded(train: Path, most: int) -> tuple[np.ndarray, int]:
    """The first lines with at least so many words, as `count_ngrams` takes them, and the number of words."""
    with tempfile.TemporaryDirectory() as folder, train.open(encoding="utf-8") as lines:
        front = Path(folder) / "front.txt"
        with front.open("w", encoding="utf-8") as copy:
            words = 0
            while words < most and (some := list(islice(lines, 1000))):
                copy.writelines(some)
                words += sum(len(line.split()) for line in some)
        texts = encode_texts(front, front, 1, MarkRule("whitespace", marks="read", setting="--marks"))
    return np.array(texts.train), texts.words


def report(sequence: np.ndarray, words: int, order: int, number: int) -> None:
    workers = OneByOne(number)
    unigrams = np.bincount(sequence, minlength=words + 1)
    places = places_at_once(len(sequence), number, memory_budget())
    began = time.process_time()
    tables = list(
        count_by(workers, sequence, unigrams, order, InMemory(NumpyArrays()), places, lambda _: None)
    )
    merging = time.process_time() - began - sum(workers.seconds)
    ngrams = sum(len(last) for _, last, _, _ in tables)
    print(
        f"| {len(sequence):,} | {ngrams:,} | {number} | {len(workers.seconds)} | {sum(workers.seconds):.2f} |"
        f" {workers.slowest():.2f} | {merging:.2f} | {sequence.nbytes / 1e6:.0f} |"
        f" {sum(workers.results) / 1e6:.0f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
