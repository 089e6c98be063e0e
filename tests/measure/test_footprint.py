"""Load time and resident memory, as a process of its own finds them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import bigram
import held
import numpy as np
import pytest

from benchmark.contract import LanguageModel, RunLog, TokenStream, Vocabulary
from benchmark.measure import footprint as parent
from benchmark.measure import fresh_process as child
from benchmark.measure import memory
from benchmark.measure.footprint import footprint
from benchmark.run import execute
from benchmark.sweep.compose import collect

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts pages as Linux does")
#: How far the system's count of resident memory may be off, and what else a process may come to hold.
SLACK = 2_000_000


def text(targets: int = 1_000) -> TokenStream:
    ids = np.random.default_rng(0).integers(0, 5, targets).astype(np.uint16)
    return TokenStream.from_ids(ids, Vocabulary(tuple("abcde"), np.ones(5, int)))


def saved(model: LanguageModel, folder: Path) -> LanguageModel:
    """The model, fitted and written to a folder as a run's checkpoint is."""
    model.fit(text(), text(), RunLog())
    model.save(folder)
    text().vocabulary.save(folder / "vocabulary.json")
    return model


@LINUX
@pytest.mark.parametrize(("kind", "loaded"), [(held.Held, held.Held.BYTES), (held.Mapped, 0)])
def test_arrays_of_known_size_are_found(kind: type[held.Held], loaded: int, tmp_path: Path) -> None:
    said: list[str] = []
    found = footprint(saved(kind(), tmp_path), tmp_path, text(), 1e6, said.append)
    assert not said
    assert found["load_resident_bytes"] == pytest.approx(loaded, abs=SLACK)
    assert found["score_resident_bytes"] == pytest.approx(kind.BYTES + kind.SCORING, abs=SLACK)
    assert 10_000_000 < found["base_resident_bytes"] < 200_000_000
    assert found["footprint_targets"] == 1_000
    assert 0 < found["load_seconds"] < found["start_seconds"]


@LINUX
def test_where_peaks_cannot_begin_anew_they_count_if_they_are_new(monkeypatch: pytest.MonkeyPatch) -> None:
    """10 MB are held once the model is loaded, 11 after scoring; the peak was 12 before, or 15 in scoring."""
    for peaks, expected in (([12, 12], 11), ([12, 15], 15)):
        resident, read = iter([0, 10, 11]), iter(peaks)
        monkeypatch.setattr(memory, "restart_peak_memory", lambda: False)
        monkeypatch.setattr(memory, "resident_bytes", lambda known=resident: next(known))
        monkeypatch.setattr(memory, "peak_memory_bytes", lambda known=read: next(known))
        model = bigram.Bigram()
        model.fit(text(), text(), RunLog())
        found = child.measured(lambda model=model: model, text(), 0.0)
        assert found["load_resident_bytes"] == 10
        assert found["score_resident_bytes"] == expected


@pytest.mark.parametrize(("seconds", "loads"), [([0.04, 0.01, 0.03, 0.02, 0.05, 0.03], 6), ([7.0, 4.0], 2)])
def test_load_time_is_a_median_and_slow_models_are_loaded_twice(
    seconds: list[float], loads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock:
        now = 100.0
        perf_counter = time = lambda self: self.now

    clock, taken = Clock(), iter(seconds)
    monkeypatch.setattr(child, "time", clock)
    model = bigram.Bigram()
    model.fit(text(), text(), RunLog())
    count = []

    def load() -> LanguageModel:
        clock.now += next(taken)
        count.append(1)
        return model

    found = child.measured(load, text(), started=90.0)
    assert len(count) == loads
    assert found["start_seconds"] == pytest.approx(10 + seconds[0])
    assert found["load_seconds"] == pytest.approx(np.median(seconds[1:]))


def test_of_a_slow_model_a_smaller_sample_is_scored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def answer(request: dict) -> dict:
        asked.append(len(request["ids"]))
        return {}

    monkeypatch.setattr(parent, "_answer", answer)
    for rate in (1e6, 20.0, 0.01):
        footprint(bigram.Bigram(), tmp_path, text(30_000), rate, print)
    assert asked == [20_000, 100, 1]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (held.Broken, "ValueError: the weights are gone"),
        (held.Killed, "its process was ended by SIGKILL"),
        (held.Endless, "timed out after 1 seconds"),
    ],
)
def test_what_cannot_be_measured_is_said(
    kind: type[LanguageModel], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind is held.Endless:
        monkeypatch.setattr(parent, "LIMIT", 1)
    said: list[str] = []
    assert footprint(saved(kind(), tmp_path), tmp_path, text(), 1e6, said.append) == {}
    assert len(said) == 1
    assert said[0].startswith("load time and resident memory are not measured: ")
    assert reason in said[0]


def test_the_process_is_alone_even_under_torchrun(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "1"}.items():
        monkeypatch.setenv(name, value)
    environment = parent._environment()
    assert {"RANK", "WORLD_SIZE"}.isdisjoint(environment)
    assert environment["LOCAL_RANK"] == "1"
    assert str(Path(bigram.__file__).parent) in environment["PYTHONPATH"].split(os.pathsep)


MIXTURE = ["model=mixture", "+model@model.components.a=unigram", "+model@model.components.b=kneser_ney"]


def test_a_run_measures_it_unless_told_otherwise(tmp_path: Path, text_corpus) -> None:
    places = [f"results_dir={tmp_path}", f"cache_dir={tmp_path}"]
    results = []
    for measure in ("false", "true"):
        (job,) = collect([*MIXTURE, *text_corpus, *places, f"footprint={measure}", "force=true"])
        results.append(execute(job))
    without, with_it = results
    assert without.status == with_it.status == "ok"
    assert without.run_id == with_it.run_id
    assert without.load_seconds is without.score_resident_bytes is without.footprint_targets is None
    assert with_it.footprint_targets == with_it.test_targets
    assert with_it.load_seconds is not None
    assert (with_it.score_resident_bytes or 0) >= (with_it.load_resident_bytes or 0) >= 0


def test_a_run_whose_model_loads_in_no_other_process_ends_well(tmp_path: Path, text_corpus) -> None:
    settings = ["model=unigram", "model._target_=held.Unportable", "footprint=true"]
    (job,) = collect([*settings, *text_corpus, f"results_dir={tmp_path}", f"cache_dir={tmp_path}"])
    result = execute(job)
    assert result.status == "ok"
    assert result.load_seconds is None
    (log,) = tmp_path.rglob("log.txt")
    assert "resident memory are not measured: ValueError: the weights are gone" in log.read_text()
