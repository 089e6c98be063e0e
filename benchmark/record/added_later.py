"""Settings that were added after runs had been made (`AddedLater` in `benchmark.setting_marks`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmark.record.input_files import Keys, added_later


def as_before(model: Mapping[str, Any]) -> dict[str, Any]:
    """A model's settings, and its components', without those that were added later and are off.

    So a run has the settings that it would have had before they were added.
    """
    return _without_off(model, (), frozenset())


def _without_off(settings: Mapping[str, Any], keys: Keys, added: frozenset[Keys]) -> dict[str, Any]:
    """`keys` lead here from the settings of the model around it, of which those `added` later are known."""
    target = settings.get("_target_")
    if isinstance(target, str):
        keys, added = (), added_later(target)
    return {
        key: _without_off(value, (*keys, key), added) if isinstance(value, Mapping) else value
        for key, value in settings.items()
        if value or (*keys, key) not in added
    }
