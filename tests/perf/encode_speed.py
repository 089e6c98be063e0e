"""How fast text becomes ids on disk: python tests/perf/encode_speed.py [FILE] [--megabytes 120]

Encodes a text file (or a made one with Zipf-distributed words) with `tokens: whitespace` from nothing,
fingerprint and checksums included, and prints tokens a second of processor time, peak memory, and what a
plain Python loop over `bytes.split` and a dict takes for the same tokens. Run it with OMP_NUM_THREADS=1.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmark.corpus import open_corpus

TYPES = 268_000
WORDS_A_BATCH = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--megabytes", type=int, default=120, help="size of the made text")
    parser.add_argument("--plain", action="store_true", help="time the plain loop too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = arguments.file or _made(folder / "made.txt", arguments.megabytes * 1_000_000)
        targets, seconds = _encoded(text, folder)
        print(f"{text.stat().st_size / 1e6:.0f} MB, {targets:,} targets")
        print(f"encoded: {targets / seconds / 1e6:.2f} million tokens a second ({seconds:.1f} s)")
        print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
        if arguments.plain:
            seconds = _plain(text)
            print(f"plain loop: {targets / seconds / 1e6:.2f} million tokens a second ({seconds:.1f} s)")


def _encoded(text: Path, folder: Path) -> tuple[int, float]:
    short = folder / "short.txt"
    with text.open("rb") as file:
        short.write_bytes(file.read(100_000).rpartition(b"\n")[0])
    options = {
        "name": "speed",
        "train": str(text),
        "valid": str(short),
        "test": str(short),
        "vocabulary": {"size": None, "min_count": 1, "unknown": "map"},
    }
    start = time.process_time()
    corpus = open_corpus(options, corpora_dir=None, cache_dir=folder / "cache", say=lambda line: None)
    return len(corpus.train), time.process_time() - start


def _plain(text: Path) -> float:
    start = time.process_time()
    numbers: dict[bytes, int] = {}
    with text.open("rb") as file:
        for line in file:
            np.array([numbers.setdefault(word, len(numbers)) for word in line.split()], dtype=np.uint32)
    return time.process_time() - start


def _made(path: Path, size: int) -> Path:
    """Lines of Zipf-distributed words whose length grows with their rank, as in natural text."""
    random = np.random.default_rng(0)
    ranks = np.arange(TYPES)
    lengths = np.maximum(1, random.normal(1.5 + 0.42 * np.log2(ranks + 2), 1.8)).astype(int)
    letters = random.integers(97, 123, (TYPES, lengths.max()), dtype=np.uint8)
    words = [bytes(row[:length]) for row, length in zip(letters, lengths.tolist(), strict=True)]
    weights = 1 / (ranks + 2.7) ** 1.05
    edges = np.cumsum(weights / weights.sum())
    with path.open("wb") as file:
        while file.tell() < size:
            drawn = np.searchsorted(edges, random.random(WORDS_A_BATCH)).clip(max=TYPES - 1).tolist()
            for begin in range(0, WORDS_A_BATCH, 60):
                file.write(b" " + b" ".join(words[rank] for rank in drawn[begin : begin + 60]) + b" \n")
    return path


if __name__ == "__main__":
    main()
