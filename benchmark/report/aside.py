"""Files written beside those they replace, and put in their places together."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmark.errors import UserError

_PREFIX = ".writing-"


@contextmanager
def replaced(out: Path) -> Iterator[Path]:
    """An empty folder inside `out`; what was written there is in its place in `out` afterwards.

    Until everything is written nothing of what lies in `out` is touched, so that a full disk or a killed
    process leaves it whole. Then each file is renamed over the one it replaces, those of `out` itself
    last; what an earlier call left in a subfolder, in the formats this one wrote there, is removed. What
    a killed process wrote is removed by the next call. Raises UserError where `out` cannot be written.
    """
    lock = None
    try:
        out.mkdir(parents=True, exist_ok=True)
        _sweep(out)
        aside = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=out))
        lock = os.open(aside, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)  # freed by the system however this process ends
        try:
            yield aside
            _publish(aside, out)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise UserError(f"cannot write to {out}: {error.strerror or error}") from error
    finally:
        if lock is not None:
            os.close(lock)


def _publish(aside: Path, out: Path) -> None:
    files = [path.relative_to(aside) for path in aside.rglob("*") if path.is_file()]
    for file in sorted(files, key=lambda file: (-len(file.parts), file)):
        (out / file).parent.mkdir(parents=True, exist_ok=True)
        (aside / file).replace(out / file)
    for folder in {file.parent for file in files} - {Path()}:
        written = {file.name for file in files if file.parent == folder}
        kinds = {Path(name).suffix for name in written}
        for old in (out / folder).iterdir():
            if old.suffix in kinds and old.name not in written:
                old.unlink()


def _sweep(out: Path) -> None:
    """Remove what killed processes left; a folder whose process is at work is locked."""
    for folder in out.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            lock = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
