"""The section on tuned entries: records without their runs, and the expected best by trials."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_report_effort import search, trial

from benchmark.record.folder import read_runs
from benchmark.report.blocks import all_blocks
from benchmark.report.context import context_of
from benchmark.report.sections import tuning
from benchmark.report.tables import Table
from benchmark.search.expected_best import expected_best

VALUES = [130.0, 120.0, 128.0, 110.0, 125.0]


def tuned_search(name: str, label: str, ids: str, model: str = "lstm") -> Any:
    """An entry whose trials have the values above, the first with its defaults, and runs by these letters."""
    trials = [
        trial(number, f"{run}{number}", value, core_seconds=10.0, label=label, model=model)
        for number, (run, value) in enumerate(zip(ids, VALUES, strict=True), start=1)
    ]
    return replace(search(trials), name=name, tuning=True, from_defaults=True)


def tables(folder: Path) -> dict[str, list[dict[str, str]]]:
    """The tables of the section by name: the cells of each row by the keys of their columns."""
    section = tuning.build(context_of(read_runs(folder), folder))
    assert section is not None
    found = {}
    for table in all_blocks(section.blocks):
        if isinstance(table, Table):
            keys = [column.key for column in table.columns]
            rows = [row for group in table.groups for row in group.rows]
            found[table.name] = [
                dict(zip(keys, [cell.shown for cell in row.cells], strict=True)) for row in rows
            ]
    return found


@pytest.fixture
def two(run, tmp_path: Path) -> Path:
    """Two entries; of the second, no run is in the folder."""
    run("lstm", "LSTM", "neural", 109.0, run_id="a4", valid_perplexity=110.0)
    run("rnn", "RNN", "neural", 150.0, run_id="other")
    tuned_search("lstm", "LSTM", "aaaaa").write(tmp_path)
    tuned_search("rnn", "RNN", "bbbbb", "rnn").write(tmp_path)
    return tmp_path


def test_a_search_is_shown_without_the_run_of_its_best_trial(two: Path) -> None:
    shown = {row["entry"]: row for row in tables(two)["tuning_ptb"]}
    assert {key: shown["rnn"][key] for key in ("label", "family", "trials", "core_seconds")} == {
        "label": "RNN",
        "family": "neural",
        "trials": "5",
        "core_seconds": "50",
    }
    assert (shown["rnn"]["default"], shown["rnn"]["best"]) == ("130.0", "110.0")
    assert (shown["lstm"]["test"], shown["rnn"]["test"]) == ("109.0", "–")


def test_of_searches_without_any_run_the_corpus_has_its_key(run, tmp_path: Path) -> None:
    run("kn", "KN", "count", 140.0)
    tuned_search("rnn", "RNN", "bbbbb", "rnn").write(tmp_path)
    record = tuned_search("rnn", "RNN", "ccccc", "rnn")
    trials = tuple(replace(each, corpus="brown") for each in record.trials)
    replace(record, digest="1", trials=trials).write(tmp_path)
    assert {"tuning_ptb", "tuning_brown"} <= tables(tmp_path).keys()


def test_the_expected_best_is_tabled_by_trials(two: Path) -> None:
    for row in tables(two)["tuning_expected_ptb"]:
        means = expected_best(VALUES[1:])
        assert row["drawn"] == "4"
        assert [row[f"after_{n}"] for n in (1, 2, 4)] == [f"{means[n - 1]:.1f}" for n in (1, 2, 4)]
        assert "after_8" not in row
