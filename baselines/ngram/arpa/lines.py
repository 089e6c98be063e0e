"""The lines of an ARPA file in blocks of UTF-8, however the file is packed and encoded.

The first bytes tell: gzip, bzip2 and xz are unpacked; a byte order mark is dropped, and names the encoding if
it is that of UTF-16 or UTF-32; a carriage return ends a line where there is no newline. For other formats
that are mistaken for ARPA files, the error says what they are.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path

from benchmark.errors import UserError
from benchmark.storage.packed import DAMAGED, unpacked

_BLOCK = 1 << 22  # bytes read at a time
#: Bytes after which there must have been the end of a line.
LONGEST_LINE = 1 << 20
#: Beginnings of files that are not read, and what those files are.
_OTHERS = {
    b"\x28\xb5\x2f\xfd": "packed by zstd; unpack it with zstd -d FILE",
    b"\x1f\x9d": "packed by compress; unpack it with gzip -d FILE",
    b"\x04\x22\x4d\x18": "packed by lz4; unpack it with lz4 -d FILE",
    b"PK\x03\x04": "a zip archive; unpack it and give the file in it",
    b"mmap lm http://kheafield.com/code": "KenLM's binary format; give the ARPA file it was built from",
    b"iARPA": "IRSTLM's own format; convert it with compile-lm --text=yes FILE NEW",
    b"blmt": "IRSTLM's binary format; convert it with compile-lm --text=yes FILE NEW",
    b"Qblmt": "IRSTLM's binary format; convert it with compile-lm --text=yes FILE NEW",
    b"SRILM_BINARY_NGRAM": "SRILM's binary format; convert it with ngram -lm FILE -write-lm NEW",
    b"Trie Language Model": "the binary format of PocketSphinx; convert it with sphinx_lm_convert",
}
#: Marks at the beginning of a text: the longer one first where one begins like another.
_ENCODINGS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_COMMAND = re.compile(rb"\\[^\n]*\n")


class ArpaLines:
    """The whole lines of a file. `fail` makes errors that name it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fail(self, line: int, problem: str) -> UserError:
        return UserError(f"{self.path}, line {line}: {problem}")

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        r"""Line numbers, each with one line that begins with `\` or a block of lines that do not.

        Raises UserError for a file that cannot be read, a line without end, and a zero byte.
        """
        line, begun = 1, b""
        for piece in self._pieces():
            text = begun + piece
            cut = text.rfind(b"\n") + 1
            text, begun = text[:cut], text[cut:]
            for part in _parts(text):
                yield line, part
                line += part.count(b"\n")
            if len(begun) > LONGEST_LINE:
                raise self.fail(line, f"there is no end of the line in {LONGEST_LINE:,} bytes")
        if begun:
            for part in _parts(begun + b"\n"):
                yield line, part
                line += part.count(b"\n")

    def _pieces(self) -> Iterator[bytes]:
        """The text of the file, in UTF-8, with a newline where a line ends."""
        packed = self._blocks()
        first = next(packed, b"")
        for mark, what in _OTHERS.items():
            if first.startswith(mark):
                raise UserError(f"{self.path} is not an ARPA file, but {what}")
        mark = next((mark for mark in _ENCODINGS if first.startswith(mark)), b"")
        texts: Iterator[bytes] = chain([first[len(mark) :]], packed)
        if mark not in (b"", codecs.BOM_UTF8):
            texts = self._recoded(texts, _ENCODINGS[mark])
        old_mac = None
        for text in texts:
            if b"\0" in text:
                raise UserError(
                    f"{self.path} has a zero byte, so it is damaged or not UTF-8; if it is UTF-16 without a "
                    "byte order mark, convert it with iconv -f UTF-16LE -t UTF-8"
                )
            if old_mac is None:
                old_mac = b"\r" in text and b"\n" not in text
            yield text.replace(b"\r", b"\n") if old_mac else text

    def _blocks(self) -> Iterator[bytes]:
        """The bytes of the file, unpacked."""
        if self.path.exists() and not self.path.is_file() and not self.path.is_dir():
            raise UserError(f"{self.path} is a pipe or a device: save the ARPA file, and give its path")
        try:
            with self.path.open("rb") as file:
                content = unpacked(file)
                try:
                    yield from iter(partial((content or file).read, _BLOCK), b"")
                except DAMAGED as error:
                    if content is None:
                        raise
                    raise UserError(
                        f"{self.path} cannot be decompressed to its end ({error}): download it again"
                    ) from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise UserError(
                f"{self.path}: cannot be read ({reason}); give the path of an ARPA file"
            ) from None

    def _recoded(self, texts: Iterable[bytes], encoding: str) -> Iterator[bytes]:
        """The text in UTF-8, from another encoding."""
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            for text in texts:
                yield decoder.decode(text).encode()
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            name = encoding.upper()
            raise UserError(f"{self.path} begins as {name} and is not ({error.reason})") from None


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
