"""Names that follow from content: `run_id` for what determines a run, `protocol_id` for its events."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from benchmark.record.added_later import as_before
from benchmark.record.input_files import (
    Keys,
    content_of,
    content_of_command,
    input_files,
    programs,
)
from benchmark.record.reference import REFERENCE, referenced_id, referenced_settings
from benchmark.record.source import source_digest
from benchmark.record.versions import class_name, source_if_unversioned, versions_of

#: Keys of a model's config that do not change what it learns, only how it is shown or where it runs.
INCIDENTAL = frozenset({"label", "device", "threads"})

Content = Callable[[Any], Any]
_NO_CONTENTS: Mapping[Keys, Content] = {}


def run_id(model: Mapping[str, Any], corpus_fingerprint: str) -> str:
    """12 hexadecimal digits over what determines the outcome of a run.

    That is: the model's settings, its seed and its training among them; the content of files that the
    settings name; the corpus's content; and the versions declared by the model's class, its engine, those
    of its components and the harness's scoring. A class that declares no version counts by its code. A
    finished run that the settings build upon (`run`) counts by its id. Labels, places of files, devices
    and numbers of threads do not count, nor does a setting that was added later while it is off. A model
    without a seed is deterministic: every seed gives the same run.
    """
    targets = _targets(model)
    sources = {target: source_if_unversioned(target) for target in targets}
    outcome = {
        "model": _outcome_settings(as_before(model)),
        "corpus": corpus_fingerprint,
        "versions": versions_of(targets),
        "sources": {target: source for target, source in sources.items() if source is not None},
    }
    return _digest(outcome)


def protocol_id(protocol: Mapping[str, str]) -> str:
    """12 hexadecimal digits over the set of events a run is scored on: text, tokenisation,
    vocabulary, how unknown words count, whether `</s>` is a target."""
    return _digest(dict(protocol))


def current_versions(model: Mapping[str, Any]) -> dict[str, int]:
    """The versions that a run with these settings rests on now, by what declares them."""
    return versions_of(_targets(model))


def current_source(model: Mapping[str, Any]) -> str:
    """SHA-256 over all code that a run with these settings goes through now."""
    return source_digest(tuple(sorted(_targets(model))))


def seed_of(model: Mapping[str, Any]) -> int | None:
    """The seed in a model's settings, or the first in those of its components and of the finished runs that
    it builds upon; None where none has any."""
    if model.get("seed") is not None:
        return int(model["seed"])
    seeds = (seed_of(part) for key, value in model.items() for part in _parts(key, value))
    return next((seed for seed in seeds if seed is not None), None)


def built_on(model: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The model settings of the finished runs that a model builds upon, by the folders that name them: its
    own, its components' and those that these runs build upon in turn."""
    found: dict[str, dict[str, Any]] = {}
    for key, value in model.items():
        for part in _parts(key, value):
            if key == REFERENCE:
                found[str(value)] = dict(part)
            found.update(built_on(part))
    return found


def _parts(key: str, value: Any) -> Iterator[Mapping[str, Any]]:
    """The settings of the models that a setting holds: a component's, or those of a finished run."""
    if isinstance(value, Mapping):
        yield value
    elif key == REFERENCE and isinstance(value, str):
        yield from referenced_settings(value)


def _outcome_settings(value: Any, keys: Keys = (), contents: Mapping[Keys, Content] = _NO_CONTENTS) -> Any:
    """Settings without what is incidental, with content in place of names.

    `keys` lead here from the settings of the model around it; of those that name files, `contents` tells what
    stands in an identity.
    """
    if keys in contents:
        return contents[keys](value)
    if not isinstance(value, Mapping):
        return _plain(value)
    target = value.get("_target_")
    if isinstance(target, str):
        keys = ()
        contents = {
            **dict.fromkeys(input_files(target), content_of),
            **dict.fromkeys(programs(target), content_of_command),
        }
    settings = {}
    for key, item in value.items():
        if key == REFERENCE and isinstance(item, str):
            settings[key] = referenced_id(item)
        elif key == "_target_" and isinstance(item, str):
            settings[key] = class_name(item)
        elif key not in INCIDENTAL:
            settings[key] = _outcome_settings(item, (*keys, key), contents)
    return settings


def _plain(value: Any) -> Any:
    """A value, the same however a number was typed: 20 or 20.0."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _targets(model: Mapping[str, Any]) -> list[str]:
    """The classes in a model's settings, its components' and its finished runs' among them, each once."""
    return sorted(set(_each_target(model)))


def _each_target(value: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(value.get("_target_"), str):
        yield value["_target_"]
    for key, item in value.items():
        for part in _parts(key, item):
            yield from _each_target(part)


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
