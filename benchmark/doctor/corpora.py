"""Which corpora are here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.corpus.fetch import SearchPath
from benchmark.corpus.settings import corpus_settings
from benchmark.corpus.source_settings import DocumentSettings
from benchmark.corpus.whereabouts import whereabouts
from benchmark.doctor.part import Part
from benchmark.errors import UserError
from benchmark.settings import conf_files
from benchmark.storage.reading import read_yaml_object
from benchmark.task.settings import dataset_settings

FOUND, FETCHED, NAMED, MISSING = "here", "fetched when first used", "files that you name", "missing"


def corpora(search_path: SearchPath) -> Part:
    """Each corpus of `conf/corpus/` and of the user's own folder: its state and where it is."""
    part = Part()
    for name, file in conf_files("corpus").items():
        try:
            part.facts[name] = _state(read_yaml_object(file), search_path)
        except UserError as error:
            part.facts[name] = {"state": "unusable", "place": str(file)}
            part.problems.append(f"corpus={name}: {error}")
    return part


def _state(options: Mapping[str, Any], search_path: SearchPath) -> dict[str, str | None]:
    # a corpus whose files are named on the command line has none yet
    files = {key: options.get(key) for key in ("train", "valid", "test", "text")}
    if not any(files.values()):
        return {"state": NAMED, "place": None}
    checked = corpus_settings if options.get("task") is None else dataset_settings
    settings: DocumentSettings = checked(options)
    found: Path | None = whereabouts(settings, search_path)
    if found is not None:
        return {"state": FOUND, "place": str(found)}
    if settings.source.url or settings.source.hint:
        return {"state": FETCHED if settings.source.url else MISSING, "place": settings.source.hint}
    return {"state": MISSING, "place": None}
