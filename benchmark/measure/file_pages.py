"""The pages of mapped files that a process holds, so that a fork of it can hold the same (Linux).

A fork has its parent's own memory, but of files that are mapped and unchanged, such as the code of
libraries, it holds no page until it touches one. What the parent has read of them would be missing from the
fork's peak of resident memory, by some 50 MB where torch is imported.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

#: A first address and a number of bytes.
Stretch = tuple[int, int]

#: Bytes of an entry of `/proc/self/pagemap`; the highest bit of the last says that the page is held.
_ENTRY, _PRESENT = 8, 0x80


def held_file_pages() -> list[Stretch]:
    """The stretches of mapped files that this process holds; empty where the system does not tell."""
    page = os.sysconf("SC_PAGE_SIZE")
    held: list[Stretch] = []
    try:
        maps = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")
        with open("/proc/self/pagemap", "rb", buffering=0) as pagemap:
            for start, end in _readable_files(maps):
                first, number = start // page, (end - start) // page
                entries = os.pread(pagemap.fileno(), number * _ENTRY, first * _ENTRY)
                held += _held(entries, start, page)
    except OSError:
        return []
    return held


def touch(stretches: Sequence[Stretch]) -> None:
    """Read a byte of each of their pages, so that this process holds them."""
    page = os.sysconf("SC_PAGE_SIZE")
    for start, length in stretches:
        memoryview((ctypes.c_ubyte * length).from_address(start)).cast("B")[::page].tobytes()


def _readable_files(maps: str) -> Iterator[tuple[int, int]]:
    """First address and end of each readable mapping of a file (see proc_pid_maps(5))."""
    for line in maps.splitlines():
        addresses, permissions, *rest = line.split(maxsplit=5)
        if permissions[0] == "r" and rest[3:] and rest[3].startswith("/") and not rest[3].startswith("/dev/"):
            start, _, end = addresses.partition("-")
            yield int(start, 16), int(end, 16)


def _held(entries: bytes, start: int, page: int) -> Iterator[Stretch]:
    """The stretches of a mapping whose entries say that their pages are held."""
    place = start
    for held, group in groupby(entries[_ENTRY - 1 :: _ENTRY], key=lambda last: bool(last & _PRESENT)):
        length = sum(1 for _ in group) * page
        if held:
            yield place, length
        place += length
