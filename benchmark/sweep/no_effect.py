"""Settings on a command line that would be accepted and change nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.errors import UserError, did_you_mean
from benchmark.settings import NAMED, SETTINGS
from benchmark.sweep.named_sweeps import key_of


def check_effects(config: Mapping[str, Any], overrides: Sequence[str]) -> None:
    """Raises UserError for an override that leaves the composed configuration, or what is read of it, as it
    would be without."""
    for override in overrides:
        _check_added(config, override, overrides)
        _check_merged(config, override)


def _check_added(config: Mapping[str, Any], override: str, overrides: Sequence[str]) -> None:
    """`+KEY` may add what nothing reads: at the top, only interpolations use more than the known settings."""
    top = key_of(override).partition("@")[0].replace("/", ".").partition(".")[0]
    known = (*SETTINGS, *NAMED)
    if override.startswith("+") and top in config and top not in known:
        if any(f"${{{top}" in other for other in overrides):
            return
        if "@" not in override and key_of(override) == "train":
            raise UserError(f"{override} changes nothing: a recipe is chosen by train@model.training=NAME")
        raise UserError(f"{override}: there is no setting {top!r}. {did_you_mean(top, known)}")


def _check_merged(config: Mapping[str, Any], override: str) -> None:
    """Settings are merged with those that are there, so `{}` changes nothing."""
    key, _, value = override.partition("=")
    node: Any = config
    for part in key_of(override).split("."):
        node = node.get(part) if isinstance(node, Mapping) else None
    if value.strip() == "{}" and isinstance(node, Mapping) and node:
        inside = next(iter(node))
        way = f"~model@{key}.{inside} leaves one out" if key == "model.components" else "name what to change"
        raise UserError(f"{override} changes nothing: it is merged with what is there; {way}")
