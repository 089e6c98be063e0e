"""Options of a program. Whatever is wrong with them is one line that names the argument and the way out.

`argparse` would answer with its usage, which takes several lines and hides the reason at their end.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from benchmark.environment import CACHE, CORPORA
from benchmark.errors import UserError, did_you_mean

#: Folders may also be given in the syntax of `nextword run`: `results_dir=FOLDER`.
FOLDERS = ("results_dir", "corpora_dir", "cache_dir", "out")

RUN_HELP = "a run folder, the start of a run id, a model, CORPUS/MODEL, or CORPUS/MODEL/ID"

#: argparse's words for an option without its value.
_NO_VALUE = ("expected one argument", "expected at least one argument")


class _Asked(Exception):
    """Raised by a parser that is asked for, before it parses anything."""

    def __init__(self, parser: Parser) -> None:
        self.parser = parser


_asking = False


def parser_of(main: Callable[[list[str]], int], arguments: Sequence[str]) -> Parser | None:
    """The parser with which a program would read its command line; nothing of the program is run."""
    global _asking
    _asking = True
    try:
        main(list(arguments))
    except _Asked as asked:
        return asked.parser
    finally:
        _asking = False
    return None


class Parser(argparse.ArgumentParser):
    """The options of `program`. `parse` raises UserError for what it cannot use."""

    def __init__(self, program: str, description: str | None, epilog: str | None = None) -> None:
        self._names: list[str] = []
        self._formatter_class = argparse.RawDescriptionHelpFormatter if epilog else argparse.HelpFormatter
        super().__init__(
            program,
            description=description,
            epilog=epilog,
            # argparse tries it on every option. To know how wide the terminal is, it would import `shutil`.
            formatter_class=partial(argparse.HelpFormatter, width=80),
            allow_abbrev=False,
            exit_on_error=False,
        )

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        """As in argparse; the names are kept, to suggest one for a misspelt one."""
        self._names += [name for name in names if name.startswith("--")]
        return super().add_argument(*names, **settings)

    @property
    def actions(self) -> Sequence[argparse.Action]:
        """Its arguments and options."""
        return self._actions

    def parse(self, arguments: Sequence[str], *, intermixed: bool = False) -> argparse.Namespace:
        """The options among `arguments`. `intermixed`: words may stand between and behind options.

        Raises UserError.
        """
        self.formatter_class = self._formatter_class
        if _asking:
            raise _Asked(self)
        given = [self._as_option(argument) for argument in arguments]
        known = self.parse_known_intermixed_args if intermixed else self.parse_known_args
        try:
            options, unknown = known(given)
        except argparse.ArgumentError as error:
            raise UserError(self._unusable(error)) from error
        if unknown:
            raise UserError(self._unknown(unknown[0]))
        return options

    def error(self, message: str) -> NoReturn:
        """What argparse calls where something is missing. Raises UserError."""
        missing = message.removeprefix("the following arguments are required: ")
        said = message if missing == message else f"{missing.replace('run', 'RUN')} must be given"
        raise UserError(f"{said} ({self.prog} --help)")

    def _unusable(self, error: argparse.ArgumentError) -> str:
        name, problem = str(error.argument_name), error.message
        if problem.startswith(("=", ":")):  # from one of the types below
            return name + problem if name.startswith("-") else problem[1:].strip()
        problem = "needs a value after it" if problem in _NO_VALUE else problem
        return f"{name} {problem} ({self.prog} --help)"

    def _as_option(self, argument: str) -> str:
        key, equals, value = argument.partition("=")
        option = f"--{key.replace('_', '-')}"
        return f"{option}={value}" if equals and key in FOLDERS and option in self._names else argument

    def _unknown(self, argument: str) -> str:
        key, equals, _ = argument.partition("=")
        if argument.startswith("-"):
            return f"{argument}: there is no option {key!r}. {did_you_mean(key, [*self._names, '--help'])}"
        if equals:
            return f"{argument}: {self.prog} has no setting {key!r} ({self.prog} --help)"
        return f"{argument!r} is one argument too many ({self.prog} --help)"


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """A type of options: a whole number from `least` to `most`."""
    up = "" if most is None else f" to {most}"

    def read(text: str) -> int:
        number = int(text) if re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII) else None
        if number is None or number < least or (most is not None and number > most):
            raise _unusable(text, f"give a whole number from {least}{up}")
        return number

    return read


def number(least: float) -> Callable[[str], float]:
    """A type of options: a finite number from `least`."""

    def read(text: str) -> float:
        value = _number(text)
        if value < least:
            raise _unusable(text, f"give a number from {least:g}")
        return value

    return read


def positive(text: str) -> float:
    """A type of options: a finite number above 0."""
    value = _number(text)
    if value <= 0:
        raise _unusable(text, "give a number above 0")
    return value


@dataclass(frozen=True, eq=False)  # argparse looks types up in a table
class OneOf:
    """A type of options: one of some names."""

    known: Collection[str]

    def __call__(self, text: str) -> str:
        if text not in self.known:
            raise argparse.ArgumentTypeError(f": there is no {text!r}. {did_you_mean(text, self.known)}")
        return text


def name(text: str) -> str:
    """A type of options: a name for something that gets a folder of its own."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", text):
        raise _unusable(text, "take letters, digits, '.', '_' and '-'")
    return text


def folder(text: str) -> Path:
    """A type of options: a folder, which need not be there."""
    if not text or Path(text).is_file():
        raise _unusable(text, "it is a file; name a folder" if text else "name a folder")
    return Path(text)


def existing_folder(text: str) -> Path:
    """A type of options: a folder that is there."""
    if not folder(text).is_dir():
        raise argparse.ArgumentTypeError(f": there is no folder {text}")
    return Path(text)


def file(text: str) -> Path:
    """A type of options: a file to be written, in a folder that is there."""
    if not text or Path(text).is_dir():
        raise _unusable(text, "it is a folder; name a file" if text else "name a file")
    if not Path(text).parent.is_dir():
        parent = Path(text).parent
        raise argparse.ArgumentTypeError(f": {text}: cannot be written (there is no folder {parent})")
    return Path(text)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _unusable(text, "give a finite number")
    return value


def _unusable(text: str, problem: str) -> argparse.ArgumentTypeError:
    """The error of a type; `parse` puts the option's name before it."""
    return argparse.ArgumentTypeError(f"={text} is not usable: {problem}")


def add_results_dir(parser: Parser, default: str = "results") -> None:
    """The option `--results-dir`, alike for every verb."""
    parser.add_argument(
        "--results-dir", type=folder, default=Path(default), metavar="FOLDER", help="default: %(default)s"
    )


def add_corpora(parser: Parser, data: str) -> None:
    """The options `--corpora-dir` and `--cache-dir` of a verb that reads `data`."""
    parser.add_argument(
        "--corpora-dir",
        type=existing_folder,
        default=CORPORA.value,
        metavar="FOLDER",
        help=f"folder with the {data} you have (default: $NEXTWORD_CORPORA)",
    )
    parser.add_argument(
        "--cache-dir",
        type=folder,
        default=CACHE.value,
        metavar="FOLDER",
        help="folder for downloads and encoded corpora (default: $NEXTWORD_CACHE, or the platform's)",
    )
