"""Runs of models on a small corpus of one's own."""

from __future__ import annotations

from pathlib import Path

from benchmark.record.folder import read_result
from benchmark.record.result import Result
from benchmark.run import execute
from benchmark.sweep.compose import collect

MODELS = {
    "often": "OftenTagger",
    "wandering": "WanderingTagger",
    "inventive": "InventiveTagger",
    "prior": "Prior",
    "certain": "Certain",
}

OPTION = ["--config-dir", "conf"]


def run(*arguments: str) -> Result:
    (job,) = collect([*OPTION, "footprint=false", *arguments])
    return execute(job, report=lambda progress: None)


def result_of(folder: Path, model: str) -> tuple[Path, Result]:
    (found,) = (folder / "results" / "runs" / "mine" / model).iterdir()
    result = read_result(found)
    assert result is not None
    return found, result
