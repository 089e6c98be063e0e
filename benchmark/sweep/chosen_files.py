"""The configuration files that a command line chooses, looked at once they could not be composed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmark.settings import conf_dirs
from benchmark.storage.reading import Unreadable, read_yaml_object


def unreadable_file(arguments: Sequence[str]) -> str | None:
    """What is wrong with the first chosen file that cannot be read, which it names; None if none is wrong."""
    for path in _chosen(arguments, conf_dirs()):
        try:
            read_yaml_object(path)
        except FileNotFoundError:
            continue
        except Unreadable as error:
            return str(error)
    return None


def _chosen(arguments: Sequence[str], folders: Sequence[Path]) -> Iterator[Path]:
    """`conf/GROUP/NAME.yaml` of each `GROUP=NAME` or `GROUP@KEY=NAME`."""
    for argument in arguments:
        key, _, names = argument.lstrip("+").partition("=")
        for name in names.split(","):
            for folder in folders:
                path = folder / key.partition("@")[0] / f"{name.strip()}.yaml"
                if path.is_relative_to(folder) and "\0" not in argument and ".." not in path.parts:
                    yield path
