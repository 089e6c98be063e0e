"""Whether a recorded run was made by what is installed now."""

from __future__ import annotations

from typing import Literal

from benchmark.record.identity import current_source, current_versions
from benchmark.record.result import Result

#: By an earlier or a later version: a version that its numbers rest on has been raised or lowered since, so a
#: run may give others now. By other source: the code has changed, but no version.
Outdated = Literal["an earlier version", "a later version", "other source"]


def outdated(result: Result) -> Outdated | None:
    """What made a run, if not what is installed now; a record that does not tell its source counts as made
    by other source. None also for a run whose record does not tell its settings."""
    if result.model_settings is None:
        return None
    now = current_versions(result.model_settings)
    if any(result.versions.get(name, 0) < version for name, version in now.items()):
        return "an earlier version"
    if any(result.versions[name] > version for name, version in now.items()):
        return "a later version"
    return None if result.source == current_source(result.model_settings) else "other source"


def recency(result: Result) -> tuple[bool, int, bool, str]:
    """Sorts runs of like settings, the one that counts last: versions that are those installed now, then
    higher ones, then the source installed now, then the later start."""
    now = outdated(result)
    return (
        now is None or now == "other source",
        sum(result.versions.values()),
        now is None,
        result.started or "",
    )
