"""What may import what, what loads quickly, and how long a module may be."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def modules() -> list[Path]:
    return [*sorted((ROOT / "benchmark").rglob("*.py")), *sorted((ROOT / "baselines").rglob("*.py"))]


def imports_of(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


#: What a baseline may import of the harness.
OPEN_TO_BASELINES = (
    "benchmark.arguments",
    "benchmark.build",
    "benchmark.console.options",
    "benchmark.contract",
    "benchmark.corpus",
    "benchmark.environment",
    "benchmark.errors",
    "benchmark.generate",
    "benchmark.inside",
    "benchmark.record.result",
    "benchmark.record.config",
    "benchmark.statistics.mixing",
    "benchmark.storage",
    "benchmark.task",
    "benchmark.trust",
)


def test_imports_go_one_way_between_the_harness_and_the_baselines() -> None:
    """The harness knows no concrete model; a baseline knows the contract, corpora, records, settings, weights
    of mixtures, how files are written and how a word is drawn."""
    offenders = []
    for path in modules():
        for name in sorted(imports_of(path)):
            if path.is_relative_to(ROOT / "benchmark"):
                allowed = name.split(".")[0] != "baselines"
            else:
                allowed = name.split(".")[0] != "benchmark" or name.startswith(OPEN_TO_BASELINES)
            if not allowed:
                offenders.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not offenders, "\n".join(offenders)


def name_of(path: Path) -> str:
    """`benchmark/report/page.py` is `benchmark.report.page`; `__init__.py` has the name of its folder."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def module_imports() -> set[tuple[str, str]]:
    """Every import of one of our modules by another: (importing, imported).

    Imports inside functions and under TYPE_CHECKING count: they delay loading, but whoever reads or
    changes one of the two modules still has to know the other.
    """
    names = {name_of(path) for path in modules()}
    pairs = set()
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                submodules = [f"{node.module}.{alias.name}" for alias in node.names]
                found = [name if name in names else node.module for name in submodules]
            else:
                continue
            pairs |= {(name_of(path), name) for name in found if name in names}
    return pairs


def package_of(name: str) -> str:
    """The folder directly below `benchmark` or `baselines` that a module is in; a module there is its own."""
    return ".".join(name.split(".")[:2])


def assert_no_cycle(pairs: Iterable[tuple[str, str]]) -> None:
    graph: dict[str, set[str]] = {}
    for importing, imported in pairs:
        if importing != imported:
            graph.setdefault(importing, set()).add(imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"an import cycle: {' imports '.join(reversed(error.args[1]))}")


def test_no_modules_and_no_packages_import_each_other() -> None:
    pairs = module_imports()
    assert ("benchmark.cli", "benchmark.errors") in pairs
    assert_no_cycle(pairs)
    assert_no_cycle((package_of(importing), package_of(imported)) for importing, imported in pairs)


LIGHT = [
    "--help",
    "run --help",
    "list",
    "report --help",
    "generate --help",
    "judge --help",
    "prequential --help",
    "compare --help",
    "export --help",
    "check --help",
    "doctor --help",
    "new --help",
    "open --help",
    "gpu --help",
    "gpu --list",
    "peers --help",
    "peers neural --help",
    "peers latency --help",
]

PROGRAM = """
import contextlib, io, sys
from benchmark.cli import main
for line in sys.argv[1:]:
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
        main(line.split())
    assert said.getvalue(), f"{line} says nothing"
    heavy = {"torch", "pandas", "seaborn", "matplotlib", "nltk", "scipy"} & set(sys.modules)
    assert not heavy, f"{line} imports {sorted(heavy)}"
"""


def test_help_answers_without_heavy_imports() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *LIGHT], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr


def test_no_module_has_more_than_300_lines() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    too_long = [f"{path.relative_to(ROOT)}: {lines} lines" for path, lines in lengths.items() if lines > 300]
    assert not too_long, "\n".join(too_long)


def test_no_two_test_modules_have_one_name():
    """pytest imports test modules by their name alone, and could not tell two apart."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(set(names)) == sorted(names)
