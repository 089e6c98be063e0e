"""How fast our n-gram models are fitted and score, and in how much memory.

    python tests/perf/ngram_speed.py [TRAIN TEST] [--orders 3 5] [--repeat 3]

One sentence a line, words between blanks; without files the Penn Treebank of $NEXTWORD_CORPORA. Best of
the repeats, one thread; reading and encoding the text is not timed. The peak is that of the process,
text included.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from baselines.ngram.smoothing.kneser_ney import KneserNey
from benchmark.contract import RunLog, TokenStream, Vocabulary
from benchmark.corpus import END, UNKNOWN


def main() -> None:
    parser = parser_of_texts(__doc__ or "")
    parser.add_argument("--orders", nargs="+", type=int, default=[3, 5])
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()

    train, test = encoded(options.train, options.test)
    print(f"{len(train):,} training tokens, {len(test):,} test tokens, {len(train.vocabulary):,} words")
    print("order  perplexity  fit s  fit tokens/s  score tokens/s     n-grams  bytes/n-gram  peak MiB")
    for order in options.orders:
        report(order, train, test, options.repeat)


def report(order: int, train: TokenStream, test: TokenStream, repeat: int) -> None:
    model = KneserNey(order=order)
    fit = best(repeat, lambda: model.fit(train, test, RunLog()))
    score = best(repeat, lambda: model.log_probs(test))
    perplexity = np.exp(-model.log_probs(test).mean(dtype=np.float64))
    size = model.size()
    entries = size.entries or 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{order:5}  {perplexity:10.2f}  {fit:5.2f}  {len(train) / fit:12,.0f}  {len(test) / score:14,.0f}"
        f"  {entries:10,}  {size.bytes_in_memory / entries:12.1f}  {peak:8.0f}"
    )


def best(repeat: int, work: Callable[[], object]) -> float:
    """Seconds of the fastest of `repeat` calls."""
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def parser_of_texts(description: str) -> argparse.ArgumentParser:
    """Options of a program that takes a training and a test text: by default the Penn Treebank's."""
    folder = Path(os.environ.get("NEXTWORD_CORPORA", ".")) / "ptb"
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("train", nargs="?", type=Path, default=folder / "ptb.train.txt")
    parser.add_argument("test", nargs="?", type=Path, default=folder / "ptb.test.txt")
    return parser


def encoded(train: Path, test: Path) -> tuple[TokenStream, TokenStream]:
    """Both texts over the words of the first and `<unk>`."""
    words = tokens_of(train)
    counts = Counter({UNKNOWN: 0})
    counts.update(words)
    ranked = counts.most_common()
    vocabulary = Vocabulary(tuple(word for word, _ in ranked), np.array([count for _, count in ranked]))
    streams = (vocabulary.encode(each).astype(np.uint32) for each in (words, tokens_of(test)))
    first, second = (TokenStream.from_ids(ids, vocabulary) for ids in streams)
    return first, second


def tokens_of(path: Path) -> list[str]:
    with path.open(encoding="utf-8") as file:
        return [word for line in file for word in [*line.split(), END]]


if __name__ == "__main__":
    main()
