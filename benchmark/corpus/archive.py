"""Unpacking members of zip and tar archives, with a check of every name and size."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import IO

from benchmark.errors import UserError
from benchmark.storage.files import atomic_folder, locked

#: An archive that unpacks to more than this is refused; the One Billion Word Benchmark takes 4.2 GB.
MOST_BYTES = 16 << 30


def unpack_once(
    archive: Path, inside: str | None, wanted: list[str], folder: Path, say: Callable[[str], None]
) -> None:
    """Call `unpack` in one process at a time, and only if no other process has done it meanwhile."""
    busy = f"another process is unpacking {archive.name}; waiting for it"
    with locked(folder.parent / "locks" / folder.name, busy=lambda: say(busy)):
        if not all(any(folder.glob(name)) for name in wanted):
            say(f"unpacking {archive}")
            unpack(archive, inside, wanted, folder)


def unpack(archive: Path, inside: str | None, wanted: list[str], folder: Path) -> None:
    """Write to `folder` the members of `archive` that are in its folder `inside` and match a wanted name.

    Either all of them are written or none. Raises UserError if the archive is damaged, a wanted name
    matches no member, a member's name points outside the folder, or there are too many bytes.
    """
    try:
        with _opened(archive) as members, atomic_folder(folder) as aside:
            missing = set(wanted)
            room = MOST_BYTES
            for name, size, read in members:
                relative = _below(name, inside)
                if relative is None:
                    continue
                matching = {pattern for pattern in wanted if fnmatchcase(relative, pattern)}
                if not matching:
                    continue
                missing -= matching
                room -= size
                if room < 0:
                    raise UserError(f"{archive} unpacks to more than {MOST_BYTES >> 30} GiB: refused")
                _write(read(), aside / _safe(relative, archive), size, archive)
            if missing:
                raise UserError(f"{archive} has no {sorted(missing)[0]!r} in its folder {inside or '/'}")
    except (zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        raise UserError(
            f"{archive} is not a whole archive ({error}): delete it to have it fetched again"
        ) from error


#: A regular file in an archive: its name, its size, and how to open it.
_Member = tuple[str, int, Callable[[], IO[bytes]]]


@contextmanager
def _opened(archive: Path) -> Iterator[Iterator[_Member]]:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            yield (
                (info.filename, info.file_size, _zip_reader(file, info))
                for info in file.infolist()
                if not info.is_dir()
            )
    else:
        with tarfile.open(archive) as tar:
            yield ((member.name, member.size, _tar_reader(tar, member)) for member in tar if member.isreg())


def _zip_reader(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    return lambda: file.open(info)


def _tar_reader(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Callable[[], IO[bytes]]:
    def read() -> IO[bytes]:
        opened = tar.extractfile(member)
        if opened is None:
            raise tarfile.ReadError(f"{member.name} is no file")
        return opened

    return read


def _below(name: str, inside: str | None) -> str | None:
    """The name relative to the folder `inside`, or None if it is not in that folder."""
    if not inside:
        return name
    prefix = inside.rstrip("/") + "/"
    return name[len(prefix) :] if name.startswith(prefix) else None


def _safe(name: str, archive: Path) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or not path.parts:
        raise UserError(f"{archive} holds {name!r}, a name that points outside: refused")
    return path


def _write(source: IO[bytes], target: Path, size: int, archive: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with source, target.open("wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
        if file.tell() != size:
            raise UserError(f"{archive}: {target.name} has {file.tell()} bytes, not the {size} it states")
