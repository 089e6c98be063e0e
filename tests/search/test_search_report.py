"""What the report says of searches, and that their trials do not flood the comparison."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.record.folder import read_runs
from benchmark.report.context import context_of
from benchmark.report.sections import search as section
from benchmark.search.importance import importance
from benchmark.search.record import SearchRecord, Trial, read_searches, want
from benchmark.storage.files import write_json
from benchmark.verbs.report import main

KEYS = ("model.training.learning_rate", "model.layers", "model.skip")
SPACE = dict(
    zip(
        KEYS,
        ({"low": 1e-5, "high": 0.1, "log": True}, {"low": 1, "high": 2}, {"choices": ["none", "residual"]}),
        strict=True,
    )
)


def trial(number: int, perplexity: float | None, **more) -> Trial:
    rate = 10.0 ** -((number % 5) + 1)
    parameters = dict(zip(KEYS, (rate, number % 2 + 1, ("none", "residual")[number % 3 == 0]), strict=True))
    told = {"state": "ok" if perplexity is not None else "diverged", "value": perplexity}
    return Trial(
        **{
            "number": number,
            "parameters": parameters,
            "run_id": f"run{number}",
            "model": "lstm",
            "corpus": "ptb",
            "label": "LSTM",
            "command": f"nextword run model=lstm model.layers={number % 2 + 1}",
            **told,
            **more,
        }
    )


def search(*trials: Trial, name: str = "mine") -> SearchRecord:
    return SearchRecord(
        name=name,
        digest="0123456789ab",
        description="rates & layers of <b>a small LSTM</b>",
        command=f"nextword run +search={name}",
        base=["model=lstm"],
        space=SPACE,
        sampler="tpe",
        seed=1,
        batch=4,
        measure="valid_perplexity",
        proposer="optuna 5",
        planned=len(trials),
        trials=trials,
    )


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Runs of a search of three trials, and one run of its own."""
    for name, perplexity in (("run1", 120.0), ("run2", 110.0), ("run3", 130.0), ("default", 125.0)):
        folder = tmp_path / "runs" / "ptb" / "lstm" / name
        folder.mkdir(parents=True)
        record = {
            "status": "ok",
            "corpus": "ptb",
            "model": "lstm",
            "label": f"LSTM {name}",
            "family": "neural",
        }
        figures = {"test_perplexity": perplexity, "valid_perplexity": perplexity, "protocol_id": "p"}
        write_json(folder / "result.json", {**record, **figures, "run_id": name})
    return tmp_path


def labels(results: Path) -> list[str]:
    return [row.label for row in context_of(read_runs(results), results).rows]


def test_only_the_best_of_a_search_is_ranked_with_the_runs_of_others(results: Path):
    search(trial(1, 120.0), trial(2, 110.0), trial(3, 130.0)).write(results)
    assert labels(results) == ["LSTM default", "LSTM run2"]


def test_the_table_alone_has_the_rows_of_the_report(results: Path, capsys: pytest.CaptureFixture[str]):
    search(trial(1, 120.0), trial(2, 110.0), trial(3, 130.0)).write(results)
    assert main(["--results-dir", str(results), "--table"]) == 0
    shown = capsys.readouterr().out
    assert [name for name in ("default", "run1", "run2", "run3") if f"LSTM {name}" in shown] == [
        "default",
        "run2",
    ]


def test_a_trial_that_was_a_run_before_the_search_stays(results: Path):
    search(trial(1, 120.0, made=False), trial(2, 110.0), trial(3, 130.0)).write(results)
    assert labels(results) == ["LSTM default", "LSTM run1", "LSTM run2"]


def test_a_trial_that_a_run_was_asked_for_since_is_ranked_whatever_other_searches_made_it(results: Path):
    first = search(trial(1, 120.0), trial(2, 110.0), trial(3, 130.0))
    first.write(results)
    search(trial(2, 110.0), trial(3, 130.0), name="other").write(results)
    want(results, {"run3", "nothing"})
    assert labels(results) == ["LSTM default", "LSTM run2", "LSTM run3"]
    first.write(results)  # by a search that was at it meanwhile, and knows nothing of it
    assert labels(results) == ["LSTM default", "LSTM run2", "LSTM run3"]


