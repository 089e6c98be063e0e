"""The section on tuned entries: records without their runs, and the expected best by trials."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from synthetic_runs import config
from test_report_effort import search, trial

from benchmark.record.folder import read_runs
from benchmark.report.blocks import all_blocks
from benchmark.report.context import context_of
from benchmark.report.markdown import markdown_report
from benchmark.report.sections import comparison, tuning
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


def how_tuned(folder: Path, *searches: Any) -> dict[str, tuple[str, str]]:
    """By label, what the comparison says of each row's tuning."""
    for place, record in enumerate(searches):
        replace(record, digest=str(place)).write(folder)
    table = comparison.comparison(context_of(read_runs(folder), folder))
    keys = [column.key for column in table.columns]
    assert table.columns[keys.index("is_tuned")].level == "key"
    rows = [dict(zip(keys, [c.shown for c in row.cells], strict=True)) for row in table.groups[0].rows]
    return {row["label"]: (row["is_tuned"], row["tuned"]) for row in rows}


def rate_search(label: str, *rates: float, **more: Any) -> Any:
    """An entry that tried learning rates, each worse than the one before but for the last, the best."""
    values = [120.0 + place for place in range(len(rates) - 1)] + [110.0]
    trials = [
        trial(
            number,
            f"{label}{number}",
            value,
            core_seconds=10.0,
            label=label,
            parameters={"model.rate": rate},
            **more,
        )
        for number, (rate, value) in enumerate(zip(rates, values, strict=True), start=1)
    ]
    space = {"model.rate": {"low": 0.0, "high": 1.0}}
    return replace(search(trials), space=space, tuning=True, from_defaults=True)


def lstm(run: Any, name: str, label: str, value: float, **settings: Any) -> None:
    run("lstm", label, "neural", value, run_id=name, config_yaml=config("lstm", **settings))


def test_defaults_that_a_search_did_not_beat_are_no_secret(run, tmp_path: Path) -> None:
    lstm(run, "x", "Kept", 121.0, rate=0.1)
    lstm(run, "y", "Neither", 125.0, rate=0.7)
    found = how_tuned(tmp_path, rate_search("Kept", 0.1, 0.2, 0.3))
    section = comparison.build(context_of(read_runs(tmp_path), tmp_path))
    assert section is not None
    assert "Tuned: “yes”, a search on this corpus chose the settings" in markdown_report("x", [section])
    kept = "defaults, kept after 3 trials, 30 core-seconds; the best had validation perplexity 110.00"
    assert found == {"Kept": ("defaults", kept), "Neither": ("no", "not tuned")}


def test_of_a_finished_run_within_the_settings_are_those_of_its_model(run, tmp_path: Path) -> None:
    lstm(run, "x", "Cache", 121.0, of={"run": {"rate": 0.1}})
    record = rate_search("Cache", 0.1)
    (only,) = record.trials
    only = replace(only, parameters={"model.of.rate": 0.1})
    found = how_tuned(tmp_path, replace(record, space={"model.of.rate": {}}, trials=(only,)))
    assert found["Cache"] == ("yes", "1 trial, 10 core-seconds")


@pytest.mark.parametrize("other", [{"layers": 2}, {"hidden_size": 210}, {"training": {"epochs": 4}}])
def test_settings_of_another_size_are_not_tuned_for_this_one(run, tmp_path: Path, other: Any) -> None:
    own = {"layers": 1, "hidden_size": 128, "training": {"epochs": 2}}
    lstm(run, "LSTM1", "LSTM", 120.0, rate=0.1, **own)
    lstm(run, "larger", "LSTM", 119.0, rate=0.1, **{**own, **other})
    found = how_tuned(tmp_path, rate_search("LSTM", 0.1))
    (key, value) = next(iter(other.items()))
    was = {"layers": "layers 1", "hidden_size": "hidden size 128", "training": "epochs 2"}[key]
    assert sorted(found.values()) == [
        ("no", f"as LSTM ({was}): 1 trial, 10 core-seconds"),
        ("yes", "1 trial, 10 core-seconds"),
    ], value


def test_without_the_run_the_label_tells_the_size(run, tmp_path: Path) -> None:
    lstm(run, "x", "GRU, 1 × 128", 120.0, rate=0.1)
    lstm(run, "y", "GRU, 2 × 210", 119.0, rate=0.1, layers=2)
    found = how_tuned(tmp_path, rate_search("GRU, 1 × 128", 0.1, corpus="sotu"))
    assert found == {
        "GRU, 1 × 128": ("carried over", "on sotu: 1 trial, 10 core-seconds"),
        "GRU, 2 × 210": ("no", "as GRU, 1 × 128 on sotu: 1 trial, 10 core-seconds"),
    }
    both = rate_search("GRU, 1 × 128", 0.1, corpus="sotu"), rate_search("GRU, 1 × 128", 0.1)
    assert how_tuned(tmp_path, *both) == {
        "GRU, 1 × 128": ("yes", "1 trial, 10 core-seconds"),
        "GRU, 2 × 210": ("no", "as GRU, 1 × 128: 1 trial, 10 core-seconds"),
    }


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
