"""The versions that code declares: what a run's identity rests on in place of the code itself.

A model class declares `version: ClassVar[int]` in its own body, and raises it when it would give other
scores. A package that many models go through (an engine) declares `VERSION` in its `__init__.py`: raising
that raises every model of the package. So code can be cleaned without any run being made anew; golden
scores hold every shipped model to it (`tests/golden`). A class that declares no version, as one that is
being written, is identified by its code.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from benchmark.record.source import (
    BASELINES,
    ClassSource,
    base_classes,
    class_source,
    digest_of_modules,
    imported_modules,
    module_file,
    module_tree,
    reachable_modules,
)

#: The harness's scoring: which events are scored, and what is computed from the scores.
SCORING = "benchmark.measure"


@cache
def class_name(target: str) -> str:
    """What a class is called in a run's identity: one that declares a version by its engine and its name,
    so that it may move to another module; any other by `package.module.Class`."""
    source = class_source(target)
    if source is None or class_version(source) is None:
        return target
    return f"{engine_of(source.module) or source.module.partition('.')[0]}.{source.node.name}"


def versions_of(targets: Iterable[str]) -> dict[str, int]:
    """The versions that runs of these classes rest on, by the class's or the package's name: of the classes,
    of their engines, of the harness's scoring, and of what a class without a version imports."""
    versions = {SCORING: engine_version(SCORING)}
    for target in targets:
        versions |= _versions(target)
    return versions


@cache
def source_if_unversioned(target: str) -> str | None:
    """SHA-256 over the code that identifies a class which declares no version; None for one that does.

    That is the code of its module and of the modules that it imports, directly or not, but for those that
    a version stands for.
    """
    source = class_source(target)
    if source is not None and class_version(source) is not None:
        return None
    return digest_of_modules(_without_version(target.rpartition(".")[0])[0])


def class_version(source: ClassSource) -> int | None:
    """The version in the body of a class; one that it inherits does not count."""
    return _number(source.node.body, "version")


@cache
def engine_of(module: str) -> str | None:
    """The innermost package around a module that declares a version."""
    path = module_file(module)
    package = module if path and path.name == "__init__.py" else module.rpartition(".")[0]
    while package:
        tree = module_tree(package)
        if tree is not None and _number(tree.body, "VERSION") is not None:
            return package
        package = package.rpartition(".")[0]
    return None


def engine_version(package: str) -> int:
    """The version that a package declares."""
    tree = module_tree(package)
    version = _number(tree.body, "VERSION") if tree is not None else None
    if version is None:
        raise ValueError(f"{package} declares no VERSION")
    return version


@cache
def _versions(target: str) -> dict[str, int]:
    source = class_source(target)
    version = class_version(source) if source is not None else None
    if source is None or version is None:
        return _without_version(target.rpartition(".")[0])[1]
    engines = {engine_of(each.module) for each in base_classes(source)} - {None}
    return {class_name(target): version} | {engine: engine_version(engine) for engine in engines if engine}


@cache
def _without_version(module: str) -> tuple[frozenset[str], dict[str, int]]:
    """Of a module and those it imports, directly or not: the modules that no version stands for, and the
    versions that stand for the others."""
    tops = {module.partition(".")[0], BASELINES}
    found: set[str] = set()
    versions: dict[str, int] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found or name.partition(".")[0] not in tops or module_file(name) is None:
            continue
        declared = _declared(name) if name != module else {}
        if declared:
            versions |= declared
        else:
            found.add(name)
            waiting += imported_modules(name)
    return frozenset(found), versions


def _declared(module: str) -> dict[str, int]:
    """The versions that stand for a module: those of its classes, and that of its engine if the module is
    part of it, which means that a class with a version goes through it."""
    versions: dict[str, int] = {}
    for source in _classes(module):
        if class_version(source) is not None:
            versions |= _versions(f"{module}.{source.node.name}")
    engine = engine_of(module)
    if engine and (module == engine or module in _guarded_modules(module.partition(".")[0])):
        versions[engine] = engine_version(engine)
    return versions


@cache
def _guarded_modules(top: str) -> frozenset[str]:
    """The modules of a top-level package that a class with a version goes through."""
    path = module_file(top)
    if path is None:
        return frozenset()
    modules = {_module_name(top, path.parent, file) for file in path.parent.rglob("*.py")}
    versioned = {
        name for name in modules if any(class_version(source) is not None for source in _classes(name))
    }
    return frozenset().union(*map(reachable_modules, versioned))


def _has_version(module: str) -> bool:
    return any(class_version(source) is not None for source in _classes(module))


def _module_name(top: str, folder: Path, file: Path) -> str:
    parts = file.relative_to(folder).with_suffix("").parts
    return ".".join([top, *(parts[:-1] if parts[-1] == "__init__" else parts)])


def _classes(module: str) -> list[ClassSource]:
    tree = module_tree(module)
    nodes = tree.body if tree is not None else []
    return [ClassSource(module, node) for node in nodes if isinstance(node, ast.ClassDef)]


def _number(body: list[ast.stmt], name: str) -> int | None:
    """The whole number that a body assigns to a name."""
    for node in body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        named = any(isinstance(each, ast.Name) and each.id == name for each in targets)
        value = getattr(node, "value", None)
        if named and isinstance(value, ast.Constant) and type(value.value) is int:
            return value.value
    return None
