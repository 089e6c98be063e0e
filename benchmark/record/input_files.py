"""Settings that name files: a run's identity rests on what the files hold, not on what they are called.

A model says so by annotating the setting `InputFile` (`benchmark.contract`), in its constructor or in a
dataclass among its settings. `Program` marks in the same way a setting that names a program to run, and
`AddedLater` one that earlier runs lack.
"""

from __future__ import annotations

import ast
import hashlib
import shlex
from collections.abc import Iterator
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from benchmark.record.source import ClassSource, base_classes, class_source, imported_from, module_tree

_FILE, _PROGRAM, _ADDED = "InputFile", "Program", "AddedLater"

#: The keys that lead to a setting: ("path",), ("training", "embeddings").
Keys = tuple[str, ...]


@cache
def input_files(target: str) -> frozenset[Keys]:
    """The settings of `package.module.Class` that name files, found without importing it."""
    return _marked(target, _FILE)


@cache
def programs(target: str) -> frozenset[Keys]:
    """The settings of `package.module.Class` that name programs, found without importing it."""
    return _marked(target, _PROGRAM)


@cache
def added_later(target: str) -> frozenset[Keys]:
    """The settings of `package.module.Class` that runs from before they were added lack."""
    return _marked(target, _ADDED)


def _marked(target: str, mark: str) -> frozenset[Keys]:
    source = class_source(target)
    return frozenset(_of_class(source, frozenset(), mark)) if source is not None else frozenset()


def content_of(value: Any) -> Any:
    """What stands in an identity for a setting that names a file or a folder, or several: its content.

    One that is not there, or is a pipe, counts by its name; the model says what is wrong with it.
    """
    if isinstance(value, dict):
        return {key: content_of(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [content_of(item) for item in value]
    if not isinstance(value, str) or not value:
        return value
    path = Path(value)
    if path.exists() and not path.is_file() and not path.is_dir():  # to read a pipe would empty it, or wait
        return value
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    try:
        return [[file.relative_to(path).as_posix(), _digest(file, *_state(file))] for file in files]
    except OSError:
        return value


def content_of_command(value: Any) -> Any:
    """The same for a program, or for a command: of its words, those that name a file count by its content.

    A folder among them counts by its name: it may be any, such as the one that holds the results.
    """
    if isinstance(value, list | tuple):
        return [content_of_command(word) for word in value]
    if not isinstance(value, str) or Path(value).is_dir():
        return value
    content = content_of(value)
    if content == value and " " in value:
        with suppress(ValueError):  # a quote that is not closed
            return content_of_command(shlex.split(value))
    return content


def _state(file: Path) -> tuple[int, ...]:
    status = file.stat()
    return status.st_dev, status.st_ino, status.st_ctime_ns, status.st_mtime_ns, status.st_size


@lru_cache(maxsize=4096)  # read again where it is another file, or the times or the size have changed
def _digest(file: Path, *_state: int) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _of_class(source: ClassSource, around: frozenset[str], mark: str) -> Iterator[Keys]:
    for each in base_classes(source):
        for name, annotation in _settings(each.node):
            for keys in _of_annotation(each.module, annotation, around | {source.node.name}, mark):
                yield (name, *keys)


def _settings(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    """The annotated fields of a class and parameters of its constructor."""
    for item in node.body:
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            yield item.target.id, item.annotation
        elif isinstance(item, ast.FunctionDef) and item.name == "__init__":
            for argument in (*item.args.args, *item.args.kwonlyargs):
                if argument.annotation is not None:
                    yield argument.arg, argument.annotation


def _of_annotation(module: str, annotation: ast.expr, around: frozenset[str], mark: str) -> Iterator[Keys]:
    """The keys below a setting that lead to marked ones: () where it is one itself."""
    for name in _names(annotation):
        if name == mark:
            yield ()
        elif name not in around:
            yield from _of_name(module, name, around | {name}, mark)


def _names(annotation: ast.expr) -> Iterator[str]:
    for node in ast.walk(annotation):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def _of_name(module: str, name: str, around: frozenset[str], mark: str) -> Iterator[Keys]:
    """What a name in an annotation leads to: a dataclass of settings, or an alias of an annotation."""
    source = class_source(f"{module}.{name}")
    if source is not None:
        if any("dataclass" in ast.unparse(decorator) for decorator in source.node.decorator_list):
            yield from _of_class(source, around, mark)
        return
    for node in (module_tree(module) or ast.Module([], [])).body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in node.targets
        ):
            yield from _of_annotation(module, node.value, around, mark)
            return
    origin = imported_from(module, name)
    if origin is not None:
        yield from _of_annotation(origin[0], ast.Name(origin[1]), around - {origin[1]}, mark)
