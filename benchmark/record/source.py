"""The code of modules, read from their files: classes, imports, and digests of what it says.

Nothing is imported, since that may take seconds (torch) where a thousand runs are to be named.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

#: The package of the shipped models.
BASELINES = "baselines"
#: Packages whose classes are looked up beside those of a model's own: parsing torch takes a minute.
_LOOKED_UP = frozenset({BASELINES, "benchmark"})
#: What every score goes through, whatever the model.
HARNESS = ("benchmark.contract", "benchmark.measure.frequency", "benchmark.measure.perplexity")


@dataclass(frozen=True)
class ClassSource:
    """Where a class is defined, and its definition."""

    module: str
    node: ast.ClassDef


@cache  # the runs of a sweep are made of few different models
def source_digest(targets: tuple[str, ...]) -> str:
    """SHA-256 over the code that runs of these classes (`package.module.Class`) go through.

    That is the code of their modules and of those that they import, directly or not, from their own
    top-level package and from `baselines`, and the harness's scoring. Comments, docstrings, blank lines
    and line breaks do not count, nor does the place of the files.
    """
    modules = set(HARNESS)
    for target in targets:
        modules |= reachable_modules(target.rpartition(".")[0])
    return digest_of_modules(modules)


def digest_of_modules(modules: Iterable[str]) -> str:
    """SHA-256 over the names and the code of modules; one without a file counts by its name."""
    digest = hashlib.sha256()
    for name in sorted(modules):
        digest.update(f"{name}\0{_code(name)}\0".encode())
    return digest.hexdigest()


@cache
def reachable_modules(module: str) -> frozenset[str]:
    """A module and what it imports, directly or not, of its own top-level package and of `baselines`."""
    tops = {module.partition(".")[0], BASELINES}
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in found and module_file(name) is not None:
            found.add(name)
            waiting += [other for other in imported_modules(name) if other.partition(".")[0] in tops]
    return frozenset(found)


@cache
def module_file(module: str) -> Path | None:
    """The file of a module, or None. Only the top-level package is looked up by the import system:
    asking it for a submodule would import that module's parents, and with them perhaps torch."""
    top, *parts = module.split(".")
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if not parts:
        return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    for base in spec.submodule_search_locations or ():
        path = Path(base).joinpath(*parts)
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            if file.is_file():
                return file
    return None


@cache
def module_tree(module: str) -> ast.Module | None:
    """The syntax tree of a module; None where it has no file or no valid code."""
    path = module_file(module)
    try:
        return ast.parse(path.read_text(encoding="utf-8")) if path else None
    except (SyntaxError, UnicodeDecodeError):
        return None


@cache
def class_source(target: str) -> ClassSource | None:
    """The definition of `package.module.Class`, also where the module only passes it on."""
    module, _, name = target.rpartition(".")
    return _definition(module, name, frozenset())


def _definition(module: str, name: str, seen: frozenset[str]) -> ClassSource | None:
    tree = module_tree(module)
    if tree is None or module in seen:
        return None
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return ClassSource(module, node)
    origin = imported_from(module, name)
    return _definition(*origin, seen | {module}) if origin else None


@cache
def imported_from(module: str, name: str) -> tuple[str, str] | None:
    """The module, and the name there, that a module takes a name from: another of its own top-level
    package, of `baselines` or of `benchmark`; else None."""
    for node in _statements(module):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    base = _base(module, node)
                    near = _LOOKED_UP | {module.partition(".")[0]}
                    return (base, alias.name) if base.partition(".")[0] in near else None
    return None


def base_classes(source: ClassSource) -> Iterator[ClassSource]:
    """A class and those it derives from, as far as their files are found."""
    yield source
    for base in source.node.bases:
        if isinstance(base, ast.Name):
            found = class_source(f"{source.module}.{base.id}")
            if found is not None:
                yield from base_classes(found)


def class_variable(target: str, name: str) -> Any:
    """A plain value that the class `package.module.Class`, or one that it derives from, has in its body, read
    from the source; None where there is none."""
    source = class_source(target)
    for each in base_classes(source) if source else ():
        for node in each.node.body:
            targets = node.targets if isinstance(node, ast.Assign) else []
            if any(isinstance(found, ast.Name) and found.id == name for found in targets):
                with suppress(ValueError):
                    return ast.literal_eval(node.value)  # type: ignore[attr-defined]
    return None


@cache
def imported_modules(module: str) -> frozenset[str]:
    """Names of what a module may import (a name imported from a package may be a module)."""
    names = set()
    for node in _statements(module):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _base(module, node)
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return frozenset(names)


def _statements(module: str) -> Iterator[ast.AST]:
    """Every statement of a module, outer ones first. Expressions are passed over: they are most of a syntax
    tree, and hold no statements."""
    tree = module_tree(module)
    found: list[ast.AST] = list(tree.body) if tree else []
    for node in found:  # which grows meanwhile
        yield node
        for part in ("body", "handlers", "orelse", "finalbody", "cases"):
            found += getattr(node, part, ())


def _base(module: str, node: ast.ImportFrom) -> str:
    """The module after `from`, spelt out where it is relative."""
    base = node.module or ""
    if not node.level:
        return base
    path = module_file(module)
    package = module if path and path.name == "__init__.py" else module.rpartition(".")[0]
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - node.level + 1], *([base] if base else [])])


@cache
def _code(module: str) -> str:
    """What a module says, the same for the same syntax tree; its text where it is no valid code."""
    if (tree := module_tree(module)) is not None:
        return _said(tree)
    path = module_file(module)
    text = path.read_text(encoding="utf-8", errors="replace") if path else ""
    try:
        return _said(ast.parse(text))
    except SyntaxError:
        return text


#: Fields of a syntax tree that say nothing about what is done.
_UNSAID = frozenset({"type_comment", "kind", "type_ignores", "ctx"})


def _said(node: Any) -> str:
    """A syntax tree without docstrings as text, the same in every version of Python.

    Fields that a version adds are empty in code that older versions know, so empty ones are left out.
    """
    if isinstance(node, list):
        return "[" + ",".join(map(_said, node)) + "]"
    if not isinstance(node, ast.AST):
        return repr(node)
    if isinstance(node, ast.Constant):
        return repr(node.value)
    parts = []
    for name in node._fields:
        value = getattr(node, name, None)
        if name == "body" and isinstance(value, list):
            value = value[1:] if _has_docstring(node) else value
        if value is not None and value != [] and name not in _UNSAID:
            parts.append(f"{name}={_said(value)}")
    return f"{type(node).__name__}({','.join(parts)})"


def _has_docstring(node: ast.AST) -> bool:
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    if not isinstance(node, kinds) or not node.body:
        return False
    first = node.body[0]
    return (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
