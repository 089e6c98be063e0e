"""A model that was searched is called by a run of its own, not by what the search tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.record.find import find_run
from benchmark.record.folder import run_folder
from benchmark.search.record import SearchRecord, Trial, only_trials
from benchmark.storage.files import write_json

OWN, TRIED, BEST = "a" * 12, "b" * 12, "c" * 12


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for number, run_id in enumerate((OWN, BEST, TRIED)):
        folder = run_folder(tmp_path, "ptb", "lstm", run_id)
        folder.mkdir(parents=True)
        record = {"status": "ok", "run_id": run_id, "model": "lstm", "label": f"LSTM {number}"}
        write_json(folder / "result.json", {**record, "corpus": "ptb", "started": f"2026-01-0{number + 1}"})
    return tmp_path


def unsaid(line: str) -> None:
    """Nobody hears which of several is taken."""


def searched(results: Path, **values: float | None) -> SearchRecord:
    """A search that made these runs, on disk."""
    trials = tuple(
        Trial(number, {}, run_id, "lstm", "ptb", "LSTM", "", "ok" if value else "failed", value)
        for number, (run_id, value) in enumerate(values.items(), start=1)
    )
    record = SearchRecord("mine", "0" * 12, "", "", [], {}, "grid", 1, 1, "valid_perplexity", "", 2, trials)
    record.write(results)
    return record


def test_trials_that_were_not_the_best_are_passed_over(results: Path) -> None:
    assert find_run(results, "ptb/lstm", unsaid).folder.name == TRIED
    record = searched(results, **{TRIED: 90.0, BEST: 80.0})
    assert only_trials([record]) == {TRIED}
    said: list[str] = []
    assert find_run(results, "ptb/lstm", said.append).folder.name == BEST
    assert said == [
        "ptb/lstm names 3 runs, 1 of them only tried by searches; taking the latest of the others: LSTM 1, "
        f"ptb/lstm/{BEST}"
    ]
    assert find_run(results, TRIED).folder.name == TRIED  # its id names it all the same


def test_a_trial_is_taken_where_there_is_nothing_else(results: Path) -> None:
    searched(results, **{OWN: 90.0, TRIED: 85.0, BEST: 80.0, "d" * 12: 70.0})  # the best was deleted
    said: list[str] = []
    assert find_run(results, "ptb/lstm", said.append).folder.name == TRIED
    assert said == [f"ptb/lstm names 3 runs; taking the latest: LSTM 2, ptb/lstm/{TRIED}"]


def test_a_search_without_a_result_and_a_damaged_one_pass_over_nothing(
    results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    searched(results, **{TRIED: None, BEST: None})
    damaged = results / "searches" / "damaged.json"
    damaged.write_text('{"trials": 3}', encoding="utf-8")
    assert find_run(results, "ptb/lstm", unsaid).folder.name == TRIED
    assert f"cannot read {damaged}" in capsys.readouterr().err
