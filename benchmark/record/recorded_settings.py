"""Checks the settings in a record before a model is made of them: they may not choose what code runs here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmark.record.input_files import Keys, programs
from benchmark.trust import COMMAND, check_command, check_trusted, targets_in


def check_recorded(model: Mapping[str, Any]) -> None:
    """Raise UserError if recorded settings of a model name a class of a package that is not trusted, or a
    program to run other than the usual one."""
    for target in targets_in(model):
        check_trusted(target)
    check_programs(model)


def check_programs(model: Mapping[str, Any]) -> None:
    """Raise UserError if settings from a record name a program other than the one that their key is called
    by, or a command, and the user has not allowed it."""
    for key, value in _programs_in(model, "model"):
        name = key.rpartition(".")[2]
        if value is not None and (value != name or name == COMMAND):
            check_command(value if isinstance(value, list | tuple) else str(value), key)


def _programs_in(
    settings: Mapping[str, Any], where: str, keys: Keys = (), marked: frozenset[Keys] = frozenset()
) -> Iterator[tuple[str, Any]]:
    target = settings.get("_target_")
    if isinstance(target, str):
        keys, marked = (), programs(target)
    for key, value in settings.items():
        if (*keys, key) in marked:
            yield f"{where}.{key}", value
        elif isinstance(value, Mapping):
            yield from _programs_in(value, f"{where}.{key}", (*keys, key), marked)
