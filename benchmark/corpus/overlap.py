"""How much of the validation and the test text is copied from the training text: lines and documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.corpus.document import Span
from benchmark.corpus.stream import line_blocks

#: A line of at least so many words that the training text has, too, counts as copied. Shorter lines recur by
#: chance.
LONG = 11
#: Tokens hashed at a time. A line with more is not looked at: that is a text without lines.
BLOCK = 1 << 20


@dataclass(frozen=True)
class Overlap:
    """What a split shares with the whole training split."""

    #: Lines of `LONG` words and more, how many of them occur in the training text, and the share (0 to 1) of
    #: all the split's targets that stand in those.
    lines: int
    copied_lines: int
    copied_targets: float
    #: Documents, and how many of them are in the training split byte for byte; 0 where the splits do not
    #: consist of several whole documents.
    documents: int = 0
    copied_documents: int = 0

    @property
    def documents_share(self) -> float | None:
        """The share of documents that are copied: 0 to 1; None where documents are not known."""
        return self.copied_documents / self.documents if self.documents else None


@dataclass(frozen=True)
class LongLines:
    """The long lines of a split: the offsets of their first targets and of those behind them, and hashes.

    Lines with the same tokens have the same hash (uint64). That two others share one is a matter of
    2⁻⁶⁴ for each pair.
    """

    starts: np.ndarray
    stops: np.ndarray
    hashes: np.ndarray


def long_lines(numbers: np.ndarray, ends: np.ndarray, words: np.ndarray, between: int) -> LongLines:
    """The lines of a split with at least LONG words.

    `numbers` (int32 [tokens]) holds the type of each token, before rare types become `<unk>`; `ends` the
    offsets behind the lines, ascending; `words` (int64 [types]) how many words each type counts for. With
    `between` 1, that is the number of spaces in it, which is one less than that of words.
    """
    lines = np.unique(np.concatenate([[0], ends]))  # a line without tokens has nothing to copy
    starts, stops, hashes = [lines[:0]], [lines[:0]], [np.empty(0, dtype=np.uint64)]
    for first, stop in line_blocks(lines, BLOCK):
        if lines[stop] - lines[first] > BLOCK:
            continue
        offsets = lines[first:stop] - lines[first]
        some = np.asarray(numbers[lines[first] : lines[stop]])
        long = np.add.reduceat(words[some], offsets) + between >= LONG
        place = np.arange(len(some)) - np.repeat(offsets, np.diff(lines[first : stop + 1]))
        placed = place.astype(np.uint64) << np.uint64(32) | some.astype(np.uint64)
        hashed = np.add.reduceat(_mixed(placed), offsets)
        starts.append(lines[first:stop][long])
        stops.append(lines[first + 1 : stop + 1][long])
        hashes.append(hashed[long])
    return LongLines(*(np.concatenate(parts) for parts in (starts, stops, hashes)))


def copied_targets(long: LongLines, training: LongLines, targets: int) -> tuple[np.ndarray, int]:
    """Whether each target of a split stands in a copied line (bool [targets]); the number of those lines."""
    copied = np.isin(long.hashes, training.hashes)
    change = np.zeros(targets + 1, dtype=np.int8)
    change[long.starts[copied]] += 1
    change[long.stops[copied]] -= 1
    return np.cumsum(change[:-1], dtype=np.int8).astype(bool), int(copied.sum())


def copied_documents(spans: Sequence[Span], training: Sequence[Span]) -> tuple[int, int]:
    """The documents of a split, and how many of them are in the training split as well.

    (0, 0) where splits are not made of whole documents, or are a document each.
    """
    both = [*spans, *training]
    if any(span.start or span.stop is not None for span in both) or len(both) < 3:
        return 0, 0
    known = {span.document.digest() for span in training}
    return len(spans), sum(span.document.digest() in known for span in spans)


def _mixed(values: np.ndarray) -> np.ndarray:
    """Each uint64 as another that looks random (the finaliser of SplitMix64; Steele et al. 2014)."""
    values ^= values >> np.uint64(30)
    values *= np.uint64(0xBF58476D1CE4E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D049BB133111EB)
    values ^= values >> np.uint64(31)
    return values
