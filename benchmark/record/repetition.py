"""A finished run is repeated aside: what it holds stays until its repetition is whole.

The repetition of `runs/CORPUS/MODEL/ID` is computed in `.ID.repetition` beside it. Once it has ended well, or
diverged, it takes the run's place, in one step; the files in the run's folder that no run writes come along.
One that failed stays aside, so that its record can be looked at. One that was interrupted is continued by the
next start with `force=true`. A start without it gives either up.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmark.errors import UserError
from benchmark.record.folder import OURS, RESULT, WORKSPACE, misplaced, read_result
from benchmark.storage.exchange import put_back, put_in_place
from benchmark.storage.files import LOCK
from benchmark.storage.temporary import discard, remove_abandoned

_SUFFIX = ".repetition"


def repetition_of(folder: Path) -> Path:
    """Where a run is repeated."""
    return folder.with_name(f".{folder.name}{_SUFFIX}")


def latest(folder: Path) -> Path:
    """Where the record of the last computation is: of the repetition that failed, if there is one, or the
    run's own."""
    aside = repetition_of(folder)
    return aside if (aside / RESULT).exists() else folder


def begin(folder: Path) -> Path:
    """Where to compute a run, whose folder is locked: there, or aside if it holds a finished run.

    Raises UserError if it holds another run.
    """
    aside = repetition_of(folder)
    if not _to_be_kept(folder):
        discard(aside)
        return folder
    if not _resumable(aside):
        discard(aside)
    aside.mkdir(exist_ok=True)
    return aside


def settle(folder: Path) -> None:
    """End what a killed process began, in a folder that is locked: a whole repetition takes its place."""
    aside = repetition_of(folder)
    again = _settled(aside)
    if again is None:
        return
    before = _settled(folder)
    if before is None or again > before:
        take_place(aside, folder)
    else:  # it is the run whose place has been taken
        discard(aside)


def settle_from(new: Path, folder: Path) -> None:
    """Put a run that was computed elsewhere where it belongs, in a folder that is locked: aside if it failed
    and the folder holds a finished one."""
    if _settled(new) is None and _settled(folder) is not None:
        discard(repetition_of(folder))
        new.rename(repetition_of(folder))
    else:
        take_place(new, folder)


def take_place(new: Path, folder: Path) -> None:
    """Put the folder of a whole run in the place of another, whose further files it takes over.

    Raises UserError if that cannot be done; then nothing has changed.
    """
    try:
        if folder.is_dir():
            for path in folder.iterdir():
                if path.name not in OURS and not path.name.endswith(".tmp"):
                    _take_over(path, new / path.name)
        put_in_place(new, folder)
    except OSError as error:
        raise UserError(f"cannot write {folder}: {error.strerror or error}") from error
    discard(new)


def give_up(folder: Path) -> None:
    """Discard the repetition of a run, whose folder is locked, that is not to be repeated."""
    discard(repetition_of(folder))


def give_up_if_free(folder: Path) -> None:
    """`give_up`, unless a process is at the run."""
    if repetition_of(folder).exists():
        with _if_free(folder) as free:
            if free:
                settle(folder)
                give_up(folder)


def clear_up_around(folder: Path) -> None:
    """Remove what killed processes left in a run's folder and beside it."""
    put_back(folder.parent)
    remove_abandoned(folder.parent, depth=1)


def clear_up(results_dir: Path) -> None:
    """Remove what killed processes left in a results folder, but what a training can go on from.

    Links are not followed: they may lead out of it.
    """
    remove_abandoned(results_dir, depth=4)
    for parent in (results_dir / "runs").glob("*/*"):
        if any(path.is_symlink() for path in (parent, *parent.parents[:2])):
            continue
        put_back(parent)
        for aside in parent.glob(f".*{_SUFFIX}"):
            if aside.is_symlink():
                continue
            folder = parent / aside.name.removeprefix(".").removesuffix(_SUFFIX)
            with suppress(OSError, UserError), _if_free(folder) as free:
                if free:
                    settle(folder)
                    if not _resumable(aside) and not (aside / RESULT).exists():
                        discard(aside)


@contextmanager
def _if_free(folder: Path) -> Iterator[bool]:
    """Whether no process is at a run; none can be as long as the block lasts."""
    try:
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT)
    except OSError:  # its folder is gone, or is not ours to change
        yield not folder.exists()
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        yield False
    else:
        yield True
    finally:
        os.close(handle)


def _settled(folder: Path) -> str | None:
    """When the run in a folder was started, if it need not be repeated."""
    with suppress(UserError):
        result = read_result(folder)
        if result is not None and result.settled:
            return result.started or ""
    return None


def _to_be_kept(folder: Path) -> bool:
    """Whether a folder holds a finished run, or a record that cannot be read: it may be one."""
    try:
        result = read_result(folder)
    except UserError:
        return True
    if result is not None and (problem := misplaced(folder, result)):
        raise UserError(problem)
    return result is not None and result.settled


def _resumable(aside: Path) -> bool:
    return any(path.is_file() for path in (aside / WORKSPACE).rglob("*"))


def _take_over(path: Path, target: Path) -> None:
    """Have a file or a folder in both places, by links where they are possible, so that nothing is copied."""
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)
    if path.is_dir() and not path.is_symlink():
        shutil.copytree(path, target, symlinks=True, copy_function=_link)
    else:
        _link(path, target)


def _link(path: str | Path, target: str | Path) -> None:
    try:
        os.link(path, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(path, target, follow_symlinks=False)
