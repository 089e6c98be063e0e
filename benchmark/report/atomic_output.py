"""Writes a folder of files so that readers see either all the old files or all the new ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmark.errors import UserError
from benchmark.record.links import refuse_link
from benchmark.storage.temporary import TemporaryFolder, remove_abandoned


@contextmanager
def atomic_output(out: Path) -> Iterator[Path]:
    """Yields an empty folder inside `out`; at the end, the files written to it move to `out`.

    Nothing in `out` is touched until everything has been written, so a full disk or a killed process leaves
    it as it was. Then each file is renamed over the one it replaces, those at the top of `out` last. In each
    subfolder, files that an earlier call left in one of the formats written by this one are removed. The
    next call removes what a killed process left behind. Raises UserError where `out` cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        remove_abandoned(out, depth=1)
        with TemporaryFolder.beside(out / "new") as new:
            yield new
            _publish(new, out)
    except OSError as error:
        raise UserError(f"cannot write to {out}: {error.strerror or error}") from error


def _publish(new: Path, out: Path) -> None:
    files = [path.relative_to(new) for path in new.rglob("*") if path.is_file()]
    for folder in {file.parent for file in files} - {Path()}:
        refuse_link(out / folder)
    for file in sorted(files, key=lambda file: (-len(file.parts), file)):
        (out / file).parent.mkdir(parents=True, exist_ok=True)
        (new / file).replace(out / file)
    for folder in {file.parent for file in files} - {Path()}:
        written = {file.name for file in files if file.parent == folder}
        kinds = {Path(name).suffix for name in written}
        for old in (out / folder).iterdir():
            if old.suffix in kinds and old.name not in written:
                old.unlink()
