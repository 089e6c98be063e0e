"""Tokens that can write any text: bytes, and subwords made of bytes. No text has an unknown one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from benchmark.corpus import byte_pairs
from benchmark.corpus.byte_symbols import NEWLINE, SYMBOLS, to_bytes
from benchmark.corpus.coded_text import TypeSizes
from benchmark.corpus.marks import END
from benchmark.corpus.token_numbering import Numbered, TokenNumberer


class _OpenTokens(TokenNumberer):
    """Types that are known before any text is read, all of which are in the vocabulary."""

    open = True

    def spelt(self, types: Sequence[str]) -> list[bytes]:
        first = 1 if self.end_of_line else 0
        return [b""] * first + [to_bytes(token) for token in types[first:]]

    def sizes(self, types: Sequence[str]) -> TypeSizes:
        spelt = self.spelt(types)
        # in UTF-8, every byte but a continuation byte begins a character
        begun = [sum(byte & 0xC0 != 0x80 for byte in data) for data in spelt]
        return TypeSizes(np.array(begun, dtype=np.int64), np.array(list(map(len, spelt)), dtype=np.int64))


class ByteTokens(_OpenTokens):
    """Each byte of the text in UTF-8 is a token; with `end_of_line`, a newline is `</s>`."""

    def __init__(self, end_of_line: bool) -> None:
        super().__init__(end_of_line)
        self._types = [END, *SYMBOLS.replace(NEWLINE, "")] if end_of_line else list(SYMBOLS)
        number_of = {token: number for number, token in enumerate(self._types)}
        self._number_of = np.array([number_of.get(symbol, 0) for symbol in SYMBOLS], dtype=np.int32)

    def number(self, piece: bytes) -> Numbered:
        codes = np.frombuffer(piece, dtype=np.uint8)
        return Numbered(self._number_of[codes], np.flatnonzero(codes == ord("\n")) + 1)

    def types(self) -> list[str]:
        return self._types


class BytePairTokens(_OpenTokens):
    """Subwords of a byte-pair encoding; with `end_of_line`, a newline is `</s>`."""

    def __init__(self, end_of_line: bool, encoding: str) -> None:
        super().__init__(end_of_line)
        self._encoding = byte_pairs.load(encoding)
        self._first = 1 if end_of_line else 0
        self._newlines = np.array([NEWLINE in token for token in self.types()])

    def split(self, pieces: Iterable[bytes]) -> Iterator[Numbered]:
        return map(self._number, byte_pairs.cut_at_words(self._closed(pieces)))

    def number(self, piece: bytes) -> Numbered:
        return self._number(piece.decode())

    def _number(self, text: str) -> Numbered:
        parts = text.split("\n") if self.end_of_line else [text]
        encoded = self._encoding.encode_batch_fast(parts, add_special_tokens=False)
        ids = [np.array(part.ids, dtype=np.int32) + self._first for part in encoded]
        if not self.end_of_line:
            newline = self._newlines[ids[0]]
            return Numbered(ids[0], np.flatnonzero(newline) + 1)
        marked = [part for line in ids for part in (line, np.zeros(1, dtype=np.int32))]
        ends = np.cumsum([len(line) + 1 for line in ids])[:-1]
        return Numbered(np.concatenate(marked[:-1]), ends.astype(np.int64))

    def types(self) -> list[str]:
        number_of = self._encoding.get_vocab()
        return [END] * self._first + sorted(number_of, key=number_of.__getitem__)