def test_the_best_of_any_search_stays_and_failures_of_a_search_without_one_do_too(results: Path):
    search(trial(1, 120.0), trial(2, 110.0)).write(results)
    search(trial(1, 120.0), trial(3, 130.0), name="other").write(results)
    search(trial(4, None, run_id="default"), name="failed").write(results)
    assert labels(results) == ["LSTM default", "LSTM run1", "LSTM run2"]


def test_two_searches_with_the_same_best_trial_hide_their_other_trials(results: Path):
    search(trial(1, 120.0), trial(2, 110.0)).write(results)
    search(trial(2, 110.0), trial(3, 130.0), name="other").write(results)
    assert labels(results) == ["LSTM default", "LSTM run2"]


def test_the_section_shows_each_trial_and_the_lowest_so_far(results: Path):
    record = search(trial(1, None), trial(2, 120.0), trial(3, 130.0), trial(4, 110.0), trial(5, 115.0))
    assert [low for _, low in section.best_so_far(record)] == [None, 120.0, 120.0, 110.0, 110.0]
    record.write(results)
    found = section.build(context_of(read_runs(results), results))
    assert found is not None
    _, figure, table = found.blocks
    assert (figure.corpus, table.corpus) == ("ptb", "ptb")
    assert "Trial 4 is the best of 5 trials, at 110.0" in figure.caption
    assert "1 trial failed" in figure.caption
    assert [row.cells[0].shown for row in table.groups[0].rows] == ["4", "5", "2", "3", "1"]
    assert [column.title for column in table.columns[2:5]] == ["layers", "skip", "learning rate"]
    assert "nextword run +search=mine" in table.caption
    assert record.trials[3].command in table.caption


def test_the_report_has_the_figure_with_its_data_and_the_table(results: Path):
    from benchmark.report import build_report

    search(*[trial(number, 100.0 + number) for number in range(1, 12)]).write(results)
    build_report(results, results / "report", lambda line: None)
    with (results / "report" / "figures" / "search_mine_012345.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["best_so_far"]) for row in rows] == [101.0] * 11
    assert (results / "report" / "figures" / "search_mine_012345.svg").exists()
    with (results / "report" / "tables" / "trials_mine_012345.csv").open(encoding="utf-8") as file:
        assert [row["run_id"] for row in csv.DictReader(file)][:2] == ["run1", "run2"]
    page = (results / "report" / "index.html").read_text(encoding="utf-8")
    assert "<b>a small lstm</b>" not in page.lower()


def test_without_a_finished_trial_there_is_no_section(results: Path):
    assert section.build(context_of(read_runs(results), results)) is None
    search(trial(1, None)).write(results)
    assert section.build(context_of(read_runs(results), results)) is None


@pytest.mark.parametrize("damage", ["", "[1, 2]", '{"name": 3}', "TRIALS"])
def test_a_damaged_record_is_left_out(results: Path, damage: str):
    record = search(trial(1, 120.0), trial(2, 110.0))
    record.write(results)
    path = record.path(results)
    whole = json.loads(path.read_text(encoding="utf-8"))
    whole["trials"][0]["parameters"] = {}
    path.write_text(json.dumps(whole) if damage == "TRIALS" else damage, encoding="utf-8")
    assert read_searches(results) == []
    assert len(labels(results)) == 4


def test_a_record_read_is_the_record_written(results: Path):
    record = search(trial(1, 120.0), trial(2, None, reason="its loss left the finite numbers"))
    record.write(results)
    assert read_searches(results) == [record]


def test_the_setting_that_makes_the_difference_has_the_share():
    by_layers = search(*[trial(number, 100.0 + 20 * (number % 2) + number / 100) for number in range(30)])
    shares = importance(by_layers)
    assert shares["model.layers"] > 0.9
    assert sum(shares.values()) == pytest.approx(1)


def test_a_best_value_in_the_middle_is_seen():
    middle = search(*[trial(number, 100.0 + 10 * abs(number % 5 - 2) + number / 100) for number in range(30)])
    assert importance(middle)["model.training.learning_rate"] > 0.9


def test_the_same_trials_have_the_same_shares():
    record = search(*[trial(number, 100.0 + number * 7 % 13) for number in range(20)])
    assert importance(record) == importance(record)


def test_too_few_trials_say_nothing():
    assert importance(search(*[trial(number, 100.0 + number) for number in range(11)])) == {}


def test_trials_that_do_not_fit_the_space_say_nothing():
    record = search(*[trial(number, 100.0 + number) for number in range(20)])
    assert importance(replace(record, space={key: {"low": 3, "high": 4} for key in KEYS})) == {}
