"""What an edit does to run ids and to golden scores, tried on a copy of the packages."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
IDS = """
from benchmark.record.identity import run_id
from benchmark.settings import choices
from benchmark.sweep.compose import Collector

collector = Collector()
for model in choices("model"):
    if model != "finished":  # names a run
        (job,) = collector.jobs([f"model={model}"])
        print(model, run_id(job.config["model"], "corpus"))
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the packages, their configuration and the golden scores."""
    for folder in ("benchmark", "baselines", "conf", "tests/golden"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path)
    return tmp_path


def python(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def ids(checkout: Path) -> dict[str, str]:
    """The run id of every model, in a process of its own."""
    done = python(checkout, "-c", IDS)
    assert done.returncode == 0, done.stderr
    return dict(line.split() for line in done.stdout.splitlines())


def edit(file: Path, before: str, after: str) -> None:
    """Replace what a regular expression finds, which must be there."""
    text, number = re.subn(before, after, file.read_text(encoding="utf-8"))
    assert number, f"{file} holds no {before}"
    file.write_text(text, encoding="utf-8")


def test_messages_and_layout_keep_all_ids_and_a_raised_version_does_not(checkout: Path) -> None:
    before = ids(checkout)
    (ray,) = (checkout / "baselines" / "ngram").rglob("ray*.py")
    edit(ray, r'(raise \w+\(\s*f?")', r"\1Sorry: ")
    (discounts,) = (checkout / "baselines" / "ngram").rglob("discounts.py")
    discounts.write_text(ast.unparse(ast.parse(discounts.read_text(encoding="utf-8"))), encoding="utf-8")
    assert ids(checkout) == before
    (kneser_ney,) = (checkout / "baselines" / "ngram").rglob("kneser_ney.py")
    edit(kneser_ney, r"(version: ClassVar\[int\] = )1", r"\g<1>2")
    after = ids(checkout)
    changed = {model for model in before if after[model] != before[model]}
    assert {"kneser_ney", "mixture", "pruned", "infinity_gram"} <= changed
    assert not changed & {"katz", "lstm", "kneser_ney_single"}
    edit(checkout / "baselines" / "ngram" / "__init__.py", r"(VERSION = )1", r"\g<1>2")
    by_engine = {model for model, now in ids(checkout).items() if now != after[model]}
    assert {"katz", "uniform", "arpa", "mixture"} <= by_engine
    assert not by_engine & {"lstm", "transformer"}


def test_a_changed_formula_fails_and_says_which_version_to_raise(checkout: Path) -> None:
    edit(checkout / "benchmark" / "contract.py", r"ends\[-1\] \+ 1", "ends[-1]")
    edit(checkout / "benchmark" / "measure" / "perplexity.py", r"(return exp\()-", r"\g<1>-2 * ")
    (discounts,) = (checkout / "baselines" / "ngram").rglob("discounts.py")
    edit(discounts, r"3 - 4 \* y", "3 - 4.1 * y")
    which = "after_last_end or perplexity or kneser_ney_backoff"
    done = python(checkout, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/golden", "-k", which)
    said = re.sub(r"\s+", " ", done.stdout)
    for name, version in {
        "benchmark.contract.after_last_end": "`VERSION` of benchmark.measure",
        "benchmark.measure.perplexity.summary": "`VERSION` of benchmark.measure",
        "kneser_ney_backoff model.discounts=modified": "`version` of baselines.ngram.",
    }.items():
        wanted = rf"scores of {re.escape(name)} moved by \S+ nats: raise {re.escape(version)}"
        assert re.search(wanted, said), done.stdout
