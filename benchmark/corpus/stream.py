"""A token stream: the ids of one split in order, and the offsets at which its lines begin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmark.corpus.vocabulary import Vocabulary


@dataclass(frozen=True)
class CodedText:
    """The text that the targets of a split give back, once the unknown words among them are spelt.

    That is the text as its tokens hold it, which is what the targets' probabilities are a code of: words
    with one space between them and a newline behind each line, in lower case if the corpus is. Unknown words
    count as they are spelt. `characters` is its length in Unicode code points, `bytes` that in UTF-8.
    `spelling_bits` is what spelling its unknown words costs (see `benchmark.corpus.spelling`), in bits;
    None where `<unk>` stands in the text itself, so that nobody knows the words.
    """

    characters: int
    bytes: int
    spelling_bits: float | None = 0.0


@dataclass(frozen=True)
class TokenStream:
    """The ids of one split. Every id is a target, and is scored exactly once.

    `ids` (uint16 or uint32 [targets], usually memory-mapped) holds the text's tokens and, where the
    vocabulary has `</s>`, one `</s>` at the end of every line. `lines` (int64 [lines + 1]) holds the
    offset of each line's first id, then the number of ids. `text` measures the text behind the ids, for bits
    per character; None where it is not known. `tags` (uint8 [targets]) holds the part of speech of each id,
    as an index (see `benchmark.corpus.parts_of_speech`); None for a corpus without tags. `copied` (bool
    [targets]) says which stand in long lines that the training split has, too (see
    `benchmark.corpus.overlap`); None for the training split, and where it is not known. `documents` (int64
    [documents + 1]) holds the offset of each document's first id, then the number of ids; None where the
    split is one document, or is a share of the training split.
    """

    ids: np.ndarray
    lines: np.ndarray
    vocabulary: Vocabulary
    text: CodedText | None = None
    tags: np.ndarray | None = None
    copied: np.ndarray | None = None
    documents: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def from_ids(cls, ids: np.ndarray, vocabulary: Vocabulary, text: CodedText | None = None) -> TokenStream:
        """A stream over ids in memory. Lines end after each `</s>`; without `</s>` there is one line."""
        ids = np.asarray(ids)
        if vocabulary.end is None:
            ends = np.array([], dtype=np.int64)
        else:
            ends = np.flatnonzero(ids == vocabulary.end) + 1
        if len(ids) and (not len(ends) or ends[-1] != len(ids)):
            ends = np.append(ends, len(ids))
        return cls(ids, np.concatenate([[0], ends]).astype(np.int64), vocabulary, text)

    def head(self, targets: int) -> TokenStream:
        """The fewest whole lines at the front that hold at least `targets` ids, or all lines."""
        last = int(np.searchsorted(self.lines, min(targets, len(self))))
        stop = int(self.lines[last])
        return TokenStream(self.ids[:stop], self.lines[: last + 1], self.vocabulary)

    def each_line(self) -> Iterator[TokenStream]:
        """Every line as a stream of its own."""
        for start, stop in pairwise(self.lines.tolist()):
            yield TokenStream(self.ids[start:stop], np.array([0, stop - start]), self.vocabulary)


def line_blocks(lines: np.ndarray, size: int) -> Iterator[tuple[int, int]]:
    """Ranges of lines with about `size` ids each, at least one line; `lines` as in TokenStream."""
    first = 0
    while first < len(lines) - 1:
        stop = int(np.searchsorted(lines, lines[first] + size, side="right")) - 1
        stop = max(stop, first + 1)
        yield first, stop
        first = stop
