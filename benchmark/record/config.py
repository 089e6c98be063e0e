"""`config.yaml` of a run: the settings that it was made from."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import Any

from benchmark.errors import UserError
from benchmark.settings import conf_files
from benchmark.storage.reading import Unreadable, or_empty, read_yaml_object

FILE = "config.yaml"


def read_config(folder: Path, *groups: str) -> dict[str, Any]:
    """The settings in a run's folder, as plain data; those of `groups` (`model`, `corpus`) are objects.

    Raises UserError where there is no such file, and Unreadable for one that is damaged or lacks a group.
    """
    path = folder / FILE
    try:
        config = read_yaml_object(path)
    except FileNotFoundError:
        raise UserError(f"{folder} keeps no {FILE}, which would tell the settings of the run") from None
    for group in groups:
        if not isinstance(config.get(group), dict):
            raise Unreadable(f"cannot read {path}: it does not tell the {group} of the run")
    return config


def recorded_corpus(folder: Path) -> dict[str, Any]:
    """The settings of a run's corpus. A text that is not on this machine is fetched only from where a file
    that the user can choose has it (`corpus=NAME`), since a record may name any address. Raises as
    `read_config` does."""
    corpus: dict[str, Any] = read_config(folder, "corpus")["corpus"]
    source = corpus.get("source")
    known = _known_addresses(tuple(conf_files("corpus").values()))
    if isinstance(source, dict) and source.get("url") not in known:
        corpus["source"] = {key: value for key, value in source.items() if key != "url"}
    return corpus


@cache
def _known_addresses(files: tuple[Path, ...]) -> frozenset[str]:
    read = [or_empty(partial(read_yaml_object, path)) for path in files]
    sources = [corpus["source"] for corpus in read if isinstance(corpus.get("source"), dict)]
    return frozenset(str(source["url"]) for source in sources if "url" in source)
