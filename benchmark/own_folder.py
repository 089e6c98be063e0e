"""A folder of the user's own: configuration files, laid out like `conf/`, and the models that they name.

`--config-dir FOLDER` names it on any command line, and NEXTWORD_CONFIG_DIR for all of them. It is never found
by itself, since the current folder may be a results folder from elsewhere. Naming it takes effect in this
process: its files are chosen by their names, Python finds modules in it and in the folder around it, and
records may take the classes that its `model/*.yaml` name (`benchmark.trust`).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from benchmark.environment import CONFIG_DIR as VARIABLE
from benchmark.environment import user_path
from benchmark.errors import UserError

#: The option that names it, in both of Hydra's spellings.
CONFIG_DIR = ("--config-dir", "-cd")

_named: Path | None = None
_python_path: list[str] = []


def own_folder() -> Path | None:
    """The folder that is named now, or None."""
    return _named if _named is not None else VARIABLE.value


def use_own_folder(folder: Path | None) -> None:
    """Name the folder in this process, in place of any before; None leaves that of the environment."""
    global _named
    _named = folder
    for place in _python_path:
        if place in sys.path:
            sys.path.remove(place)
    _python_path.clear()
    if (own := own_folder()) is not None:
        # behind all others, so that no module of Python or of a package is hidden
        places = [str(own.absolute()), str(own.absolute().parent)]
        _python_path.extend(place for place in places if place not in sys.path)
        sys.path.extend(_python_path)


def inherited() -> dict[str, str]:
    """The variable by which a process that we start has the folder, too; none where none is named."""
    own = own_folder()
    return {} if own is None else {VARIABLE.name: str(own.absolute())}


def take_config_dir(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """`--config-dir=FOLDER`, which takes effect, if the command line or the environment names one, and the
    rest of the command line. Raises UserError."""
    options = config_dir_options(arguments)
    use_own_folder(checked_folder(options[0]) if options else None)
    options = options or [f"{CONFIG_DIR[0]}={own}" for own in [own_folder()] if own is not None]
    return options, without_config_dir(arguments)


def checked_folder(option: str) -> Path:
    """The folder of `--config-dir=FOLDER`. Raises UserError."""
    value = option.partition("=")[2]
    if not value:
        raise UserError(f"{CONFIG_DIR[0]} needs a value after it: a folder that is laid out like conf/")
    if not user_path(value).is_dir():
        raise UserError(f"{CONFIG_DIR[0]} {value} is not usable: there is no such folder")
    return user_path(value)


def config_dir_options(arguments: Sequence[str]) -> list[str]:
    """`--config-dir=FOLDER`, however a command line spells it; nothing if it names no folder."""
    named = []
    for place, argument in enumerate(arguments):
        option, equals, value = argument.partition("=")
        if option in CONFIG_DIR:
            named.append(value if equals else next(iter(arguments[place + 1 : place + 2]), ""))
    return [f"{CONFIG_DIR[0]}={user_path(value) if value else value}" for value in named[-1:]]


def without_config_dir(arguments: Sequence[str]) -> list[str]:
    """A command line without its `--config-dir FOLDER`."""
    values = {place + 1 for place, argument in enumerate(arguments) if argument in CONFIG_DIR}
    return [
        argument
        for place, argument in enumerate(arguments)
        if place not in values and argument.partition("=")[0] not in CONFIG_DIR
    ]
