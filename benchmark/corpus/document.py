"""Documents, the spans of documents that make up a split, and their text in pieces of limited size.

Text is UTF-8. A byte order mark at the front is dropped and `\\r\\n` is read as `\\n`. A `MarkRule` may drop
the marks of lines; nothing else is changed. Two spans of a split are separated by a newline. A span is read
once, from its beginning to its end, so that a document may be a pipe.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

import numpy as np

from benchmark.corpus.marks import MarkFound, MarkRule
from benchmark.errors import UserError

#: Bytes handled at a time. The arrays made from a piece of this size fit into the processor's cache.
PIECE = 1 << 18
#: Bytes in the longest word, and in the longest line where whole lines are read.
LONGEST = 1 << 20
_NEWLINE = ord("\n")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Document(Protocol):
    """One text: a file, or something that a corpus reader turns into text."""

    @property
    def name(self) -> str:
        """What error messages call it."""

    def open(self) -> IO[bytes]:
        """A stream at the beginning of its text. Raises UserError."""

    def digest(self) -> str:
        """SHA-256 of its content, hexadecimal."""

    def tags(self) -> np.ndarray | None:
        """For each byte of its text, the class of the word that it stands in, of which the space behind it is
        a part: uint8, see `benchmark.corpus.parts_of_speech`. None if its words have no known tags."""


@dataclass(frozen=True)
class FileDocument:
    """A text file."""

    path: Path

    @property
    def name(self) -> str:
        return str(self.path)

    def open(self) -> IO[bytes]:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise UserError(f"cannot read {self.path}: {error.strerror or error}") from error

    def digest(self) -> str:
        return file_hash(self.path, "sha256")

    def tags(self) -> None:
        """Plain text has no tags."""


def file_hash(path: Path, algorithm: str) -> str:
    """The hexadecimal hash of a file. Raises UserError if it cannot be read."""
    import hashlib  # takes milliseconds

    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, algorithm).hexdigest()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror or error}") from error


@dataclass(frozen=True)
class Span:
    """The bytes of a document from `start` up to `stop` (None for its end)."""

    document: Document
    start: int = 0
    stop: int | None = None


def pieces(
    spans: Sequence[Span], newlines: list[int] | None = None, rule: MarkRule | None = None
) -> Iterator[bytes]:
    """The text of a split in pieces of about PIECE bytes, each ending after whitespace or at a span's end.

    To `newlines` is added how many there are in the text of each span, once it is read. `rule` says how the
    text will be cut into tokens, and what becomes of its marks; for characters and bytes, a piece may also
    end within a stretch of LONGEST bytes without whitespace. Raises UserError, with the line, for a file that
    cannot be read or is not UTF-8, for a mark that the rule refuses, and for a longer word.
    """
    waiting: list[bytes] = []
    gathered = 0
    for piece in _joined(spans, [] if newlines is None else newlines, rule):
        waiting.append(piece)
        gathered += len(piece)
        if gathered >= PIECE:
            yield b"".join(waiting)
            waiting, gathered = [], 0
    if waiting:
        yield b"".join(waiting)


def whole_spans(spans: Sequence[Span], rule: MarkRule | None = None) -> Iterator[bytes]:
    """The same text, one piece per span."""
    for place, span in enumerate(spans):
        text = b"".join(_SpanReader(span, rule).pieces())
        if place + 1 < len(spans) and not text.endswith(b"\n"):
            text += b"\n"
        yield text


def _joined(spans: Sequence[Span], newlines: list[int], rule: MarkRule | None) -> Iterator[bytes]:
    for place, span in enumerate(spans):
        piece, reader = b"\n", _SpanReader(span, rule)
        for piece in reader.pieces():
            yield piece
        count = reader.lines
        if place + 1 < len(spans) and not piece.endswith(b"\n"):
            count += 1
            yield b"\n"
        newlines.append(count)


class _SpanReader:
    """Reads a span once, and knows in which line it is."""

    def __init__(self, span: Span, rule: MarkRule | None) -> None:
        self._span, self._rule = span, rule
        self._offset = span.start  # of the next piece, in the document
        self.lines = 0  # newlines of the span before the next piece

    def pieces(self) -> Iterator[bytes]:
        span, rest = self._span, b""
        with span.document.open() as file:
            if span.start:
                file.seek(span.start)
            while True:
                left = -1 if span.stop is None else span.stop - self._offset - len(rest)
                # A long stretch without whitespace is read in larger and larger steps.
                wanted = max(PIECE, len(rest))
                read = self._read(file, wanted if left < 0 else min(wanted, left))
                rest += read
                if not rest:
                    return
                cut = self._cut(rest) if read else len(rest)
                if cut:
                    piece, rest = rest[:cut], rest[cut:]
                    yield self._clean(piece)
                    self._offset, self.lines = self._offset + cut, self.lines + _newlines(piece)

    def _read(self, file: IO[bytes], wanted: int) -> bytes:
        try:
            return file.read(wanted)
        except OSError as error:
            raise UserError(f"cannot read {self._span.document.name}: {error.strerror or error}") from error

    def _cut(self, data: bytes) -> int:
        """Where a piece can end: after its last newline, or else after a space; 0 if there is neither."""
        cut = data.rfind(b"\n") + 1
        if not cut and not (self._rule and self._rule.reads_lines):
            cut = data.rfind(b" ") + 1 or max(map(data.rfind, (b"\t", b"\v", b"\f"))) + 1
        if cut or len(data) <= LONGEST or self._rule is None:
            return cut
        if self._rule.reads_lines:
            takes = "corpus.tokens=words" if self._rule.tokens == "words" else f"{self._rule.setting}=read"
            raise self._error(f"has more than {LONGEST:,} bytes, the most that {takes} takes: break the line")
        if self._rule.tokens in ("characters", "bytes"):
            return _last_character(data)
        of_corpus = self._rule.setting.startswith("corpus.")
        way = "take corpus.tokens=characters or bytes" if of_corpus else "put some in"
        raise self._error(
            f"has a word of more than {LONGEST:,} bytes; words are separated by spaces: for text without "
            f"any, {way}"
        )

    def _clean(self, piece: bytes) -> bytes:
        if not piece.isascii():
            try:
                piece.decode()
            except UnicodeDecodeError as error:
                place, byte = self._place(piece.count(b"\n", 0, error.start)), self._offset + error.start
                raise UserError(
                    f"{self._span.document.name} is not UTF-8 text: {place}, byte {byte} of the file "
                    f"({error.reason}); convert it first, for instance with iconv -t utf-8"
                ) from error
        if self._offset == 0 and piece.startswith(BYTE_ORDER_MARK):
            piece = piece[len(BYTE_ORDER_MARK) :]
        piece = piece.replace(b"\r\n", b"\n") if b"\r" in piece else piece
        try:
            return self._rule.applied(piece) if self._rule else piece
        except MarkFound as found:
            raise found.error(f"{self._span.document.name}, {self._place(found.line)}") from None

    def _error(self, problem: str) -> UserError:
        return UserError(f"{self._span.document.name}, {self._place(0)} {problem}")

    def _place(self, lines: int) -> str:
        """`line 3` of the document, so many lines after the beginning of the next piece."""
        return f"line {1 + _newlines_before(self._span) + self.lines + lines}"


def _newlines(data: bytes) -> int:
    """How many there are, in a seventh of the time that `bytes.count` takes where lines are short."""
    return int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8) == _NEWLINE))


def _last_character(data: bytes) -> int:
    """Where the last character of UTF-8 begins."""
    cut = len(data) - 1
    while cut > len(data) - 4 and data[cut] & 0xC0 == 0x80:
        cut -= 1
    return cut


def _newlines_before(span: Span) -> int:
    """How many newlines of the document precede a span."""
    left, lines = span.start, 0
    if left:
        with span.document.open() as file:
            while left > 0 and (data := file.read(min(left, PIECE))):
                lines += _newlines(data)
                left -= len(data)
    return lines
