"""Finding a corpus file on this machine, or downloading it from its publisher."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmark.corpus.document import file_hash
from benchmark.errors import UserError
from benchmark.storage.files import locked
from benchmark.storage.temporary import TemporaryFolder

Say = Callable[[str], None]

#: A download is given up after this many seconds without a byte.
TIMEOUT = 30
#: How to have files looked for elsewhere.
PLACES = "corpora_dir=FOLDER or NEXTWORD_CORPORA names a folder of yours"
#: Bytes read from the network at a time.
CHUNK = 1 << 18


@dataclass(frozen=True)
class SearchPath:
    """The folders to look for corpora in: the user's own, then the cache, which is where downloads go."""

    corpora_dir: Path | None
    cache_dir: Path

    @property
    def downloads(self) -> Path:
        return self.cache_dir / "corpora"

    @property
    def folders(self) -> list[Path]:
        return [*([self.corpora_dir] if self.corpora_dir else []), self.downloads]

    def find(self, name: str) -> Path | None:
        """The first file of that name (a relative path), or None."""
        return next((folder / name for folder in self.folders if (folder / name).is_file()), None)

    def looked_in(self, name: str) -> str:
        """Where `find` looked, as text."""
        return " and ".join(str(folder / name) for folder in self.folders)


def default_cache() -> Path:
    """The platform's cache folder for this program."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("nextword", appauthor=False))


def find_or_download(
    name: str, url: str | None, checksum: str | None, search_path: SearchPath, say: Say
) -> Path:
    """A corpus file, downloaded if it is not on this machine; `name` is its path below a corpora folder.

    Raises UserError, which says which file is missing, where it was looked for, and where to get it.
    """
    found = search_path.find(name)
    if found is not None:
        return found
    if url is None:
        raise UserError(f"{name} is missing: looked for {search_path.looked_in(name)}; {PLACES}")
    fetch = partial(_download, url, checksum, search_path=search_path, say=say)
    return fetched_once(name, name, url, fetch, search_path, say)


def fetched_once(
    name: str, what: str, source: str, fetch: Callable[[Path], None], search_path: SearchPath, say: Say
) -> Path:
    """The file of that name among the downloads. `fetch` writes it in one process at a time, and only if no
    other process has done so meanwhile. `what` is fetched, from a `source`, for messages."""
    destination = search_path.downloads / name
    busy = f"another process is fetching {what}; waiting for it"
    with locked(search_path.downloads / "locks" / name.replace("/", "-"), busy=lambda: say(busy)):
        if not destination.is_file():
            say(f"fetching {source}")
            fetch(destination)
    return destination


def _download(url: str, checksum: str | None, destination: Path, search_path: SearchPath, say: Say) -> None:
    import pooch

    pooch.get_logger().setLevel("ERROR")
    name = destination.relative_to(search_path.downloads).as_posix()
    downloader = pooch.HTTPDownloader(_Progress(name, say), chunk_size=CHUNK, timeout=TIMEOUT)
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFolder.beside(destination) as aside:
            got = pooch.retrieve(url, None, fname=destination.name, path=aside, downloader=downloader)
            check(Path(got), checksum, origin=url)
            Path(got).replace(destination)
    except UserError:
        raise
    except Exception as error:
        # pooch passes on the errors of its transport: connection, name, certificate, status, disk.
        raise UserError(
            f"{name} is missing and could not be fetched ({_reason(error)}): looked for "
            f"{search_path.looked_in(name)}; get it from {url} and put it there ({PLACES})"
        ) from error


def check(path: Path, checksum: str | None, origin: str | None = None) -> None:
    """Raises UserError if a file does not have this checksum ("algorithm:hexadecimal"; None: any)."""
    if checksum is None:
        return
    algorithm, _, expected = checksum.rpartition(":")
    algorithm = algorithm or "sha256"
    if algorithm not in hashlib.algorithms_guaranteed:
        raise UserError(f"corpus.source.checksums: {algorithm!r} is no hash algorithm; take sha256")
    found = file_hash(path, algorithm)
    if found != expected.lower():
        raise UserError(
            f"{origin or path} is not the expected file: its {algorithm} is {found}, not {expected}; "
            + ("nothing was kept" if origin else "replace it, or delete it to have it fetched")
        )


def _reason(error: Exception) -> str:
    name = type(error).__name__
    if "Connection" in name or "Timeout" in name:
        return "no connection"
    return " ".join(str(error).split())[:200] or name


class _Progress:
    """Receives pooch's progress: a line at every tenth, or every 50 MB if the size is unknown."""

    def __init__(self, name: str, say: Say) -> None:
        self.total = 0
        self._name, self._say = name, say
        self._done = self._said = 0

    def update(self, count: int) -> None:
        self._done += count
        step = max(self.total // 10, 1_000_000) if self.total else 50_000_000
        if self._done - self._said >= step:
            self._said = self._done
            of = f" of {self.total / 1e6:.1f}" if self.total else ""
            self._say(f"{self._name}: {self._done / 1e6:.1f}{of} MB")

    def reset(self) -> None:
        """pooch calls this at the end, before it reports the total once more."""
        self._done = self._said = 0

    def close(self) -> None:
        """Part of pooch's interface; there is nothing to close."""
