"""What the small wheel holds: `nextword.py` and every module that `NgramModel` reaches, and no other."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

SUITE = Path(__file__).resolve().parents[1]


class Version(MetadataHookInterface):
    """The version is that of the suite."""

    def update(self, metadata: dict[str, Any]) -> None:
        suite = tomllib.loads((SUITE / "pyproject.toml").read_text(encoding="utf-8"))
        metadata["version"] = suite["project"]["version"]


class Modules(BuildHookInterface):
    """Adds the modules."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        for path in [SUITE / "nextword.py", *reached()]:
            build_data["force_include"][str(path)] = str(path.relative_to(SUITE))


def reached() -> list[Path]:
    """The files of `NgramModel`, of the smoothing methods that it names, and of all that these import."""
    smoothing = SUITE / "baselines" / "ngram" / "smoothing"
    waiting = ["baselines.ngram.standalone.model"]
    waiting += [f"baselines.ngram.smoothing.{path.stem}" for path in smoothing.glob("*.py")]
    found: dict[str, Path] = {}
    while waiting:
        name = waiting.pop()
        path = _file(name)
        if path and name not in found:
            found[name] = path
            waiting += [name.rpartition(".")[0], *_imports(path)]
    return sorted(set(found.values()))


def _file(name: str) -> Path | None:
    """The file of a module or a package of the suite."""
    place = SUITE.joinpath(*name.split(".")) if name else SUITE
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)


def _imports(path: Path) -> Iterator[str]:
    """The names that a module imports, those within functions, too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
