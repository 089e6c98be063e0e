"""The command in a record, as settings: what it may set is checked, and nothing in it chooses code or places.

A results folder may come from anywhere. A command of ours sets a model, a corpus and how they are computed;
one that sets anything else, or names files outside the configuration, is refused.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Any

from benchmark.errors import UserError
from benchmark.own_folder import config_dir_options
from benchmark.sweep.arguments import parsed_override

#: What a recorded command may set. The rest says where and how runs are made, which is for the user to say.
SETTABLE = frozenset({"model", "corpus", "train", "output", "size", "seed", "device", "threads"})
#: Those of them that are groups of files.
GROUPS = SETTABLE - {"seed", "device", "threads"}

_KEY = re.compile(r"(?:\+{0,2}|~)([A-Za-z]\w*)(@[A-Za-z]\w*(?:\.[A-Za-z]\w*)*|(?:\.[A-Za-z]\w*)*)", re.ASCII)
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*", re.ASCII)


def recorded_settings(command: str, how: Sequence[str]) -> list[str]:
    """The settings in a recorded command, each of which is checked.

    `how`: the arguments of the user, who alone can say that further configuration files are read. Raises
    UserError for a command that was not made by `nextword run`, and for a setting that a record may not give.
    """
    try:
        program, *words = shlex.split(command) or [""]
    except ValueError:
        program, words = "", []
    own = config_dir_options(words)
    settings = [word for word in words[1:] if word not in own]
    if program != "nextword" or words[:1] != ["run"] or any(word.startswith("-") for word in settings):
        raise UserError("its record has no command that repeats it; run it by name")
    if own and not config_dir_options(how):
        raise UserError(f"its command reads further settings: add {own[0]} if you trust them")
    for setting in settings:
        if problem := _problem(setting):
            raise UserError(f"its command has {setting[:200]}: {problem}; if you trust it, run it by name")
    return settings


def corpus_settings(command: str, corpus: str) -> list[str]:
    """The arguments by which a recorded command chooses its corpus, to be shown in another command.

    They are the corpus alone where the command was not made by `nextword run`, or sets what a record may not.
    """
    try:
        own = config_dir_options(shlex.split(command))
        settings = recorded_settings(command, own)
    except (UserError, ValueError):
        return [f"corpus={corpus}"]
    found = [setting for setting in settings if _group(setting) == "corpus"]
    named = any(setting.partition("=")[0].lstrip("+") == "corpus" for setting in found)
    return [*own, *([] if named else [f"corpus={corpus}"]), *found]


def _group(setting: str) -> str | None:
    found = _KEY.fullmatch(setting.partition("=")[0])
    return found[1] if found else None


def _problem(setting: str) -> str | None:
    """Why a record may not give a setting; None if it may."""
    key, equals, value = setting.partition("=")
    found = _KEY.fullmatch(key)
    if found is None:
        return "a record sets no such key"
    top, rest = found.groups()
    if top not in SETTABLE:
        return f"a record does not set {top}"
    if "${" in setting:
        return "a record takes no values from elsewhere"
    if not equals:
        return None if key.startswith("~") else "it has no value"
    if top in GROUPS and not rest.startswith("."):  # it chooses a file of the configuration
        return None if _FILE.fullmatch(value) else "a record chooses configuration files by plain names only"
    if key.endswith(".url"):
        return "a record gives no address to fetch from"
    return None if _is_plain(setting) else "a record gives single values and lists of them"


def _is_plain(setting: str) -> bool:
    """Whether the value is one value, or a list of values: no sweep over several, no settings in braces."""
    try:
        override = parsed_override(setting)
        return not override.is_sweep_override() and _plain(override.value())
    except (UserError, RecursionError):
        return False


def _plain(value: Any) -> bool:
    return all(map(_plain, value)) if isinstance(value, list) else not isinstance(value, dict)
