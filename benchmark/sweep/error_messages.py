"""Turns Hydra's errors into one line that a person can act on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from benchmark.console.quoting import quoted_argument
from benchmark.errors import UserError, did_you_mean
from benchmark.own_folder import own_folder
from benchmark.settings import choices


def readable_message(error: BaseException, arguments: Sequence[str]) -> str:
    """What went wrong in composing a command line, naming the key or value and the nearest known one."""
    if isinstance(error, UserError):
        return str(error)
    text = "\n".join(str(e) for e in _chain(error))
    if found := re.search(r"Could not find '(?:(\w+)/)?([^']+)'", text):
        group, name = found.groups()
        if group and "/" in name:
            return f"there is no {group}/{name}"
        if group:
            return f"there is no {group} {name!r}. {did_you_mean(name, choices(group))}"
    if found := re.search(r"Interpolation key '([^']+)' not found", text):
        return f"there is no setting {found[1]!r} to take a value from"
    if found := re.search(r"Could not override '(train|output)@([^']+)'", text):
        return f"{found[1]}@{found[2]}: this model has no {found[2]} to choose a file for"
    if found := re.search(r"Could not (override|delete) '([^']+[@/][^']+)'", text):
        way = f"; to add it, write +{found[2]}=NAME" if found[1] == "override" else ""
        return f"nothing is chosen for {found[2]}{way}"
    found = re.search(r"full_key: ([\w.]+)", text) or re.search(r"Could not override '([^'@]+)", text)
    if found and not found[1].startswith("hydra") and (message := _unknown(found[1], arguments)):
        return message  # else something other than its name is wrong
    if found := re.search(r"An item is already at '([^']+)'", text):
        return f"{found[1]} is there already: leave the + out"
    if "Ambiguous value" in text:
        return _ambiguous(text)
    if found := re.search(r"Sweep parameters '(.+)' requires --multirun", text):
        return f"{found[1]} names several values: give -m to run each"
    if found := re.search(r"sweep type : INTERVAL_SWEEP", text):
        return "interval() has no end of values: give a list, or range(1,5)"
    return _first_line(text).rstrip(".")


def _ambiguous(text: str) -> str:
    found = re.search(r"argument '(.+)'$", text, re.MULTILINE)
    if found is None:
        return _first_line(text).rstrip(".") + "; give -m to sweep over its values"
    key, _, value = found[1].partition("=")
    return (
        f"Ambiguous value for argument '{found[1]}'; give -m to sweep over its values, "
        f"or quote it if it is one: {quoted_argument(key, value)}"
    )


def _unknown(key: str, arguments: Sequence[str]) -> str | None:
    """That there is no such setting; None if there is one."""
    parent = key.rpartition(".")[0]
    config = _composed_groups(arguments)
    node: Any = config
    for part in parent.split(".") if parent else ():
        node = node.get(part) if isinstance(node, dict) else None
    if not isinstance(node, dict):
        upper = parent.partition(".")[0]
        if upper in config:
            return f"there is no setting {key!r}: {parent} has no settings of its own"
        return f"there is no setting {upper!r}. {did_you_mean(upper, config)}"
    known = [f"{parent}.{each}" if parent else str(each) for each in node]
    return None if key in known else f"there is no setting {key!r}. {did_you_mean(key, known)}"


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


def _composed_groups(arguments: Sequence[str]) -> dict[str, Any]:
    """The configuration with the model, corpus and launcher of a command line, and nothing else of it."""
    from benchmark.sweep.cached_composer import CachedComposer

    sound = [
        a.partition(",")[0]
        for a in arguments
        if a.partition("=")[0] in ("model", "corpus", "launcher") and "=" in a
    ]
    return CachedComposer(own_folder()).composed(sound)
