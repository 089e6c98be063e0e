"""The lines of an ARPA file, plain or gzip, in blocks."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from benchmark.errors import UserError

_BLOCK = 1 << 22  # bytes read at a time
_GZIP = b"\x1f\x8b"
#: Beginnings of files that are often mistaken for ARPA files, and what those files are.
_OTHERS = {
    b"mmap lm http://kheafield.com/code": "KenLM's binary format; give the ARPA file it was built from",
    b"iARPA": "IRSTLM's own format; convert it with compile-lm --text=yes FILE NEW",
    b"blmt": "IRSTLM's binary format; convert it with compile-lm --text=yes FILE NEW",
    b"SRILM_BINARY_NGRAM": "SRILM's binary format; convert it with ngram -lm FILE -write-lm NEW",
}
_COMMAND = re.compile(rb"\\[^\n]*\n")


class ArpaLines:
    """The whole lines of a file. `fail` makes errors that name it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fail(self, line: int, problem: str) -> UserError:
        return UserError(f"{self.path}, line {line}: {problem}")

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        r"""Line numbers, each with one line that begins with `\` or a block of lines that do not."""
        line = 1
        for text in self._texts():
            for part in _parts(text):
                yield line, part
                line += part.count(b"\n")

    def _texts(self) -> Iterator[bytes]:
        """The file in pieces that end where lines end."""
        begun = b""
        with self._open() as file:
            for piece in iter(lambda: self._read(file), b""):
                cut = piece.rfind(b"\n") + 1
                if cut:
                    yield begun + piece[:cut]
                begun = piece[cut:] if cut else begun + piece
        if begun:
            yield begun + b"\n"

    def _open(self) -> IO[bytes]:
        try:
            with self.path.open("rb") as file:
                packed = file.read(2) == _GZIP
            return cast(IO[bytes], gzip.open(self.path)) if packed else self.path.open("rb")
        except OSError as error:
            reason = error.strerror or str(error)
            raise UserError(
                f"{self.path}: cannot be read ({reason}); give the path of an ARPA file"
            ) from None

    def _read(self, file: IO[bytes]) -> bytes:
        try:
            piece = file.read(_BLOCK)
        except (EOFError, zlib.error, OSError) as error:
            raise UserError(
                f"{self.path} cannot be decompressed to its end ({error}): download it again"
            ) from None
        for mark, what in _OTHERS.items():
            if piece.startswith(mark):
                raise UserError(f"{self.path} is not an ARPA file, but {what}")
        return piece


def _parts(text: bytes) -> Iterator[bytes]:
    r"""The text, divided before and after each line that begins with `\`."""
    done = 0
    for match in _COMMAND.finditer(text):
        start, stop = match.span()
        if start and text[start - 1] != 10:
            continue
        if start > done:
            yield text[done:start]
        yield text[start:stop]
        done = stop
    if done < len(text):
        yield text[done:]
