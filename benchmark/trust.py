"""Which packages a record may take classes from.

A results folder may come from anywhere, and its records name the classes of their models. Importing a module
runs its code, so a record chooses only among the classes of `baselines`, which is installed with nextword,
and of packages that the user allows: by the setting `allow`, on the command line or in `conf/config.yaml`, by
running a model of such a package, or by naming a folder whose `model/*.yaml` have such models.

A record may also name a command that computes a model. It is started only if the user allows this very
command, by a name for it that `allow` takes, or runs a model with it.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import benchmark
from benchmark.errors import UserError
from benchmark.own_folder import own_folder
from benchmark.settings import conf_dir
from benchmark.storage.reading import or_empty, read_yaml_object

BASELINES = "baselines"
SETTING = "allow"
#: The setting of a model that holds a command.
COMMAND = "command"

#: `package.module.Class`, and nothing that Python would read as more than names.
_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_allowed: set[str] = set()


def allow(packages: object) -> None:
    """Records may name classes of these packages, too, in this process.

    Raises UserError where it is not a list of names of packages.
    """
    names = [packages] if isinstance(packages, str) else packages
    if not isinstance(names, list | tuple) or not all(
        isinstance(name, str) and _NAME.fullmatch(name) for name in names
    ):
        raise UserError(
            f'{SETTING}={packages!r} is not usable: give names of packages, as in {SETTING}=["mine"]'
        )
    _allowed.update(names)


def allow_classes_in(settings: Mapping[str, Any]) -> None:
    """The user runs a model with these settings: what was saved of such models may be loaded again."""
    _allowed.update(target.partition(".")[0] for target in targets_in(settings))
    _allowed.update(_command_name(command) for command in _commands_in(settings))


def allowed_names() -> list[str]:
    """The packages that the user has allowed, beside `baselines`, and the commands."""
    return sorted(_allowed | _allowed_in_conf() | _own_packages())


def check_trusted(target: object) -> str:
    """The name of a class that a record gives, if its package is trusted. Nothing is imported.

    Raises UserError, which says how to allow it.
    """
    if not isinstance(target, str) or not _PATH.fullmatch(target):
        raise UserError(
            f"a record names {str(target)[:200]!r} as the class of a model, which is no name of a class"
        )
    package = target.partition(".")[0]
    if package == BASELINES:
        _check_ours()
    elif package not in allowed_names():
        raise UserError(
            f"a record names the class {target}, and loading it would run code of {package!r}, which is not "
            f'part of nextword; if you trust it, add {SETTING}=["{package}"]'
        )
    return target


def check_command(command: str | Sequence[str], where: str) -> None:
    """Raise UserError, which says how to allow it, for a command that a record gives and the user has not
    allowed. `where` is the setting that it stands in."""
    name = _command_name(command)
    if name not in allowed_names():
        shown = shlex.join(command_words(command))
        raise UserError(
            f"{where} in a record names a command, which is not started: {shown[:400]!r}; if you trust it, "
            f'add {SETTING}=["{name}"]'
        )


def command_words(command: str | Sequence[str]) -> tuple[str, ...]:
    """A program and its arguments, from a list of them or from one line as a shell takes it.

    Raises UserError for a line with an open quote, and where there is no program.
    """
    try:
        words = tuple(shlex.split(command) if isinstance(command, str) else map(str, command))
    except ValueError as error:
        raise UserError(f"the command {command!r} is not usable: {str(error).lower()}") from error
    if not words:
        raise UserError("a command needs a program: give it and its arguments, as in [./model, --order, 3]")
    return words


def _command_name(command: str | Sequence[str]) -> str:
    """A name of this command and no other, which `allow` takes."""
    text = json.dumps(command_words(command))
    return f"{COMMAND}_{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _commands_in(settings: Any) -> Iterator[str | Sequence[str]]:
    """Every command that the settings of models give."""
    if isinstance(settings, Mapping):
        command = settings.get(COMMAND)
        if "_target_" in settings and command and isinstance(command, str | list | tuple):
            yield command
        settings = list(settings.values())
    if isinstance(settings, list | tuple):
        for value in settings:
            yield from _commands_in(value)


def targets_in(settings: Any) -> Iterator[str]:
    """Every class that some settings name."""
    if isinstance(settings, Mapping):
        if isinstance(settings.get("_target_"), str):
            yield settings["_target_"]
        for value in settings.values():
            yield from targets_in(value)
    elif isinstance(settings, list | tuple):
        for value in settings:
            yield from targets_in(value)


def _check_ours() -> None:
    """Raise UserError where Python finds another `baselines` than the one beside `benchmark`: a folder of
    that name in a results folder, say."""
    ours = Path(benchmark.__file__).resolve().parents[1] / BASELINES
    spec = find_spec(BASELINES)
    found = [Path(place).resolve() for place in (spec.submodule_search_locations or ())] if spec else []
    if found != [ours]:
        where = ", ".join(map(str, found)) or "nowhere"
        raise UserError(
            f"Python finds the package {BASELINES!r} in {where} instead of {ours}: start nextword in another "
            "folder, or take that one out of PYTHONPATH"
        )


def take_allowed(arguments: Sequence[str]) -> list[str]:
    """A command line without its `allow=[PACKAGE,…]`, which takes effect. The names may stand in
    quotes, as Python has them. Raises UserError."""
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if equals and key.removeprefix("--") == SETTING:
            names = [name.strip(" '\"") for name in value.strip("[]").split(",")]
            allow([name for name in names if name])
    return [argument for argument in arguments if argument.partition("=")[0].removeprefix("--") != SETTING]


def _own_packages() -> set[str]:
    """The packages of the models in the folder that the user has named."""
    own = own_folder()
    files = sorted((own / "model").glob("*.yaml")) if own is not None else []
    read = [or_empty(partial(read_yaml_object, path)) for path in files]
    return {target.partition(".")[0] for settings in read for target in targets_in(settings)}


@cache
def _allowed_in_conf() -> frozenset[str]:
    """The packages in the configuration that is installed."""
    named = or_empty(lambda: read_yaml_object(conf_dir() / "config.yaml")).get(SETTING)
    return (
        frozenset(name for name in named if isinstance(name, str)) if isinstance(named, list) else frozenset()
    )
