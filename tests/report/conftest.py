"""Results folders and the report made from one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from headless import start
from synthetic_runs import PTB, finished, write_run, write_suite


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with the whole suite in it; read only."""
    folder = tmp_path_factory.mktemp("results")
    write_suite(folder)
    return folder


@pytest.fixture(scope="session")
def built(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report made from it; read only."""
    from benchmark.report import build_report

    out = tmp_path_factory.mktemp("report")
    build_report(results, out, lambda line: None)
    return out


@pytest.fixture(scope="session")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report made anew from the reference runs; read only."""
    from benchmark.report import build_report

    reference = Path(__file__).parents[2] / "results" / "reference"
    if not (reference / "runs").is_dir():
        pytest.skip(f"needs the reference runs in {reference}")
    out = tmp_path_factory.mktemp("rebuilt")
    build_report(reference, out, lambda line: None)
    return out


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Path]:
    """Writes a finished run below `tmp_path`: `run(model, label, family, perplexity, files…, **result)`."""

    def write(
        model: str, label: str, family: str, ppl: float, corpus: dict[str, Any] = PTB, **more: Any
    ) -> Path:
        files = {key: more.pop(key) for key in list(more) if key.endswith(("_yaml", "_csv", "_json"))}
        record = finished(corpus, model, label, family, (ppl, 10.0, 60.0, 50_000.0), **more)
        return write_run(tmp_path, record, **files)

    return write


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One browser for all tests of pages."""
    driver = start(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()
