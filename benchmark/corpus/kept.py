"""Arrays that are computed from a corpus once, when they are first needed, and kept in the cache."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.errors import UserError
from benchmark.storage.files import locked, write_bytes

#: Returns an array by its name, of a certain length; the function makes it where it is not yet kept.
Keep = Callable[[str, int, Callable[[], np.ndarray]], np.ndarray]


def not_kept(name: str, length: int, make: Callable[[], np.ndarray]) -> np.ndarray:
    """The `Keep` of a text without a cache: the array is made each time."""
    return make()


@dataclass(frozen=True)
class KeptArrays:
    """A folder of arrays, each a compressed `.npz` file, whose checksum (CRC-32) is tested in reading.

    Its name says which text the arrays are of; the name of an array says what was computed, in which version.
    """

    folder: Path

    def get(self, name: str, length: int, make: Callable[[], np.ndarray]) -> np.ndarray:
        """The array of this name, made by one process at a time and only once.

        It is made again if its file is damaged or its length is not `length`. Where the cache cannot be
        written, it is made each time.
        """
        path = self.folder / f"{name}.npz"
        found = _read(path, length)
        if found is not None:
            return found
        made: list[np.ndarray] = []
        try:
            with locked(self.folder, busy=lambda: None):
                found = _read(path, length)
                if found is not None:
                    return found
                made.append(make())
                buffer = io.BytesIO()
                np.savez_compressed(buffer, array=made[0])
                write_bytes(path, buffer.getvalue())
        except UserError:
            if not made:
                made.append(make())
        return made[0]


def _read(path: Path, length: int) -> np.ndarray | None:
    """The array in a file; None if it is not there, damaged, or of another length."""
    try:
        with np.load(path, allow_pickle=False) as file:
            array: np.ndarray = file["array"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    return array if len(array) == length else None
