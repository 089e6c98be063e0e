"""Names that follow from content: `run_id` for what determines a run, `protocol_id` for its events."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from benchmark.record.reference import REFERENCE, referenced_id, referenced_settings
from benchmark.record.source import source_digest

#: Keys of a model's config that do not change what it learns, only how it is shown or where it runs.
INCIDENTAL = frozenset({"label", "device", "threads"})


def run_id(model: Mapping[str, Any], corpus_fingerprint: str) -> str:
    """12 hexadecimal digits over the model's settings (its seed and training among them), the
    corpus's content and the baseline's own source; not over paths, labels or the device.

    The source is that of every `_target_` in the settings: a mixture's, and its components'. A model
    whose settings hold no seed is deterministic: every seed gives the same run. A finished run that the
    settings build upon (`run`) counts by its id, whatever its folder is called, and by its source.
    """
    outcome = {
        "model": _without_incidentals(model),
        "corpus": corpus_fingerprint,
        "source": source_digest(*_targets(model)),
    }
    return _digest(outcome)


def protocol_id(protocol: Mapping[str, str]) -> str:
    """12 hexadecimal digits over the set of events a run is scored on: text, tokenisation,
    vocabulary, how unknown words count, whether `</s>` is a target."""
    return _digest(dict(protocol))


def _without_incidentals(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: referenced_id(item)
            if key == REFERENCE and isinstance(item, str)
            else _without_incidentals(item)
            for key, item in value.items()
            if key not in INCIDENTAL
        }
    return value


def _targets(value: Any) -> Iterator[str]:
    """Every `_target_` in a model's settings, its components' and its finished runs' among them."""
    if isinstance(value, Mapping):
        if isinstance(value.get("_target_"), str):
            yield value["_target_"]
        for key, item in value.items():
            if key == REFERENCE and isinstance(item, str):
                for settings in referenced_settings(item):
                    yield from _targets(settings)
            else:
                yield from _targets(item)


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def seed_of(model: Mapping[str, Any]) -> int | None:
    """The seed in a model's settings, or the first in those of its components; None where none has any."""
    if model.get("seed") is not None:
        return int(model["seed"])
    seeds = (seed_of(value) for value in model.values() if isinstance(value, Mapping))
    return next((seed for seed in seeds if seed is not None), None)
