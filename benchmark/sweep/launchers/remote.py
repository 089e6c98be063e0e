"""A job on a machine that may not see our files: what is sent to it, and what it sends back.

The results folder contains a mark. A machine that sees the mark writes the run where it belongs. One that
does not writes to a temporary folder and sends the files back, so no shared disk is needed; but only a
shared results folder lets an interrupted training continue. Corpora and caches are expected at the same
paths, or else where that machine's own `NEXTWORD_CORPORA` and `NEXTWORD_CACHE` point.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4

from benchmark.environment import CACHE, CORPORA, user_path
from benchmark.errors import UserError
from benchmark.record.folder import RESULT, WORKSPACE
from benchmark.record.links import refuse_link, refuse_links
from benchmark.record.repetition import settle_from
from benchmark.storage.files import locked, write_text
from benchmark.storage.temporary import TemporaryFolder
from benchmark.sweep.monitor import Monitor
from benchmark.sweep.outcome import PlannedRun
from benchmark.sweep.subprocess_run import OutputLine, WorkerExit, WorkerRequest, worker_output

#: A file below the results folder; its content shows a machine that it sees this very folder.
MARK = Path("launcher") / "mark"

#: Bytes of a file sent at a time.
PIECE = 4 << 20

#: The environment variables behind a folder's setting.
OWN_FOLDERS = {"corpora_dir": CORPORA.name, "cache_dir": CACHE.name}


@dataclass(frozen=True)
class RemoteJob:
    """A job's request with absolute paths; `run` is its folder's path below the results folder."""

    request: WorkerRequest
    run: str
    mark: str
    cwd: str


@dataclass(frozen=True)
class FileChunk:
    """The next bytes of a file of the run folder (`path` within it)."""

    path: str
    data: bytes


def remote_job(run: PlannedRun, mark: str) -> RemoteJob:
    """What another machine needs to know about a job."""
    config = dict(run.job.config)
    for key in ("results_dir", *OWN_FOLDERS):
        if config[key]:
            config[key] = str(user_path(config[key]).resolve())
    folder = run.folder.relative_to(run.job.results_dir).as_posix()
    return RemoteJob(WorkerRequest(config, run.job.command), folder, mark, os.getcwd())


def results_folder_mark(results_dir: Path) -> str:
    """Random text, kept in a file, that tells this results folder from any other of the same path."""
    path = results_dir / MARK
    refuse_link(path.parent)
    refuse_link(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_text(path, uuid4().hex + "\n")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write to {results_dir}: {error.strerror or error}") from error


def run_remote_job(sent: RemoteJob) -> Generator[OutputLine | FileChunk | WorkerExit, None, None]:
    """Run a job on this machine; yields its output, its files if they must be sent, and how it ended."""
    with ExitStack() as stack:
        config = {**sent.request.config, **_own_folders(sent.request.config)}
        shared = _sees_results(sent)
        if not shared:
            config["results_dir"] = str(stack.enter_context(TemporaryFolder.elsewhere("remote")))
        cwd = sent.cwd if Path(sent.cwd).is_dir() else None
        end = yield from worker_output(replace(sent.request, config=config), cwd=cwd)
        run = Path(config["results_dir"]) / sent.run
        if end.status == 0 and not (run / RESULT).exists():
            reason = (
                f"nextword or the corpus on {socket.gethostname()} is not the same as where the sweep began"
            )
            end = WorkerExit(1, reason)
        if not shared and end.status == 0:
            yield from _file_chunks(run)
        yield end


def _sees_results(sent: RemoteJob) -> bool:
    try:
        return (Path(sent.request.config["results_dir"]) / MARK).read_text(encoding="utf-8") == sent.mark
    except OSError:
        return False


def _own_folders(config: dict[str, Any]) -> dict[str, str | None]:
    """This machine's own folders, in place of those that it does not have."""
    return {
        key: os.environ.get(variable)
        for key, variable in OWN_FOLDERS.items()
        if config[key] and not Path(config[key]).is_dir()
    }


def _file_chunks(run: Path) -> Iterator[FileChunk]:
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
                yield FileChunk(path.relative_to(run).as_posix(), data)
                data = file.read(PIECE)
                if not data:
                    break


class RemoteReceiver:
    """Takes what a remote job yields: hands its lines to the monitor, and puts its files into the run folder.

    Files are collected beside the folder, which takes its place at the end, so an interrupted sweep leaves no
    half of a run.
    """

    def __init__(self, run: PlannedRun, monitor: Monitor) -> None:
        self._run, self._monitor, self._folder = run, monitor, run.folder
        self._aside: TemporaryFolder | None = None

    def receive(self, item: OutputLine | FileChunk) -> None:
        """Take a line, or the next bytes of a file. Raises UserError if it cannot be written."""
        if isinstance(item, OutputLine):
            self._monitor.output(self._run, item)
            return
        path = PurePosixPath(item.path)
        if path.is_absolute() or ".." in path.parts:
            raise UserError(f"{item.path} is no file of a run folder")
        try:
            if self._aside is None:
                self._folder.parent.mkdir(parents=True, exist_ok=True)
                self._aside = TemporaryFolder.beside(self._folder)
            target = self._aside.path / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("ab") as file:
                file.write(item.data)
        except OSError as error:
            raise UserError(f"cannot write {self._folder}: {error.strerror or error}") from error

    def commit(self) -> None:
        """Everything has arrived: move it into the run folder."""
        if self._aside is not None:
            refuse_links(self._folder)
            with locked(self._folder, busy=lambda: None):
                settle_from(self._aside.path, self._folder)
            self.discard()

    def discard(self) -> None:
        """Delete what arrived from a job that did not finish."""
        if self._aside is not None:
            self._aside.close()
            self._aside = None
