"""Arrays in temporary files, mapped into memory a part at a time.

A page of a mapped file counts as memory of the process from when it is touched until it is forgotten. So who
goes through such an array does so in blocks, and calls `forget` now and then: the content stays in the file.

The files have no name, so that a process that dies leaves nothing behind. They are where Python's `tempfile`
puts them; TMPDIR names another disk.
"""

from __future__ import annotations

import errno
import mmap
import os
from typing import IO, TYPE_CHECKING

import numpy as np

from benchmark.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import DTypeLike


def temporary() -> IO[bytes]:
    """A file without a name. It exists as long as something is mapped from it."""
    import tempfile  # a short text needs none

    return tempfile.TemporaryFile(prefix="nextword-", buffering=0)


def append(file: IO[bytes], values: np.ndarray) -> None:
    """Append all of `values`, in one piece even if several threads append. Raises UserError."""
    try:
        if file.write(np.ascontiguousarray(values).data) != values.nbytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        raise no_room(error) from error


def write_at(file: IO[bytes], values: np.ndarray, place: int) -> None:
    """Write all of `values` from byte `place` on. Raises UserError."""
    try:
        if os.pwrite(file.fileno(), np.ascontiguousarray(values).data, place) != values.nbytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        raise no_room(error) from error


def read_at(file: IO[bytes], shape: tuple[int, ...], place: int) -> np.ndarray:
    """int32 of this shape from byte `place` on."""
    values = np.empty(shape, dtype=np.int32)
    rest = values.reshape(-1).view(np.uint8).data
    while len(rest):
        got = os.preadv(file.fileno(), [rest], place)
        rest, place = rest[got:], place + got
    return values


def new_array(length: int, dtype: DTypeLike = np.int32) -> np.ndarray:
    """An array of zeros in a file. Raises UserError if there is no room."""
    file = temporary()
    try:
        if length:  # a full disk fails here, not while writing
            os.posix_fallocate(file.fileno(), 0, np.dtype(dtype).itemsize * length)
    except OSError as error:
        raise no_room(error) from error
    return mapped(file, dtype)


def mapped(file: IO[bytes], dtype: DTypeLike = np.int32) -> np.ndarray:
    """The values of a file, which exists as long as they do."""
    size = file.seek(0, os.SEEK_END)
    return np.memmap(file, dtype=dtype, mode="r+") if size else np.empty(0, dtype=dtype)


def in_file(array: object) -> bool:
    """Whether an array is one of a temporary file."""
    return isinstance(array, np.memmap) and array._mmap is not None  # type: ignore[attr-defined]


def forget(*arrays: object) -> None:
    """Give up the memory of those arrays that are mapped files."""
    for array in arrays:
        if in_file(array):
            array._mmap.madvise(mmap.MADV_DONTNEED)  # type: ignore[attr-defined]


def no_room(error: OSError) -> UserError:
    """The error for a temporary file that cannot be written."""
    import tempfile

    return UserError(
        f"cannot write temporary files to {tempfile.gettempdir()}: {error.strerror}; "
        "make room there, set TMPDIR to another folder, or NEXTWORD_MEMORY to more memory"
    )
