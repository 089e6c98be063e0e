"""Tokens as words on a line, as programs read them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmark.contract import TokenStream, Vocabulary

#: What stands for characters that separate words and lines, so that any token is a word.
ESCAPES = str.maketrans({"\\": "\\\\", " ": "\\s", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

#: Tokens of a text that are written at once.
_BLOCK = 1 << 20


class Words:
    """The vocabulary as programs know it: a word for each token, by its id."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._words = [token.translate(ESCAPES) for token in vocabulary.tokens]

    def __len__(self) -> int:
        return len(self._words)

    def line(self, ids: np.ndarray) -> str:
        """The words with these ids, one space between them."""
        return " ".join(map(self._words.__getitem__, ids.tolist()))

    def write_vocabulary(self, path: Path) -> None:
        """A word in each line, in the order of the ids."""
        path.write_text("".join(f"{word}\n" for word in self._words), encoding="utf-8", newline="\n")

    def write_text(self, path: Path, stream: TokenStream) -> None:
        """A line for each line of the stream, with its `</s>` if it has one."""
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for start, stop in pairwise(stream.lines.tolist()):
                for part in pieces(start, stop, _BLOCK):
                    file.write(self.line(stream.ids[part]))
                    file.write("\n" if part.stop == stop else " ")


def pieces(start: int, stop: int, size: int) -> Iterator[slice]:
    """The places from `start` to `stop`, `size` at a time."""
    for first in range(start, stop, size):
        yield slice(first, min(first + size, stop))
