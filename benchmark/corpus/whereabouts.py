"""Where corpora are on this machine, without fetching or reading them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from benchmark.corpus import planted
from benchmark.corpus.fetch import SearchPath
from benchmark.corpus.huggingface import text_file
from benchmark.corpus.source_settings import DocumentSettings


def whereabouts(settings: DocumentSettings, search_path: SearchPath) -> Path | None:
    """The folder, archive or package that has a corpus; None if it, or a part of it, is not here."""
    source = settings.source
    folders = search_path.folders
    name = str(source.name)
    if source.kind == "planted":
        return Path(planted.__file__)  # the rule that makes it
    if source.kind == "package":
        return _package(name)
    if source.kind == "nltk":
        places = [*(folder / "nltk_data" for folder in folders), *_nltk_data()]
        return _first(Path(place, "corpora", f"{name}{end}") for place in places for end in ("", ".zip"))
    if source.kind == "huggingface":
        texts = [search_path.find(text_file(source, split)) for split in _wanted(settings)]
        return texts[0] if texts and None not in texts else None
    if source.folder is None:
        return None  # files that a command line names
    whole = [folder / source.folder for folder in folders if _holds(folder / source.folder, settings)]
    if source.kind == "archive":
        whole += [folder / each for folder in folders for each in (f"{source.folder}/{name}", name)]
    return _first(whole)


def _holds(folder: Path, settings: DocumentSettings) -> bool:
    return folder.is_dir() and all(any(folder.glob(each)) for each in _wanted(settings))


def _wanted(settings: DocumentSettings) -> list[str]:
    """The names and patterns of a corpus's documents."""
    names = (settings.train, settings.valid, settings.test, settings.text)
    return [each for name in names if name for each in ([name] if isinstance(name, str) else name)]


def _first(paths: Iterable[Path]) -> Path | None:
    return next((path for path in paths if path.exists()), None)


def _package(name: str) -> Path | None:
    try:
        return Path(str(metadata.distribution(name).locate_file("")))
    except metadata.PackageNotFoundError:
        return None


def _nltk_data() -> Iterator[Path]:
    """Where NLTK looks first. (Importing it to ask takes a second.)"""
    yield from (Path(place) for place in os.environ.get("NLTK_DATA", "").split(os.pathsep) if place)
    yield Path.home() / "nltk_data"
