"""Where counting keeps what it has found: in memory, or in temporary files that are read in place.

Files are nameless from the start, so nothing is left behind by a process that dies. They lie where Python's
`tempfile` puts them: TMPDIR names another disk.
"""

from __future__ import annotations

import errno
import mmap
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Protocol

import numpy as np

from baselines.ngram.counting.arrays import Array, Arrays, NumpyArrays
from baselines.ngram.counting.threads import in_blocks
from benchmark.errors import UserError

_BLOCK = 1 << 20
_OWN_PAGES = 10 << 20  # int32 that the C library maps apart and gives back at once: over 32 MiB
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def memory_budget() -> int:
    """Bytes that counting may take: what NEXTWORD_MEMORY says (such as 4G or 500M), else half the machine's.

    Raises UserError where it is said in another way.
    """
    said = os.environ.get("NEXTWORD_MEMORY", "")
    if not said:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    return parse_bytes(said, "NEXTWORD_MEMORY=")


def parse_bytes(said: str, name: str) -> int:
    """A number of bytes, with K, M, G or T for powers of 1024. Raises UserError that begins with `name`."""
    number, unit = said[:-1], said[-1:].upper()
    if unit.isdigit():
        number, unit = said, ""
    if unit not in _UNITS or not number.isdecimal() or not int(number):
        raise UserError(
            f"{name}{said} is not usable: give bytes as a whole number with K, M, G or T, as in 4G"
        )
    return int(number) * _UNITS[unit]


class Column(Protocol):
    """An array of int32 that grows at its end."""

    def append(self, values: Array) -> None:
        """Add values."""

    def finish(self) -> np.ndarray:
        """The whole array; nothing more is added."""


class Links(Protocol):
    """For one order the id of the n-gram that begins at each place of a sequence."""

    def put(self, places: Array, ids: Array) -> None:
        """Say what begins at some places; from several threads, each place once."""

    def take(self, places: np.ndarray, pool: ThreadPoolExecutor) -> np.ndarray:
        """What begins at `places`: int32. Called once, at the end."""


class Storage(Protocol):
    """Makes columns and links."""

    def column(self) -> Column: ...

    def links(self, length: int) -> Links:
        """Links for a sequence of `length` places."""


class InMemory:
    """Everything in memory."""

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays

    def column(self) -> Column:
        return MemoryColumn(self.arrays)

    def links(self, length: int) -> Links:
        return _MemoryLinks(self.arrays, length)


class MemoryColumn:
    """Blocks of their own pages: many small arrays would keep freed memory between them from the system."""

    def __init__(self, arrays: Arrays | None = None) -> None:
        self.arrays = arrays or NumpyArrays()
        self.blocks: list[np.ndarray] = []
        self.room = np.empty(0, dtype=np.int32)  # what is left of the last block
        self.length = 0

    def append(self, values: Array) -> None:
        rest = self.arrays.numpy(values)
        self.length += len(rest)
        while len(rest):
            if not len(self.room):
                self.room = np.empty(max(len(rest), min(2 * self.length, _OWN_PAGES)), dtype=np.int32)
                self.blocks.append(self.room)
            taken = min(len(rest), len(self.room))
            self.room[:taken] = rest[:taken]
            self.room, rest = self.room[taken:], rest[taken:]

    def drain(self) -> Iterator[np.ndarray]:
        """The values block by block; each is let go of as the next is asked for."""
        if self.blocks:
            last = self.blocks[-1]
            self.blocks[-1] = last[: len(last) - len(self.room)]
            self.room = last[:0]
        while self.blocks:
            yield self.blocks.pop(0)

    def finish(self) -> np.ndarray:
        whole = np.empty(self.length, dtype=np.int32)
        start = 0
        for block in self.drain():
            whole[start : start + len(block)] = block
            start += len(block)
        return whole


