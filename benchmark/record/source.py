"""The source a baseline is made of, as one digest: part of a run's identity.

An edit that can change numbers makes a new run; an edit of comments, docstrings or blank lines does
not, nor does moving the checkout. Nothing is imported: the files are found and read.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import io
import tokenize
from functools import cache
from pathlib import Path


@cache  # the runs of a sweep are made of few different baselines
def source_digest(*targets: str) -> str:
    """SHA-256 over the code of the modules of each `package.module.Class` and of every module that they
    import, directly or not, each from its own top-level package."""
    modules: dict[str, Path] = {}
    for target in targets:
        modules |= _reachable(target.rpartition(".")[0])
    digest = hashlib.sha256()
    for name, path in sorted(modules.items()):
        digest.update(f"{name}\0{_code(path)}\0".encode())
    return digest.hexdigest()


def _reachable(module: str) -> dict[str, Path]:
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _file(name)
        if name in found or path is None:
            continue
        found[name] = path
        top = module.partition(".")[0]
        waiting += [other for other in _imports(name, path) if other.partition(".")[0] == top]
    return found


@cache
def _file(module: str) -> Path | None:
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
def _imports(module: str, path: Path) -> frozenset[str]:
    """Names of the modules a file may import (a name imported from a package may be a module)."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, *([base] if base else [])])
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return frozenset(names)


@cache
def _code(path: Path) -> str:
    """The text of a file without comments, docstrings, trailing blanks and empty lines."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                for row in range(first.lineno - 1, first.end_lineno or first.lineno):
                    lines[row] = ""
    return "\n".join(line.rstrip() for line in lines if line.strip())
