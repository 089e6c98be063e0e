"""Writes a folder of files so that readers see either all the old files or all the new ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from benchmark.errors import UserError
from benchmark.record.links import refuse_link
from benchmark.storage.files import write_json
from benchmark.storage.reading import or_empty, read_json_object
from benchmark.storage.temporary import TemporaryFolder, remove_abandoned

#: The list of the files that were written, by which the next call knows them.
LIST = "files.json"
#: What the files begin with that stand at the top of a report from before there were lists.
_BEGINNINGS = {"index.html": b"<title>nextword", "report.md": b"# nextword"}
#: What its subfolders hold.
_KINDS = {"figures": (".svg", ".png", ".pdf", ".csv", ".json"), "tables": (".csv", ".md", ".tex")}


@contextmanager
def atomic_output(out: Path) -> Iterator[Path]:
    """Yields an empty folder inside `out`; at the end, the files written to it move to `out`.

    Nothing in `out` is touched until everything has been written, so a full disk or a killed process leaves
    it as it was. Then each file is renamed over the one it replaces, those at the top of `out` last. In
    subfolders, files that an earlier call wrote and this one did not are removed: `files.json` lists them.
    Any others stay. The next call removes what a killed process left behind. Raises UserError where `out`
    cannot be written, or a file of somebody else stands where one would go.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        remove_abandoned(out, depth=1)
        with TemporaryFolder.beside(out / "new") as new:
            yield new
            _publish(new, out)
    except OSError as error:
        raise UserError(f"cannot write to {out}: {error.strerror or error}") from error


def refuse_others(out: Path, names: Iterable[str]) -> set[str]:
    """Raises UserError where one of these files is there, and no earlier call wrote it. Returns those that an
    earlier call wrote."""
    earlier = _written_earlier(out)
    for name in names:
        if name not in earlier and (out / name).exists():
            raise UserError(
                f"{out / name} is there already, and is not of an earlier report: move it away, or write "
                "into another folder"
            )
    return earlier


def _written_earlier(out: Path) -> set[str]:
    """The files in `out` that an earlier call wrote. Of a report from before there were lists, these are all
    that its subfolders hold of the kinds that a report has."""
    listed = _listed(out)
    if listed or not all(_begins(out / name, start) for name, start in _BEGINNINGS.items()):
        return listed
    inside = {
        f"{folder}/{path.name}"
        for folder, kinds in _KINDS.items()
        if not (out / folder).is_symlink() and (out / folder).is_dir()
        for path in (out / folder).iterdir()
        if path.suffix in kinds
    }
    return {*_BEGINNINGS, *inside}


def _begins(path: Path, beginning: bytes) -> bool:
    """Whether a file has these bytes near its beginning."""
    try:
        with path.open("rb") as file:
            return beginning in file.read(4096)
    except OSError:
        return False


def _listed(out: Path) -> set[str]:
    """The files in `out` that an earlier call wrote, as far as their list tells: paths within it."""
    found = or_empty(lambda: read_json_object(out / LIST)).get("files")
    names = [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
    return {name for name in names if name == PurePosixPath(name).as_posix() and _is_within(name)}


def _is_within(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\0" not in name and bool(path.parts)


def _publish(new: Path, out: Path) -> None:
    files = [path.relative_to(new) for path in new.rglob("*") if path.is_file()]
    for folder in {file.parent for file in files} - {Path()}:
        refuse_link(out / folder)
    written = {file.as_posix() for file in files}
    earlier = refuse_others(out, written)
    write_json(out / LIST, {"files": sorted(written | earlier)})  # whichever are there if this is interrupted
    for file in sorted(files, key=lambda file: (-len(file.parts), file)):
        (out / file).parent.mkdir(parents=True, exist_ok=True)
        (new / file).replace(out / file)
    for name in (name for name in earlier - written if "/" in name):
        path = out / name
        if path.is_file() and not any(each.is_symlink() for each in (path, *path.parents[: name.count("/")])):
            path.unlink()
    write_json(out / LIST, {"files": sorted(written)})
