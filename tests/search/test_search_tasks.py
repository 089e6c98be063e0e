"""Searches on corpora with labels go by what models of the task are compared by."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tagged_corpus import CORPUS

from benchmark import trust
from benchmark.cli import main
from benchmark.record.folder import read_result, read_runs
from benchmark.report.blocks import Fold
from benchmark.report.context import context_of
from benchmark.report.sections import search as searches_section
from benchmark.report.sections import tasks as tasks_section
from benchmark.report.sections import tuning as tuning_section
from benchmark.report.tables import Table
from benchmark.report.tuned import tuned
from benchmark.report.tuned_entries import by_text
from benchmark.search import tuning
from benchmark.search.goal import GOALS, goals_of
from benchmark.search.record import SearchRecord, read_searches
from benchmark.settings import choices
from benchmark.storage.checksums import unsealed
from benchmark.sweep.compose import Collector
from benchmark.task.tasks import TASKS

FILE = """\
description: orders of a tagger
base: model=hmm_tagger corpus=mine
space: {model.order: {choices: [2, 3]}, model.guess_weight: {choices: [0.1, 1.0]}}
trials: 4
sampler: grid
batch: 2
"""
KNOWN = "the D\ncat N\nsat V\n\n" * 8 + "the D\ndog N\nran V\n\n" * 8 + "a D\nrun N\nran V\n\n" * 4
OTHER = "the D\ncat N\nran V\n\n" * 5 + "the D\nrun V\nsat V\n\na N\ndog V\n\n"

Search = Callable[..., int]


@pytest.fixture
def search(tmp_path: Path, warm_workers: None, monkeypatch: pytest.MonkeyPatch) -> Search:
    """Runs a search on a small corpus of tagged sentences; returns the exit status."""
    for folder in ("corpus", "search"):
        (tmp_path / folder).mkdir()
    (tmp_path / "corpus" / "mine.yaml").write_text(CORPUS, encoding="utf-8")
    for part, content in {"train": KNOWN, "valid": OTHER, "test": OTHER}.items():
        (tmp_path / f"{part}.txt").write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEXTWORD_CONFIG_DIR", str(tmp_path))
    monkeypatch.setattr(trust, "_allowed", set())
    monkeypatch.setenv("NEXTWORD_CACHE", str(tmp_path / "cache"))

    def run(text: str = FILE, *arguments: str) -> int:
        (tmp_path / "search" / "mine.yaml").write_text(text, encoding="utf-8")
        return main(["run", "+search=mine", f"results_dir={tmp_path / 'results'}", *arguments])

    return run


def only(folder: Path) -> SearchRecord:
    (record,) = read_searches(folder / "results")
    return record


def test_trials_are_compared_by_the_measure_of_the_task(search: Search, tmp_path, capfd):
    assert search() == 0
    record = only(tmp_path)
    assert (record.measure, len(record.trials), record.failed) == ("valid_accuracy", 4, [])
    for trial in record.trials:
        (path,) = (tmp_path / "results").glob(f"runs/mine/*/{trial.run_id}")
        result = read_result(path)
        assert result is not None
        assert trial.value == pytest.approx(1 - result.valid_measures["accuracy"])
    assert record.best is not None
    assert record.best.value == min(trial.value for trial in record.trials if trial.value is not None)
    said = capfd.readouterr().out
    assert f"best so far: validation accuracy {100 * (1 - record.best.value):.2f}%" in said
    assert "chosen by validation accuracy" in said


def test_another_measure_of_the_task_can_be_named(search: Search, tmp_path):
    assert search(f"{FILE}measure: valid_unknown_accuracy\n", "search.trials=1") == 1  # no word is unknown
    (path,) = (tmp_path / "results").glob("searches/*.json")
    (trial,) = unsealed(json.loads(path.read_text(encoding="utf-8")))["trials"]
    assert (trial["state"], trial["reason"]) == ("failed", "it has no validation accuracy on unknown words")


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        ("valid_perplexity", "measure='valid_perplexity' is not usable: runs on mine have no such measure"),
        ("valid_acuracy", "measure='valid_acuracy' is not usable: there is no such measure. Did you mean"),
        ("test_accuracy", "a search must not see the test text"),
    ],
)
def test_a_measure_that_runs_do_not_record_is_refused(search: Search, tmp_path, measure, message, capfd):
    assert search(f"{FILE}measure: {measure}\n") == 2
    assert message in capfd.readouterr().err
    assert not (tmp_path / "results").exists()


def test_a_validation_split_that_is_copied_is_warned_about(search: Search, tmp_path, capfd):
    (tmp_path / "valid.txt").write_text("the D\ncat N\nsat V\n\nthe D\nsun N\nsat V\n\n", encoding="utf-8")
    assert search(FILE, "search.trials=1") == 0
    assert (
        "warning: 50.0% of the validation items of mine have the words of an item that is trained on (of the "
        "test split 0.0%)"
    ) in capfd.readouterr().out


def tables(blocks) -> list[Table]:
    inner = [one for block in blocks if isinstance(block, Fold) for one in block.blocks]
    return [block for block in (*blocks, *inner) if isinstance(block, Table)]


def cells(table: Table, row: int = 0) -> dict[str, str]:
    keys = [column.key for column in table.columns]
    return dict(zip(keys, [cell.shown for cell in table.groups[0].rows[row].cells], strict=True))


def test_settings_that_are_tried_again_are_shown_once_and_said_so(search: Search, capfd):
    text = FILE.replace("sampler: grid", "sampler: random").replace(
        ", model.guess_weight: {choices: [0.1, 1.0]}", ""
    )
    assert search(text, "search.trials=6") == 0
    said = capfd.readouterr().out
    table = [line.split() for line in said.splitlines()]
    assert sorted(cells[1] for cells in table if len(cells) == 3 and cells[1] in ("2", "3")) == ["2", "3"]
    assert "mine: 6 trials, 4 of settings that an earlier one had, shown once; recorded in" in said


def test_the_report_shows_the_measure_and_ranks_the_best_trial_alone(search: Search, tmp_path):
    assert search() == 0
    record, results = only(tmp_path), tmp_path / "results"
    best = record.best
    assert best is not None
    accuracy = f"{100 * (1 - best.value):.2f}"
    context = context_of(read_runs(results), results)
    assert [run.folder.name for row in context.of_tasks for run in row.runs] == [best.run_id]
    section = searches_section.build(context)
    assert section is not None
    (table,) = tables(section.blocks)
    assert cells(table)["valid_accuracy"] == accuracy
    task = tasks_section.build(context)
    assert task is not None
    assert "tuned" not in cells(tables(task.blocks)[0])

    replace(record, tuning=True, from_defaults=True).write(results)
    context = context_of(read_runs(results), results)
    section = tuning_section.build(context)
    assert section is not None
    summary, _, trials = tables(section.blocks)
    first = record.trials[0]
    assert cells(summary)["best"] == accuracy
    assert cells(summary)["default"] == f"{100 * (1 - first.value):.2f}"
    assert len(trials.groups[0].rows) == 4
    task = tasks_section.build(context)
    assert task is not None
    assert cells(tables(task.blocks)[0])["tuned"].startswith("4 trials, ")


def test_entries_are_ranked_on_one_text_by_one_goal_and_their_limits_are_told(search: Search, tmp_path):
    assert search() == 0
    record, results = only(tmp_path), tmp_path / "results"
    replace(record, tuning=True).write(results)
    other = replace(record, name="other", digest="1", tuning=True, measure="valid_unknown_accuracy")
    other.write(results)
    replace(other, name="third", digest="2", sampler="random", planned=9, core_seconds=600.0).write(results)
    found = context_of(read_runs(results), results)
    section = tuning_section.build(found)
    assert section is not None
    summaries = [table for table in tables(section.blocks) if " tuned on " in table.caption]
    summaries = [table for table in summaries if not table.name.startswith("tuning_trials")]
    assert len({table.name for table in tables(section.blocks)}) == 3 * len(summaries) == 6
    assert [len(table.groups[0].rows) for table in summaries] == [1, 2]
    assert [" tuned on " in table.caption and ", by " in table.caption for table in summaries] == [True, True]
    assert [cells(summaries[1], row)["limits"] for row in (0, 1)] == [
        "a grid of 4",
        "9 trials, 600 core-seconds",
    ]
    changed = [
        replace(run, result=replace(run.result, protocol_id="f" * 12)) if place % 2 else run
        for place, run in enumerate(read_runs(results))
    ]
    names = [name for name, _ in by_text(context_of(changed, results))]
    assert len(names) == len(set(names))


def test_a_value_and_the_number_that_is_shown_belong_together():
    for task in (None, *TASKS):
        for goal in goals_of(task).values():
            assert goal.shown(goal.shown(0.25)) == 0.25
            assert goal.shown(None) is None
    assert GOALS["valid_accuracy"].said(0.0490) == "validation accuracy 95.10%"
    assert GOALS["valid_symbol_error"].said(0.067) == "validation phoneme error 6.70%"
    assert GOALS["valid_log_loss"].said(0.5) == "validation log loss 0.500"
    assert GOALS["valid_perplexity"].said(51.234) == "validation perplexity 51.23"
    assert GOALS["valid_span_f1"].lowered == "100 − validation F1 of spans, %"


def test_a_corpus_of_one_s_own_has_a_kind_too(search: Search, tmp_path):
    settings = {entry: tuning.load_entry(entry, {}) for entry in ("hmm_tagger", "lstm", "naive_bayes")}
    given = [f"--config-dir={tmp_path}", "corpus=mine"]
    assert list(tuning.of_one_kind(settings, given, Collector())) == ["hmm_tagger"]


@pytest.mark.parametrize(
    ("corpus", "some", "others"),
    [
        ([], {"lstm", "goodman"}, {"hmm_tagger", "naive_bayes"}),
        (["corpus=ptb"], {"lstm", "goodman"}, {"hmm_tagger", "naive_bayes"}),
        (["corpus=treebank"], {"hmm_tagger", "recurrent_tagger"}, {"lstm", "hmm_chunker", "naive_bayes"}),
        (["corpus=trec"], {"nb_svm", "encoder_classifier"}, {"lstm", "hmm_tagger"}),
    ],
)
def test_without_names_the_entries_of_the_corpus_s_kind_are_tuned(corpus, some, others):
    settings = {entry: tuning.load_entry(entry, {}) for entry in choices("tuning")}
    found = tuning.of_one_kind(settings, corpus, Collector()).keys()
    assert some <= found
    assert not others & found


def test_a_row_of_another_kind_says_whose_settings_it_has(search: Search, tmp_path):
    assert search(FILE, "search.trials=1") == 0
    record, results = only(tmp_path), tmp_path / "results"
    best = record.best
    assert best is not None
    settings = [f"{key}={value}" for key, value in best.parameters.items()]
    more = ["model.rare=5", "model.label=Another", f"results_dir={results}"]
    assert main(["run", "corpus=mine", "model=hmm_tagger", *settings, *more]) == 0
    row = next(row for row in context_of(read_runs(results), results).of_tasks if row.label == "Another")
    assert tuned(row, [record]).startswith(f"as {best.label}: 1 trial, ")
