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
#: The list of checksums in a folder.
CHECKSUMS = "checksums.json"
_BLOCK = 1 << 20
#: More than any list of ours takes.
_MOST_BYTES = 16 << 20


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
    written = json.loads(json.dumps(content))  # where every key is text
    return {**content, SEAL: _seal(written)}


def unsealed(data: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object, as it was read, without its checksum, if it has one. Raises ValueError if that is
    another's."""
    content = {key: value for key, value in data.items() if key != SEAL}
    if SEAL in data and data[SEAL] != _seal(content):
        raise ValueError(
            f"it is damaged, or was edited: its checksum is another's (after an edit, delete its {SEAL!r})"
        )
    return content


def checksums_of(folder: Path, files: Iterable[Path]) -> dict[str, int]:
    """The checksums of some files below a folder, by their path within it. Raises OSError."""
    return {path.relative_to(folder).as_posix(): checksum(path) for path in files}


def damage(folder: Path, below: str) -> str | None:
    """What is wrong with files whose path in a folder begins with `below`, if it lists checksums."""
    try:
        wanted = {name: crc for name, crc in _listed(folder).items() if name.startswith(below)}
    except ValueError as error:
        return str(error)
    damaged = first_damaged(folder, wanted)
    return None if damaged is None else f"{folder / damaged} is damaged or missing"


def difference(path: Path, content: bytes) -> str | None:
    """What is wrong with the content of a file, if its folder lists its checksum."""
    try:
        expected = _listed(path.parent).get(path.name)
    except ValueError as error:
        return str(error)
    if expected is None or zlib.crc32(content) == expected:
        return None
    return f"it is damaged, or was edited: its checksum is not that in {CHECKSUMS}"


def first_damaged(folder: Path, checksums: Mapping[str, Any]) -> str | None:
    """The first of some files in a folder that is missing or has another checksum; None if all are intact."""
    return next((name for name, expected in checksums.items() if not _is(folder / name, expected)), None)


def _listed(folder: Path) -> dict[str, Any]:
    """The checksums that a folder lists; none if it has no list. Raises ValueError if that is damaged."""
    path = folder / CHECKSUMS
    try:
        if not path.exists():
            return {}
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            raise ValueError("it is no list of checksums")
        listed = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(listed, dict):
            raise ValueError("it holds no checksums")
        return unsealed(listed)
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read ({error})") from None


def _is(path: Path, expected: Any) -> bool:
    try:
        return path.is_file() and checksum(path) == expected
    except OSError:
        return False


def _seal(written: Mapping[str, Any]) -> int:
    return zlib.crc32(json.dumps(written, sort_keys=True).encode())
