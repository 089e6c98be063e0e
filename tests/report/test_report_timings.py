"""Speeds beside how they varied and the arithmetic they were measured in."""

from __future__ import annotations

import pytest

from benchmark.record.folder import read_runs
from benchmark.report.context import context_of
from benchmark.report.timings import timings


@pytest.fixture
def cells(tmp_path):
    """A function that gives the cells of the only group's rows, by column, as they are shown."""

    def read() -> list[dict[str, str]]:
        context = context_of(read_runs(tmp_path))
        table = timings(context)
        if table is None:
            return []
        keys = [column.key for column in table.columns]
        return [
            dict(zip(keys, (cell.shown for cell in row.cells), strict=True)) for row in table.groups[0].rows
        ]

    return read


def test_a_single_run_shows_how_its_readings_varied(run, cells):
    within = {"score_tokens_per_second": 30_000.0, "score_tokens_per_second_low": 27_900.0}
    within |= {"score_tokens_per_second_high": 37_200.0, "score_readings": 3}
    within |= {"train_tokens_per_second": 9_000.0, "train_tokens_per_second_low": 8_800.0}
    within |= {"train_tokens_per_second_high": 9_100.0, "train_stretches": 46}
    run("lstm", "LSTM", "neural", 120.0, **within)
    (row,) = cells()
    assert row["score_tokens_per_second"] == "30.0 k"
    assert row["score_spread"] == "27.9 k–37.2 k, 3 readings"
    assert row["train_spread"] == "8,800–9,100, 46 stretches"


def test_several_seeds_show_how_they_varied(run, cells):
    for seed, rate in ((1, 27_900.0), (2, 37_200.0), (3, 31_000.0)):
        run("lstm", "LSTM", "neural", 120.0 + seed, seed=seed, score_tokens_per_second=rate)
    (row,) = cells()
    assert row["score_tokens_per_second"] == "32.0 k"
    assert row["score_spread"] == "27.9 k–37.2 k, 3 seeds"


def test_what_was_read_once_or_not_kept_has_no_spread(run, cells):
    run("lstm", "LSTM", "neural", 120.0, score_readings=1)
    old = ("low", "high")
    run("kn", "KN", "count", 140.0, **{f"score_tokens_per_second_{end}": None for end in old})
    assert [row["score_spread"] for row in cells()] == ["–", "–"]


def test_the_arithmetic_stands_beside_the_speed(run, cells):
    run("lstm", "LSTM", "neural", 120.0, train_device="cuda:0", score_device="cuda:0")
    (row,) = cells()
    trained, scored = "cuda:0, bfloat16, batch of 32", "cuda:0, float32, batch of 1"
    assert row["computed"] == f"training: {trained}; scoring: {scored}; 1 thread"


def test_what_was_never_timed_has_no_table(run, cells):
    run("kn", "KN", "count", 140.0, score_tokens_per_second=None)
    assert cells() == []
