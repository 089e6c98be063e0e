"""Checksums that tell whether a saved file is damaged: CRC-32, which finds every single flipped bit.

It detects damage, not malice. A JSON object carries its own, under the key `seal`; a folder has a JSON
file that lists those of its other files. What is from before there were checksums is taken as it is.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

SEAL = "seal"
_BLOCK = 1 << 20


def checksum(path: Path) -> int:
    """CRC-32 of a file's bytes. Raises OSError."""
    crc = 0
    with path.open("rb") as file:
        while data := file.read(_BLOCK):
            crc = zlib.crc32(data, crc)
    return crc


def sealed(data: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object with the checksum of its content."""
    content = {key: value for key, value in data.items() if key != SEAL}
    return {**content, SEAL: _seal(content)}


def unsealed(data: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object without its checksum, if it has one. Raises ValueError if that is another's."""
    content = {key: value for key, value in data.items() if key != SEAL}
    if SEAL in data and data[SEAL] != _seal(content):
        raise ValueError(
            f"it is damaged, or was edited: its checksum is another's (after an edit, delete its {SEAL!r})"
        )
    return content


def checksums_of(folder: Path, files: Iterable[Path]) -> dict[str, int]:
    """The checksums of some files below a folder, by their path within it. Raises OSError."""
    return {path.relative_to(folder).as_posix(): checksum(path) for path in files}


def first_damaged(folder: Path, checksums: Mapping[str, Any]) -> str | None:
    """The first of some files in a folder that is missing or has another checksum; None if all are intact."""
    return next((name for name, expected in checksums.items() if not _is(folder / name, expected)), None)


def _is(path: Path, expected: Any) -> bool:
    try:
        return checksum(path) == expected
    except OSError:
        return False


def _seal(content: Mapping[str, Any]) -> int:
    return zlib.crc32(json.dumps(content, sort_keys=True).encode())
