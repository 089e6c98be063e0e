"""Checking the keys and types of a corpus's settings, with errors that name the key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from benchmark.console.quoting import text_wanted
from benchmark.errors import UserError, did_you_mean

Settings = TypeVar("Settings")


def checked(kind: type[Settings], options: Mapping[str, Any]) -> Settings:
    """Settings of a corpus whose keys and types are checked. Raises UserError."""
    from pydantic import ValidationError

    _check_keys(kind, options, "corpus")
    try:
        settings: Settings = _adapter(kind).validate_python(dict(options))
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(_problem(first["loc"], first["input"], first["msg"])) from error
    name = getattr(settings, "name", "")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise UserError(f"corpus.name={name!r} is not usable: take letters, digits, '.', '_' and '-'")
    return settings


#: What checks the types of each kind of settings; it takes a while to make.
_ADAPTERS: dict[type, Any] = {}


def _adapter(kind: type) -> Any:
    from pydantic import TypeAdapter

    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _check_keys(kind: Any, options: Mapping[str, Any], where: str) -> None:
    hints = get_type_hints(kind)
    known = {item.name: hints[item.name] for item in fields(kind)}
    for key, value in options.items():
        if key not in known:
            raise UserError(f"{where}.{key}: there is no such setting. {did_you_mean(str(key), known)}")
        nested = [part for part in (known[key], *get_args(known[key])) if is_dataclass(part)]
        inner = value if isinstance(value, list) and get_origin(known[key]) is list else [value]
        for number, item in enumerate(inner):
            if nested and isinstance(item, Mapping):
                place = f"{where}.{key}[{number}]" if isinstance(value, list) else f"{where}.{key}"
                _check_keys(nested[0], item, place)


def _problem(location: tuple[int | str, ...], value: Any, message: str) -> str:
    # Pydantic adds the alternatives of a union to the location; they are not keys.
    keys = [str(part) for part in location if str(part) not in {"int", "float", "str", "list[str]"}]
    key = ".".join(["corpus", *keys])
    if message == "Field required":
        return f"{key} is missing: give {key}=…"
    if message == "Input should be a valid string":
        return f"{key}={value!r} is not usable: input should be text{text_wanted(key, value)}"
    allowed = re.findall(r"'([^']+)'", message)
    meant = f". {did_you_mean(value, allowed)}" if allowed and isinstance(value, str) else ""
    return f"{key}={value!r} is not usable: {message[0].lower()}{message[1:]}{meant}"
