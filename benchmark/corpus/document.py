"""Documents, the spans of documents that make up a split, and their text in pieces of limited size.

Text is UTF-8. A byte order mark at the front is dropped and `\\r\\n` is read as `\\n`; nothing else is
changed. Two spans of a split are separated by a newline.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

import numpy as np

from benchmark.errors import UserError

#: Bytes handled at a time. The arrays made from a piece of this size fit into the processor's cache.
PIECE = 1 << 18
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


def pieces(spans: Sequence[Span], newlines: list[int] | None = None) -> Iterator[bytes]:
    """The text of a split in pieces of about PIECE bytes, each ending after whitespace or at a span's end.

    To `newlines` is added how many there are in the text of each span, once it is read. Raises UserError for
    a file that cannot be read, or is not UTF-8 (the error says at which line and byte).
    """
    waiting: list[bytes] = []
    gathered = 0
    for piece in _joined(spans, [] if newlines is None else newlines):
        waiting.append(piece)
        gathered += len(piece)
        if gathered >= PIECE:
            yield b"".join(waiting)
            waiting, gathered = [], 0
    if waiting:
        yield b"".join(waiting)


def whole_spans(spans: Sequence[Span]) -> Iterator[bytes]:
    """The same text, one piece per span."""
    for place, span in enumerate(spans):
        text = b"".join(_span_pieces(span))
        if place + 1 < len(spans) and not text.endswith(b"\n"):
            text += b"\n"
        yield text


def _joined(spans: Sequence[Span], newlines: list[int]) -> Iterator[bytes]:
    for place, span in enumerate(spans):
        piece, count = b"\n", 0
        for piece in _span_pieces(span):
            count += piece.count(b"\n")
            yield piece
        if place + 1 < len(spans) and not piece.endswith(b"\n"):
            count += 1
            yield b"\n"
        newlines.append(count)


def _span_pieces(span: Span) -> Iterator[bytes]:
    with span.document.open() as file:
        file.seek(span.start)
        offset, rest = span.start, b""
        while True:
            left = -1 if span.stop is None else span.stop - offset - len(rest)
            # A long stretch without whitespace is read in larger and larger steps.
            wanted = max(PIECE, len(rest))
            read = file.read(wanted if left < 0 else min(wanted, left))
            rest += read
            if not rest:
                return
            cut = _last_break(rest) if read else len(rest)
            if not cut:
                continue
            piece, rest = rest[:cut], rest[cut:]
            yield _clean(piece, span.document, offset)
            offset += cut


def _last_break(data: bytes) -> int:
    """Where a piece can end: after its last newline, or else after its last space (0 if there is neither)."""
    return data.rfind(b"\n") + 1 or data.rfind(b" ") + 1


def _clean(piece: bytes, document: Document, offset: int) -> bytes:
    if not piece.isascii():
        try:
            piece.decode()
        except UnicodeDecodeError as error:
            at = offset + error.start
            raise UserError(
                f"{document.name} is not UTF-8 text: line {_line_at(document, at)}, byte {at} of the file "
                f"({error.reason}); convert it first, for instance with iconv -t utf-8"
            ) from error
    if offset == 0 and piece.startswith(BYTE_ORDER_MARK):
        piece = piece[len(BYTE_ORDER_MARK) :]
    return piece.replace(b"\r\n", b"\n") if b"\r" in piece else piece


def _line_at(document: Document, offset: int) -> int:
    """The number, from 1, of the line that contains a byte."""
    line = 1
    with document.open() as file:
        while offset > 0 and (data := file.read(min(offset, PIECE))):
            line += data.count(b"\n")
            offset -= len(data)
    return line