class _MemoryLinks:
    def __init__(self, arrays: Arrays, length: int) -> None:
        self.arrays, self.ids = arrays, arrays.empty(length)

    def put(self, places: Array, ids: Array) -> None:
        self.arrays.put(self.ids, places, ids)

    def take(self, places: np.ndarray, pool: ThreadPoolExecutor) -> np.ndarray:
        found = np.empty(len(places), dtype=np.int32)

        def look_up(some: slice) -> None:
            found[some] = self.arrays.numpy(self.arrays.take(self.ids, self.arrays.of(places[some])))

        in_blocks(pool, look_up, len(places))
        return found


class OnDisk:
    """Everything in files. `window` is how many places of a sequence are linked in memory at a time."""

    def __init__(self, arrays: Arrays, window: int) -> None:
        self.arrays, self.window = arrays, window

    def column(self) -> Column:
        return _DiskColumn(self.arrays)

    def links(self, length: int) -> Links:
        return _DiskLinks(self.arrays, length, self.window)


class _DiskColumn:
    def __init__(self, arrays: Arrays) -> None:
        self.arrays, self.file = arrays, temporary()

    def append(self, values: Array) -> None:
        _write(self.file, self.arrays.numpy(values).astype(np.int32, copy=False).tobytes())

    def finish(self) -> np.ndarray:
        return _mapped(self.file)


class _DiskLinks:
    """Pairs of a place and an id, in one file for each window of places."""

    def __init__(self, arrays: Arrays, length: int, window: int) -> None:
        self.arrays, self.length, self.window = arrays, length, window
        self.files = [temporary() for _ in range(0, length, window)]

    def put(self, places: Array, ids: Array) -> None:
        pairs = np.stack([self.arrays.numpy(places), self.arrays.numpy(ids)], axis=1).astype(np.int32)
        windows = pairs[:, 0] // self.window
        for number in np.unique(windows).tolist():
            _write(self.files[number], pairs[windows == number].tobytes())

    def take(self, places: np.ndarray, pool: ThreadPoolExecutor) -> np.ndarray:
        found = _new_file(len(places))
        for number, file in enumerate(self.files):
            start = number * self.window
            ids = np.empty(min(self.window, self.length - start), dtype=np.int32)
            file.seek(0)
            while len(pairs := np.fromfile(file, dtype=np.int32, count=2 * _BLOCK).reshape(-1, 2)):
                ids[pairs[:, 0] - start] = pairs[:, 1]
            for begin in range(0, len(places), _BLOCK):
                wanted = places[begin : begin + _BLOCK] - start
                inside = np.flatnonzero((wanted >= 0) & (wanted < len(ids)))
                found[begin : begin + _BLOCK][inside] = ids[wanted[inside]]
                _forget(found)
        self.files = []
        return found


def temporary() -> IO[bytes]:
    """A file without a name, which lasts as long as what is mapped from it."""
    return tempfile.TemporaryFile(prefix="nextword-", buffering=0)


def _write(file: IO[bytes], data: bytes) -> None:
    """Append all of `data`, in one piece where several threads append."""
    try:
        if file.write(data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        raise no_room(error) from error


def _new_file(length: int) -> np.ndarray:
    file = temporary()
    try:
        if length:
            os.posix_fallocate(file.fileno(), 0, 4 * length)  # a full disk shows here, not while writing
    except OSError as error:
        raise no_room(error) from error
    return _mapped(file)


def no_room(error: OSError) -> UserError:
    """What to say where a temporary file cannot be written."""
    return UserError(
        f"counting cannot write to {tempfile.gettempdir()}: {error.strerror}; "
        "make room there, name another folder by TMPDIR, or allow more memory by NEXTWORD_MEMORY"
    )


def _mapped(file: IO[bytes]) -> np.ndarray:
    """The int32 values of a file, which lives as long as they do."""
    size = file.seek(0, os.SEEK_END)
    return np.memmap(file, dtype=np.int32, mode="r+") if size else np.empty(0, dtype=np.int32)


def _forget(mapped: np.ndarray) -> None:
    """Let the system take back the memory of a mapped file, whose content it keeps."""
    if isinstance(mapped, np.memmap):
        mapped._mmap.madvise(mmap.MADV_DONTNEED)  # type: ignore[attr-defined]
