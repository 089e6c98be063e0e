"""A token stream: the ids of one split in order, and the offsets at which its lines begin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.corpus.vocabulary import Vocabulary


@dataclass(frozen=True)
class TokenStream:
    """The ids of one split. Every id is a target, and is scored exactly once.

    `ids` (uint16 or uint32 [targets], usually memory-mapped) holds the text's tokens and, where the
    vocabulary has `</s>`, one `</s>` at the end of every line. `lines` (int64 [lines + 1]) holds the
    offset of each line's first id, then the number of ids. `characters` is the length of the split's text in
    Unicode code points, for bits per character (0 where unknown).
    """

    ids: np.ndarray
    lines: np.ndarray
    vocabulary: Vocabulary
    characters: int = 0

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def from_ids(cls, ids: np.ndarray, vocabulary: Vocabulary, characters: int = 0) -> TokenStream:
        """A stream over ids in memory. Lines end after each `</s>`; without `</s>` there is one line."""
        ids = np.asarray(ids)
        if vocabulary.end is None:
            ends = np.array([], dtype=np.int64)
        else:
            ends = np.flatnonzero(ids == vocabulary.end) + 1
        if len(ids) and (not len(ends) or ends[-1] != len(ids)):
            ends = np.append(ends, len(ids))
        return cls(ids, np.concatenate([[0], ends]).astype(np.int64), vocabulary, characters)

    def head(self, targets: int) -> TokenStream:
        """The fewest whole lines at the front that hold at least `targets` ids, or all lines."""
        last = int(np.searchsorted(self.lines, min(targets, len(self))))
        stop = int(self.lines[last])
        return TokenStream(self.ids[:stop], self.lines[: last + 1], self.vocabulary)
