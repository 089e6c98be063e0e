"""Turns Hydra's errors into one line that a person can act on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from benchmark.errors import did_you_mean
from benchmark.settings import choices


def readable_message(error: BaseException, arguments: Sequence[str]) -> str:
    """What went wrong in composing a command line, naming the key or value and the nearest known one."""
    text = "\n".join(str(e) for e in _chain(error))
    if found := re.search(r"Could not find '(?:(\w+)/)?([^']+)'", text):
        group, name = found.groups()
        if group and "/" in name:
            return f"there is no {group}/{name}"
        if group:
            return f"there is no {group} {name!r}. {did_you_mean(name, choices(group))}"
    if found := re.search(r"Interpolation key '([^']+)' not found", text):
        return f"there is no setting {found[1]!r} to take a value from"
    if found := re.search(r"Could not override '([^'@]+)@([^']+)'", text):
        return f"{found[1]}@{found[2]}: this model has no {found[2]} to choose a file for"
    if found := re.search(r"full_key: ([\w.]+)", text) or re.search(r"Could not override '([^'@]+)", text):
        key = found[1]
        siblings = _siblings(key, arguments)
        if key not in siblings:  # else something other than its name is wrong
            return f"there is no setting {key!r}. {did_you_mean(key, siblings)}"
    if "Error parsing override" in text:
        return _first_line(text) + ": give KEY=VALUE (nextword run --help)"
    if "Ambiguous value" in text:
        return _first_line(text).rstrip(".") + "; give -m to sweep over its values"
    return _first_line(text)


def _chain(error: BaseException | None) -> list[BaseException]:
    chain = []
    while error is not None:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain


def _first_line(text: str) -> str:
    return next(
        (line.strip() for line in text.splitlines() if line.strip()), "the command line is not usable"
    )


def _siblings(key: str, arguments: Sequence[str]) -> list[str]:
    """The settings beside which `key` was looked for, each with its full name."""
    from benchmark.sweep.cached_composer import CachedComposer

    parent = key.rpartition(".")[0]
    sound = [
        a.partition(",")[0]
        for a in arguments
        if a.partition("=")[0] in ("model", "corpus", "launcher") and "=" in a
    ]
    config: Any = CachedComposer().composed(sound)
    node = config
    for name in parent.split(".") if parent else ():
        node = node.get(name) if isinstance(node, dict) else None
    if not isinstance(node, dict):
        return list(config)
    return [f"{parent}.{name}" if parent else str(name) for name in node]
