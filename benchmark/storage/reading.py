"""Files that may be damaged, or made by somebody else: read whole, within bounds, as plain data.

Every file of a results folder and of `conf/` that is no array passes here, so that an odd one is one error
that names it. Nothing is built but dictionaries, lists, text, numbers, true, false and null.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import IO, Any, TypeVar

from benchmark.errors import UserError
from benchmark.storage.checksums import difference, unsealed
from benchmark.storage.plain_data import MOST_LEVELS, plain
from benchmark.text import one_line

Read = TypeVar("Read")

#: More than any file of ours holds, but for lists of words. A larger one is not read.
MOST_BYTES = 64 << 20
#: More than any list of words takes.
MOST_BYTES_OF_WORDS = 8 << 30
#: libyaml composes so many levels without trouble.
_SAFE_LEVELS = 2_000


class Unreadable(UserError):
    """A file that is there, but holds nothing usable. The message names the file and what is wrong."""


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    """The text of a regular file, UTF-8 with or without a byte-order mark.

    Raises FileNotFoundError where there is nothing, and Unreadable for what cannot be read: a folder, a pipe,
    a device, no permission, more than `most` bytes, another encoding or checksum than its folder lists.
    """
    content = _content(path, most)
    if problem := difference(path, content):
        raise Unreadable(f"cannot read {path}: {problem}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(f"cannot read {path}: byte {error.start + 1} is not UTF-8 text") from None


def read_json(path: Path, most: int = MOST_BYTES) -> Any:
    """The plain data in a JSON file. Raises what `read_text` raises, and Unreadable where it holds no JSON,
    or what none of our files holds: a name twice in one object, NaN, a number that no 64 bits hold, text that
    is no Unicode, more than `MOST_LEVELS` levels."""
    text = read_text(path, most)
    try:
        data = json.loads(text, object_pairs_hook=_object)
        return plain(data, most_values=most)  # the bytes of a JSON file bound its values
    except RecursionError:
        raise Unreadable(f"cannot read {path}: it is nested too deeply") from None
    except ValueError as error:
        raise Unreadable(f"cannot read {path}: {_first_line(error)}") from None


def read_json_object(path: Path, most: int = MOST_BYTES) -> dict[str, Any]:
    """`read_json` of an object, without its checksum; Unreadable for anything else, or a wrong checksum."""
    data = read_json(path, most)
    if not isinstance(data, dict):
        raise Unreadable(f"cannot read {path}: it holds {_called(data)}, not a JSON object")
    try:
        return unsealed(data)
    except ValueError as error:
        raise Unreadable(f"cannot read {path}: {error}") from None


def read_yaml(path: Path) -> Any:
    """The plain data in a YAML file; as OmegaConf reads it, with `${…}` left as text.

    Raises what `read_text` raises, and Unreadable where it holds no YAML or what none of our files holds.
    """
    text = read_text(path)
    try:
        return parsed_yaml(text)
    except ValueError as error:
        raise Unreadable(f"cannot read {path}: {error}") from None


def read_yaml_object(path: Path) -> dict[str, Any]:
    """`read_yaml` of a file that holds keys with values; Unreadable if it holds anything else."""
    data = read_yaml(path)
    if not isinstance(data, dict):
        raise Unreadable(f"cannot read {path}: it holds {_called(data)}, not keys with values")
    return data


def parsed_yaml(text: str) -> Any:
    """The plain data in a YAML document. Raises ValueError, with one line, where there is none."""
    import yaml

    try:
        _check_depth(text)
        return plain(yaml.load(text, Loader=_loader()), finite=False)
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:  # of values that are no such thing
        raise ValueError(_first_line(error)) from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


#: Warnings that have been printed, so that a file which several tables need is named once.
_warned: set[str] = set()


def warn_once(line: str) -> None:
    """Print a line to standard error, unless this command has printed it already."""
    if line not in _warned:
        _warned.add(line)
        print(one_line(line), file=sys.stderr, flush=True)


def forget_warnings() -> None:
    """A command begins: what the one before has printed does not count."""
    _warned.clear()


def or_warn(read: Callable[[], Read], default: Read) -> Read:
    """What `read` returns; `default` where a file is missing, and, with a warning, where it is unreadable."""
    try:
        return read()
    except FileNotFoundError:
        return default
    except Unreadable as error:
        warn_once(f"warning: {error}")
        return default


def or_empty(read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `read` returns; an empty object where a file is missing or, with a warning, unreadable."""
    return or_warn(read, {})


def checked(kind: Any, data: Any, path: Path) -> Any:
    """Data from a file as a dataclass, whose annotations say what its fields hold.

    Raises Unreadable that names the file and the field.
    """
    from pydantic import ValidationError

    try:
        return _checker(kind).validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"]))
        problem = first["msg"].removeprefix("Value error, ")
        problem = problem[0].lower() + problem[1:]
        raise Unreadable(f"cannot read {path}: {field + ': ' if field else ''}{problem}") from None


@cache  # to make one takes longer than to check a thousand values
def _checker(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def open_regular(path: Path) -> IO[bytes]:
    """Open a regular file. Raises what `read_text` raises for anything else."""
    try:
        # without O_NONBLOCK, opening a pipe would wait for somebody to write into it
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise Unreadable(f"cannot read {path}: it is no regular file")
        return open(descriptor, "rb")
    except NotADirectoryError:
        raise FileNotFoundError(path) from None
    except FileNotFoundError:
        raise
    except ValueError as error:  # a name that no file can have
        raise Unreadable(f"cannot read {str(path)!r}: {error}") from None
    except OSError as error:
        raise Unreadable(f"cannot read {path}: {error.strerror or error}") from None


def _content(path: Path, most: int) -> bytes:
    try:
        with open_regular(path) as file:
            content = file.read(most + 1)
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise Unreadable(f"cannot read {path}: {error.strerror or error}") from None
    if len(content) > most:
        raise Unreadable(f"cannot read {path}: it has more than {most >> 20} MiB")
    return content


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(
            f"the name {next(n for n in names if names.count(n) > 1)!r} stands twice in an object"
        )
    return made


def _check_depth(text: str) -> None:
    """Raise ValueError for YAML nested so deeply that libyaml's composer would overflow the stack."""
    import yaml

    # a level takes a bracket, or a column of some line
    bound = text.count("[") + text.count("{") + max(map(len, text.split("\n")))
    if bound < _SAFE_LEVELS:  # as all of ours are; parsing the events would double the time
        return
    depth = 0
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_LEVELS:
            raise ValueError("it is nested too deeply")


@cache
def _loader() -> Any:
    """A safe loader that reads scalars as OmegaConf does: `1e-4` is a number, a date is text."""
    import yaml
    from omegaconf._utils import get_yaml_loader

    # the C parser reads a thousand files in the time that the Python one needs for fifty
    class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        yaml_implicit_resolvers = get_yaml_loader().yaml_implicit_resolvers

        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
            if len(set(keys)) < len(keys):
                twice = next(key for key in keys if keys.count(key) > 1)
                raise ValueError(f"line {node.start_mark.line + 1}: the key {twice!r} stands twice")
            return super().construct_mapping(node, deep)

    return Loader


def _called(data: Any) -> str:
    return {list: "a list", dict: "an object", str: "text", type(None): "nothing", bool: "true or false"}.get(
        type(data), "a number"
    )


def _first_line(error: Exception) -> str:
    """The message of an error as one line, without the name that YAML gives to any text."""
    return " ".join(str(error).replace('in "<unicode string>", ', "in ").split())[:200]
