"""What the two comparisons of `nextword peers` share on their command lines."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.console.options import Parser, add_results_dir, existing_folder, name
from benchmark.errors import UserError
from benchmark.storage.temporary import TemporaryFolder

if TYPE_CHECKING:
    from benchmark.peers.compare import Say
    from benchmark.peers.record import Record
    from benchmark.peers.table import Presentation


def new_parser(verb: str, description: str | None, epilog: str, our_module: str) -> Parser:
    """A parser with the options of both comparisons."""
    parser = Parser(verb, description, epilog)
    add = parser.add_argument
    add("--ours", metavar="COMMAND", help=f"our command line (default: python -m {our_module})")
    add("--name", type=name, help="what the comparison is called in the record (default: after its text)")
    add("--work", type=existing_folder, metavar="FOLDER", help="for temporary files (default: the system's)")
    add_results_dir(parser)
    return parser


def our_command(options: argparse.Namespace, our_module: str) -> list[str]:
    """The command line of our program. Raises UserError."""
    try:
        return shlex.split(options.ours) if options.ours else [sys.executable, "-m", our_module]
    except ValueError as error:
        raise UserError(f"--ours: {options.ours} is no command line: {error}") from error


def recorded_command(verb: str, arguments: list[str]) -> str:
    """The command line for the record."""
    from benchmark.peers.record import without_folders

    return " ".join([verb, *(shlex.quote(without_folders(argument)) for argument in arguments)])


def split_numbers(option: str, given: str, pattern: str = r"[1-9]\d*") -> list[str]:
    """The numbers of a comma-separated option; whole ones from 1 by default. Raises UserError."""
    parts = [part.strip() for part in given.split(",")]
    wrong = [part for part in parts if not re.fullmatch(pattern, part)]
    if wrong:
        raise UserError(
            f"{option}={given} is not usable: {wrong[0]!r} is not a number from 1; give e.g. {option} 3,5"
        )
    return parts


def carry_out(
    measure: Callable[[Path, Say], Path],
    kind: type[Record],
    presentation: Presentation | None,
    folder: Path | None,
) -> int:
    """Measure in a temporary folder below `folder` (None: the system's) and print the table.

    Returns the exit status.
    """
    with TemporaryFolder.elsewhere("peers", folder) as work:
        path = measure(work.resolve(), lambda line: print(line, flush=True))
    if presentation:
        print("\n" + presentation.plain(kind.load(path)))
    print(f"\nrecorded: {path}")
    return 0
