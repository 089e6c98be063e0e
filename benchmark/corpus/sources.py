"""From the names in a corpus's settings to its documents, wherever they are."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path

from benchmark.corpus.archive import unpack_once
from benchmark.corpus.document import Document, FileDocument
from benchmark.corpus.fetch import PLACES, Say, SearchPath, check, find_or_download
from benchmark.corpus.planted import PlantedSettings, planted_document
from benchmark.corpus.source_settings import DocumentSettings, Names, SourceSettings
from benchmark.environment import user_path
from benchmark.errors import UserError, did_you_mean

#: Documents by the setting that names them: train, valid, test or text.
Located = dict[str, list[Document]]


def find_documents(settings: DocumentSettings, search_path: SearchPath, say: Say) -> Located:
    """Every document of a corpus; those that are missing are downloaded first.

    Raises UserError, which says what is missing, where it was looked for, and how to get it.
    """
    named = {
        part: _listed(names)
        for part in ("train", "valid", "test", "text")
        if (names := getattr(settings, part))
    }
    wanted = [name for names in named.values() for name in names]
    source = settings.source
    find: Callable[[str], list[Document]]
    if source.kind == "files":
        find = partial(_files, source, search_path, say)
    elif source.kind == "archive":
        find = partial(_matching, _archive_folder(source, wanted, search_path, say), source)
    elif source.kind == "package":
        find = partial(_matching, _package_folder(source), source)
    elif source.planted is not None:
        find = partial(_planted, source.planted)
    elif source.kind == "huggingface":
        from benchmark.corpus.huggingface import huggingface_documents

        find = huggingface_documents(source, search_path, say)
    else:
        from benchmark.corpus.nltk_documents import nltk_documents

        find = nltk_documents(source, search_path, say)
    return {part: [document for name in names for document in find(name)] for part, names in named.items()}


def _listed(names: Names) -> list[str]:
    return [names] if isinstance(names, str) else names


def _is_pattern(name: str) -> bool:
    return any(sign in name for sign in "*?[")


def _files(source: SourceSettings, search_path: SearchPath, say: Say, name: str) -> list[Document]:
    if source.folder is None:
        return [FileDocument(path) for path in _own_files(name, search_path)]
    address = f"{source.url.rstrip('/')}/{name}" if source.url else None
    checksum = source.checksums.get(name)
    path = find_or_download(f"{source.folder}/{name}", address, checksum, search_path, say)
    check(path, checksum)
    return [FileDocument(path)]


def _own_files(name: str, search_path: SearchPath) -> list[Path]:
    """A user's file, or the files that match a pattern: as given, or else below the corpora folder."""
    given = user_path(name)
    folders = [Path()] if given.is_absolute() else [Path(), *search_path.folders]
    for folder in folders:
        path = folder / given
        if path.is_file():
            return [path]
        if _is_pattern(name):
            anchor = Path(path.anchor)
            found = sorted(match for match in anchor.glob(str(path.relative_to(anchor))) if match.is_file())
            if found:
                return found
    looked = " and ".join(str((folder / given).absolute()) for folder in folders)
    there = [folder / given for folder in folders if (folder / given).exists()]
    kind = "is missing" if not there else "is a folder" if there[0].is_dir() else "is a pipe or a device"
    way = "" if given.is_absolute() else f"; give a whole path, or the folder that it is in: {PLACES}"
    raise UserError(f"{name} {kind}: looked for a text file at {looked}{way}")


def _matching(folder: Path, source: SourceSettings, name: str) -> list[Document]:
    """Documents below a folder: one, or all those that match a pattern, ordered by name."""
    if not _is_pattern(name):
        names = [name] if (folder / name).is_file() else []
    else:
        every = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        names = sorted(other for other in every if fnmatchcase(other, name))
    if not names:
        raise UserError(f"{source.name} has no document {name!r} (looked in {folder})")
    return [FileDocument(folder / other) for other in names]


def _planted(settings: PlantedSettings, name: str) -> list[Document]:
    return [planted_document(settings, name)]


def _archive_folder(source: SourceSettings, wanted: list[str], search_path: SearchPath, say: Say) -> Path:
    """The folder with the archive's members, which are unpacked into the cache if they are nowhere yet."""
    assert source.folder is not None
    assert source.name is not None
    for place in search_path.folders:
        folder = place / source.folder
        if folder.is_dir() and all(any(folder.glob(name)) for name in wanted):
            return folder
    checksum = source.checksums.get(source.name)
    beside = search_path.find(f"{source.folder}/{source.name}")
    archive = beside or find_or_download(source.name, source.url, checksum, search_path, say)
    check(archive, checksum)
    folder = search_path.downloads / source.folder
    unpack_once(archive, source.inside, wanted, folder, say)
    return folder


def _package_folder(source: SourceSettings) -> Path:
    """The folder of documents inside an installed package, found without importing the package."""
    from importlib import metadata

    assert source.name is not None
    hint = source.hint or f"pip install {source.name}"
    try:
        files = metadata.files(source.name) or []
    except metadata.PackageNotFoundError as error:
        raise UserError(f"the package {source.name!r} is not installed: {hint}") from error
    inside = [file for file in files if file.as_posix().startswith(f"{source.folder}/")]
    if not inside:
        known = {file.parent.as_posix() for file in files}
        raise UserError(
            f"the package {source.name!r} has no folder {source.folder!r}. "
            + did_you_mean(str(source.folder), known)
        )
    first = Path(str(inside[0].locate()))
    depth = len(inside[0].parts) - len(Path(str(source.folder)).parts)
    return first.parents[depth - 1]
