"""The rules of the house that imports can show."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def imports_of(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


@pytest.mark.parametrize("path", sorted((ROOT / "benchmark").rglob("*.py")), ids=lambda p: p.name)
def test_the_harness_knows_no_concrete_model(path: Path) -> None:
    assert not {name for name in imports_of(path) if name.split(".")[0] == "baselines"}


@pytest.mark.parametrize("path", sorted((ROOT / "baselines").rglob("*.py")), ids=lambda p: p.name)
def test_a_baseline_knows_of_the_harness_only_its_contract_and_corpora(path: Path) -> None:
    known = {name for name in imports_of(path) if name.split(".")[0] == "benchmark"}
    allowed = ("benchmark.contract", "benchmark.errors", "benchmark.corpus")
    assert all(name.startswith(allowed) for name in known), known


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["run", "--help"],
        ["list"],
        ["report", "--help"],
        ["generate", "--help"],
        ["export", "--help"],
        ["check", "--help"],
        ["peers", "--help"],
        ["peers", "neural", "--help"],
    ],
)
def test_help_answers_without_heavy_imports(arguments: list[str]) -> None:
    code = (
        "import sys; from benchmark.cli import main\n"
        f"try: main({arguments!r})\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'pandas', 'seaborn', 'matplotlib', 'nltk', 'scipy'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "HEAVY []"


def test_no_module_is_longer_than_a_newcomer_reads() -> None:
    files = [*(ROOT / "benchmark").rglob("*.py"), *(ROOT / "baselines").rglob("*.py")]
    lengths = sorted((len(path.read_text(encoding="utf-8").splitlines()), path.name) for path in files)
    assert lengths[-1][0] <= 300, lengths[-3:]
    assert lengths[len(lengths) // 2][0] < 150
