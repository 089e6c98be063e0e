"""Run folders: `<results>/runs/<corpus>/<model>/<run_id>/`.

`result.json` is written last, aside, and renamed: where it stands, the run is finished; where it does
not, a run was cut off and is done again. A lock held by the running process (and freed by the system
however that process ends) keeps two runs out of one folder.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.errors import UserError
from benchmark.record.result import Result

RESULT, CHECKPOINT = "result.json", "checkpoint"
#: What a model left to go on from when its training was cut off (see `RunLog.workspace`).
WORKSPACE = "resume"


@dataclass(frozen=True)
class RunRecord:
    """A finished run: its folder and the content of its `result.json`."""

    folder: Path
    result: Result


def run_folder(results_dir: Path, corpus: str, model: str, run_id: str) -> Path:
    """Where a run lives."""
    return results_dir / "runs" / corpus / model / run_id


def write_bytes(path: Path, data: bytes) -> None:
    """Write a whole file or nothing: aside, flushed to disk, then renamed over the old one.

    Raises UserError naming the file where the disk refuses (full, read-only).
    """
    aside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise UserError(f"cannot write {path}: {error.strerror or error}") from error


def write_text(path: Path, text: str) -> None:
    """`write_bytes` of UTF-8 text."""
    write_bytes(path, text.encode())


def write_array(path: Path, array: np.ndarray) -> None:
    """`write_bytes` of an array in npy format."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    write_bytes(path, buffer.getvalue())


def write_json(path: Path, data: Any) -> None:
    """JSON with sorted keys that diffs well; an infinite number becomes the string "inf"."""
    text = json.dumps(_finite(data), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


def write_result(folder: Path, result: Result) -> None:
    """Write the record of a run, which makes it a finished one."""
    write_json(folder / RESULT, result.to_json())


def read_result(folder: Path) -> Result | None:
    """The record of a finished run, or None where the folder holds none.

    Raises UserError naming the file, and the field, where it is no such record.
    """
    path = folder / RESULT
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict):
            raise UserError("not a JSON object")
        return Result.from_json(data)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, UserError) as error:
        raise UserError(f"cannot read {path}: {error}; delete the folder to repeat the run") from error


def finished(folder: Path) -> Result | None:
    """The record of a run that need not be repeated, or None.

    Raises UserError for a record that cannot be read or belongs to another folder.
    """
    result = read_result(folder)
    if result is None or not result.settled:
        return None
    if problem := misplaced(folder, result):
        raise UserError(problem)
    return result


def misplaced(folder: Path, result: Result) -> str | None:
    """What is wrong with a run folder that was copied under a wrong name, in a line; None for the others.

    A run is found by its folder, `<corpus>/<model>/<run_id>`, so a record of another run in it would be
    taken for this one.
    """
    names = (folder.parents[1].name, folder.parent.name, folder.name)
    recorded = (result.corpus, result.model, result.run_id)
    if recorded == names:
        return None
    return f"{folder} holds the run {'/'.join(recorded)}: give the folder that name, or delete it"


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr)


def read_runs(results_dir: Path, warn: Callable[[str], None] = _to_stderr) -> list[RunRecord]:
    """Every finished run below a results folder, in path order; an unreadable one is a warning."""
    return read_folders(sorted(path.parent for path in (results_dir / "runs").glob(f"*/*/*/{RESULT}")), warn)


def read_folders(folders: Iterable[Path], warn: Callable[[str], None] = _to_stderr) -> list[RunRecord]:
    """The finished runs among some run folders; an unreadable or misplaced record is a warning."""
    records = []
    for folder in folders:
        try:
            result = read_result(folder)
        except UserError as error:
            warn(f"warning: {error}")
            continue
        if result is not None and (problem := misplaced(folder, result)):
            warn(f"warning: {problem}")
        elif result is not None:
            records.append(RunRecord(folder, result))
    return records


@contextmanager
def locked(folder: Path, busy: Callable[[], None]) -> Iterator[None]:
    """Hold a run folder for this process; `busy` is called once if another has it, then we wait."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("a")
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror or error}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            busy()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def written_aside(folder: Path) -> Iterator[Path]:
    """An empty folder to write into, renamed to `folder` if all goes well and removed if not."""
    aside = folder.with_name(folder.name + ".tmp")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir(parents=True)
        yield aside
        shutil.rmtree(folder, ignore_errors=True)
        aside.rename(folder)
    except OSError as error:
        # NumPy tells a full disk only by how many bytes it could write
        problem = error.strerror or f"{error}; is the disk full?"
        raise UserError(f"cannot write {folder}: {problem}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def bytes_below(folder: Path) -> int:
    """Total size of the files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    return value
