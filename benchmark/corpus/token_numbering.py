"""From the text of a split to the type numbers of its tokens, a piece at a time.

Types are numbered piece by piece, as new ones come up; the vocabulary later assigns ids by frequency.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from benchmark.corpus.growing_array import GrowingArray
from benchmark.corpus.marks import END
from benchmark.corpus.word_numbering import MULTIPLIERS, LookedUp, WordNumberer

if TYPE_CHECKING:
    from benchmark.corpus.coded_text import TypeSizes

#: Applies a function to many pieces: `map`, or the `map` of a thread pool.
Mapping = Callable[[Callable[[bytes], LookedUp], Iterable[bytes]], Iterable[LookedUp]]


def _growing_batches(pieces: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Batches of 1, 2, 4, … up to 16 pieces: most words of the first piece are new, few of later ones are."""
    rest, size = iter(pieces), 1
    while some := list(islice(rest, size)):
        yield some
        size = min(2 * size, 16)


class TextCounter:
    """Counts the code points of text that passes through, and hashes the text if asked to.

    `newlines` has how many there are in each span of the text, once its tokens are separated.
    """

    def __init__(self, hashing: bool) -> None:
        self.characters = 0
        self.newlines: list[int] = []
        self._hash = None
        if hashing:
            import hashlib  # takes milliseconds

            self._hash = hashlib.sha256()

    @property
    def digest(self) -> str:
        """SHA-256 of the text; empty if it is not hashed."""
        return self._hash.hexdigest() if self._hash else ""

    def through(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            if self._hash:
                self._hash.update(piece)
            self.characters += len(piece) if piece.isascii() else len(piece.decode())
            yield piece


def lowercased(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces in lower case, according to Unicode."""
    for piece in pieces:
        yield piece.lower() if piece.isascii() else piece.decode().lower().encode()


class Numbered(NamedTuple):
    """Type numbers of some tokens (int32), and the offsets at which lines end: just after their `</s>` or,
    where lines are not marked, after the token with the newline or before the one that follows it."""

    numbers: np.ndarray
    line_ends: np.ndarray


class TokenNumberer(ABC):
    """Numbers the types of all splits of a corpus from 0; with `end_of_line`, type 0 is `</s>`."""

    #: Whether spaces stand between the tokens, which are no tokens themselves.
    spaced = False
    #: Whether its types can write any text, so that all of them are in the vocabulary and none is unknown.
    open = False

    def __init__(self, end_of_line: bool) -> None:
        self.end_of_line = end_of_line

    @abstractmethod
    def number(self, piece: bytes) -> Numbered:
        """The tokens of a piece of text that ends where a token ends."""

    @abstractmethod
    def types(self) -> list[str]:
        """The types in order of number."""

    def sizes(self, types: Sequence[str]) -> TypeSizes:
        """How long the text of each type is."""
        from benchmark.corpus.coded_text import TypeSizes

        return TypeSizes.of(types, end_first=self.end_of_line)

    def spelt(self, types: Sequence[str]) -> list[bytes]:
        """The text of each type in UTF-8; nothing for a `</s>` that marks the end of a line."""
        first = 1 if self.end_of_line else 0
        return [b""] * first + [token.encode() for token in types[first:]]

    def separators(self, lines: np.ndarray) -> int:
        """The spaces and newlines between the tokens of a split, from the offsets of its lines: one space
        between two words, one newline behind each line."""
        if not self.end_of_line:
            return int(lines[-1]) if self.spaced else 0
        words = np.diff(lines) - 1
        return int(np.maximum(words, 1).sum()) if self.spaced else len(words)

    def split(self, pieces: Iterable[bytes]) -> Iterator[Numbered]:
        """The tokens of a split. Its last line is ended even if it has no newline."""
        return map(self.number, self._closed(pieces))

    def _closed(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces that are not empty, and a newline if lines are marked and the last one has none."""
        return closed(pieces) if self.end_of_line else filter(None, pieces)


def closed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces that are not empty, and a newline if the last one has none."""
    last = b"\n"
    for piece in pieces:
        if piece:
            last = piece[-1:]
            yield piece
    if last != b"\n":
        yield b"\n"


class WordTokens(TokenNumberer):
    """Tokens between ASCII whitespace; every newline ends a line, a blank one too."""

    spaced = True

    def __init__(self, end_of_line: bool, multiplier: int = MULTIPLIERS[0]) -> None:
        super().__init__(end_of_line)
        self._words = WordNumberer(multiplier)

    def number(self, piece: bytes) -> Numbered:
        return self._marked(*self._words.number(piece))

    def split(self, pieces: Iterable[bytes], each: Mapping = map) -> Iterator[Numbered]:
        """The tokens of a split. `each`, say a thread pool's `map`, looks pieces up in parallel."""
        for some in _growing_batches(self._closed(pieces)):
            for looked_up in list(each(self._words.look_up, some)):
                yield self._marked(*self._words.settle(looked_up))

    def find(self, word: str) -> int | None:
        """The number of a word that occurs in the text; never that of the `</s>` which ends lines."""
        number = int(self._words.look_up(word.encode()).numbers[0])
        return None if number < 0 else number + self.end_of_line

    def _marked(self, numbers: np.ndarray, before_newlines: np.ndarray) -> Numbered:
        """The words' numbers, with `</s>` inserted if lines are marked."""
        if not self.end_of_line:
            return Numbered(numbers, before_newlines)
        ends = before_newlines + np.arange(len(before_newlines))
        is_word = np.ones(len(numbers) + len(ends), dtype=bool)
        is_word[ends] = False
        marked = np.zeros(len(is_word), dtype=np.int32)
        numbers += 1
        marked[is_word] = numbers
        return Numbered(marked, ends + 1)

    def types(self) -> list[str]:
        spelled = b" ".join(self._words.types()).decode()  # decoded at once, not type by type
        return ([END] if self.end_of_line else []) + (spelled.split(" ") if spelled else [])


class CharacterTokens(TokenNumberer):
    """Each code point is a token; with `end_of_line`, a newline is `</s>`."""

    def __init__(self, end_of_line: bool) -> None:
        super().__init__(end_of_line)
        self._number_of = np.full(0x110000, -1, dtype=np.int32)
        self._codes = GrowingArray(np.uint32)
        self._learn(np.array([ord("\n")] if end_of_line else [], dtype=np.uint32))

    def _learn(self, codes: np.ndarray) -> None:
        self._number_of[codes] = len(self._codes) + np.arange(len(codes), dtype=np.int32)
        self._codes.extend(codes)

    def number(self, piece: bytes) -> Numbered:
        codes: np.ndarray
        if piece.isascii():
            codes = np.frombuffer(piece, dtype=np.uint8)
        else:
            codes = np.frombuffer(piece.decode().encode("utf-32-le"), dtype="<u4")
        numbers = self._number_of[codes]
        new = np.unique(codes[numbers < 0])
        if len(new):
            self._learn(new)
            numbers = self._number_of[codes]
        return Numbered(numbers, np.flatnonzero(codes == ord("\n")) + 1)

    def types(self) -> list[str]:
        spelled = [chr(code) for code in self._codes.view().tolist()]
        return [END, *spelled[1:]] if self.end_of_line else spelled
