"""A job on a machine that may not see this one's files: what it is told, and what comes back.

The results folder has a mark. A machine that sees it writes the run where it belongs; one that does not
keeps the run to itself and sends its files, so that run folders need no shared disk. An
interrupted training can go on only from a shared results folder. Corpora and caches are looked for at the
same paths and else where that machine's own `NEXTWORD_CORPORA` and `NEXTWORD_CACHE` say.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4

from benchmark.errors import UserError
from benchmark.record.folder import RESULT, WORKSPACE, write_text
from benchmark.sweep.isolated import End, Order, spoken
from benchmark.sweep.outcome import Placed

#: A file below the results folder by which a machine tells that it sees that folder and no other.
MARK = Path("launcher") / "mark"

#: Bytes of a file sent at a time.
PIECE = 4 << 20

#: The environment variables behind a folder's setting.
OWN_FOLDERS = {"corpora_dir": "NEXTWORD_CORPORA", "cache_dir": "NEXTWORD_CACHE"}


@dataclass(frozen=True)
class Errand:
    """A job's order with absolute paths; `run` is its folder's path below the results folder."""

    order: Order
    run: str
    mark: str
    cwd: str


@dataclass(frozen=True)
class Piece:
    """The next bytes of a file of the run folder (`path` within it)."""

    path: str
    data: bytes


def errand(place: Placed, mark: str) -> Errand:
    """What another machine needs to know of a job."""
    config = dict(place.job.config)
    for key in ("results_dir", *OWN_FOLDERS):
        if config[key]:
            config[key] = str(Path(config[key]).expanduser().resolve())
    run = place.folder.relative_to(place.job.results_dir).as_posix()
    return Errand(Order(config, place.job.command), run, mark, os.getcwd())


def results_mark(results_dir: Path) -> str:
    """What tells a results folder from any other of that path: random text in a file, kept from then on."""
    path = results_dir / MARK
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_text(path, uuid4().hex + "\n")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write to {results_dir}: {error.strerror or error}") from error


def run_errand(sent: Errand) -> Generator[str | Piece | End, None, None]:
    """Run a job where this is called: the lines it says, its files where they are needed, how it ended."""
    with ExitStack() as stack:
        config = {**sent.order.config, **_own_folders(sent.order.config)}
        shared = _sees_results(sent)
        if not shared:
            config["results_dir"] = stack.enter_context(tempfile.TemporaryDirectory(prefix="nextword-"))
        cwd = sent.cwd if Path(sent.cwd).is_dir() else None
        end = yield from spoken(replace(sent.order, config=config), captured=True, cwd=cwd)
        run = Path(config["results_dir"]) / sent.run
        if end.status == 0 and not (run / RESULT).exists():
            reason = (
                f"nextword or the corpus on {socket.gethostname()} is not what it is where the sweep began"
            )
            end = End(1, reason)
        if not shared and end.status == 0:
            yield from _pieces(run)
        yield end


def _sees_results(sent: Errand) -> bool:
    try:
        return (Path(sent.order.config["results_dir"]) / MARK).read_text(encoding="utf-8") == sent.mark
    except OSError:
        return False


def _own_folders(config: dict[str, Any]) -> dict[str, str | None]:
    """This machine's folders in place of those that it does not have."""
    return {
        key: os.environ.get(variable)
        for key, variable in OWN_FOLDERS.items()
        if config[key] and not Path(config[key]).is_dir()
    }


def _pieces(run: Path) -> Iterator[Piece]:
    """Every file of a run folder, its record last."""
    files = [
        path
        for path in sorted(run.rglob("*"))
        if path.is_file() and path.relative_to(run).parts[0] not in (RESULT, WORKSPACE, ".lock")
    ]
    for path in [*files, run / RESULT]:
        with path.open("rb") as file:
            data = file.read(PIECE)
            while True:
                yield Piece(path.relative_to(run).as_posix(), data)
                data = file.read(PIECE)
                if not data:
                    break


class Received:
    """Takes what a job elsewhere yields: prints its lines, and puts its files into the run folder.

    Files are gathered beside the folder and moved into it at the end, the record last, so that a sweep cut
    off in between leaves no half of a run.
    """

    def __init__(self, place: Placed) -> None:
        self._folder = place.folder
        self._aside = place.folder.with_name(f"{place.folder.name}.{os.getpid()}.tmp")

    def take(self, item: str | Piece) -> None:
        """A line or the next bytes of a file. Raises UserError where the disk refuses."""
        if isinstance(item, str):
            print(item, flush=True)
            return
        path = PurePosixPath(item.path)
        if path.is_absolute() or ".." in path.parts:
            raise UserError(f"{item.path} is no file of a run folder")
        target = self._aside / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("ab") as file:
                file.write(item.data)
        except OSError as error:
            raise UserError(f"cannot write {target}: {error.strerror or error}") from error

    def settle(self) -> None:
        """All of it has come: move it to where it belongs."""
        if not self._aside.exists():
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / RESULT).unlink(missing_ok=True)
            for path in sorted(self._aside.iterdir(), key=lambda path: path.name == RESULT):
                target = self._folder / path.name
                if target.is_dir():
                    shutil.rmtree(target)
                path.rename(target)
            self._aside.rmdir()
        except OSError as error:
            raise UserError(f"cannot write {self._folder}: {error.strerror or error}") from error

    def drop(self) -> None:
        """Forget what came of a job that did not come to its end."""
        shutil.rmtree(self._aside, ignore_errors=True)
