"""Packed files: gzip, bzip2 and xz, told by their first bytes and not by their names."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from typing import IO, Any

#: How files are unpacked, by what they begin with.
_PACKED: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
#: What reading a packed file raises where it is damaged or cut off.
DAMAGED = (EOFError, zlib.error, lzma.LZMAError, OSError)


def unpacked(file: IO[bytes]) -> IO[bytes] | None:
    """The content of a packed file, opened at its begin; None for a file that is not packed."""
    mark = file.read(8)
    file.seek(0)
    unpack = next((unpack for begins, unpack in _PACKED.items() if mark.startswith(begins)), None)
    return unpack(file) if unpack else None
