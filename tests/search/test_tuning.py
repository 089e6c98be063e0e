"""Every entry is tuned with the same effort, beginning from its defaults."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from benchmark.build import build_model, build_task_model
from benchmark.cli import main
from benchmark.errors import UserError
from benchmark.record.folder import read_result, read_runs
from benchmark.report.context import context_of
from benchmark.report.sections import comparison as comparison_section
from benchmark.report.sections import search as searches_section
from benchmark.report.sections import tuning as section
from benchmark.report.tuned import tuned
from benchmark.search import tuning
from benchmark.search.expected_best import expected_best
from benchmark.search.prepare import prepared
from benchmark.search.record import SearchRecord, Trial, read_searches
from benchmark.settings import choices
from benchmark.sweep.compose import Collector, collect
from benchmark.task.tasks import task_named

LIMITS = """\
trials: 3
core_seconds: 1000
sampler: random
batch: 2
from_defaults: true
"""
ENTRIES = {
    "add_k": """\
description: shares
base: model=add_k model.order=2
space: {model.k: {low: 0.001, high: 1.0, log: true}}
""",
    "cache": """\
description: half-lives
base: model=cache
space: {model.half_life: {low: 10.0, high: 500.0, log: true}}
""",
}

ONE = SearchRecord(
    name="one",
    digest="0",
    description="",
    command="",
    base=[],
    space={},
    sampler="random",
    seed=1,
    batch=1,
    measure="valid_perplexity",
    proposer="",
    planned=16,
    core_seconds=900.0,
)

Tune = Callable[..., int]


@pytest.fixture
def tune(tmp_path: Path, text_corpus: list[str], warm_workers: None, monkeypatch: pytest.MonkeyPatch) -> Tune:
    """`nextword tune` of the two entries above on a small corpus of files."""
    (tmp_path / "tuning").mkdir()
    (tmp_path / "tuning.yaml").write_text(LIMITS, encoding="utf-8")
    for name, content in ENTRIES.items():
        (tmp_path / "tuning" / f"{name}.yaml").write_text(content, encoding="utf-8")
    monkeypatch.setattr(tuning, "conf_dir", lambda: tmp_path)
    files = {name: tmp_path / "tuning" / f"{name}.yaml" for name in ENTRIES}
    monkeypatch.setattr(tuning, "conf_files", lambda group: files)
    monkeypatch.setattr(tuning, "choices", lambda group: sorted(ENTRIES))
    monkeypatch.setenv("NEXTWORD_CACHE", str(tmp_path / "cache"))
    return lambda *arguments: main(["tune", *arguments, *text_corpus, f"results_dir={tmp_path / 'results'}"])


def records(tmp_path: Path) -> dict[str, SearchRecord]:
    return {record.name: record for record in read_searches(tmp_path / "results")}


def test_every_entry_has_the_same_limits_and_begins_from_its_defaults(tune, tmp_path, text_corpus, capfd):
    assert tune() == 0
    found = records(tmp_path)
    assert sorted(found) == sorted(ENTRIES)
    for record in found.values():
        assert record.tuning
        assert (len(record.trials), record.planned, record.core_seconds) == (3, 3, 1000)
        assert record.spent == pytest.approx(sum(trial.core_seconds for trial in record.trials))
        assert all(trial.core_seconds > 0 for trial in record.trials)
    assert found["add_k"].trials[0].parameters == {"model.k": 0.01}
    assert found["cache"].trials[0].parameters == {"model.half_life": 200.0}
    (job,) = collect(["model=cache", *text_corpus])
    assert found["cache"].trials[0].run_id == job.run_id(job.corpus_fingerprint(print))
    assert "core-seconds" in capfd.readouterr().out

    files = {path: path.read_bytes() for path in (tmp_path / "results").glob("searches/*.json")}
    assert tune() == 0  # nothing is repeated
    assert "(2 of the last batch finished earlier)" in capfd.readouterr().out
    assert {path: path.read_bytes() for path in files} == files


def test_no_trial_begins_that_the_core_seconds_left_do_not_pay_for(tune, tmp_path):
    assert tune("add_k", "tuning.core_seconds=0.0001") == 0  # the first is made all the same
    assert len(records(tmp_path)["add_k"].trials) == 1
    assert tune("add_k") == 0  # a higher limit continues
    assert len(records(tmp_path)["add_k"].trials) == 3


def test_a_setting_goes_to_the_entries_that_have_it(tune, tmp_path):
    assert tune("model.order=3", "model.window=50", "tuning.trials=1") == 0
    runs = {run.result.model: run.result.model_settings for run in read_runs(tmp_path / "results")}
    assert (runs["add_k"]["order"], "window" in runs["add_k"]) == (3, False)
    assert (runs["cache"]["order"], runs["cache"]["window"]) == (3, 50)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["add_j"], "there is no entry 'add_j' to tune. Did you mean 'add_k'?"),
        (["tuning.trails=2"], "tuning.trails: there is no such setting. Did you mean 'trials'?"),
        (["tuning.trials=0"], "trials=0 is not usable"),
        (["model.hidden_size=3"], "hidden_size"),
        (["-m"], "leave -m out"),
    ],
)
def test_what_is_wrong_is_named_before_anything_runs(tune, tmp_path, arguments, message, capsys):
    assert tune(*arguments) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.glob("results/runs/*"))


def test_defaults_must_lie_in_the_space(tune, tmp_path, capsys):
    path = tmp_path / "tuning" / "add_k.yaml"
    path.write_text(path.read_text().replace("low: 0.001", "low: 0.1"), encoding="utf-8")
    assert tune() == 2
    assert "the default model.k=0.01 lies outside of it" in capsys.readouterr().err


@pytest.mark.parametrize("entry", choices("tuning"))
def test_every_entry_can_be_tuned_from_its_defaults(entry: str):
    settings = tuning.load_entry(entry, {})
    search = prepared(entry, settings, [], "nextword tune", Collector(), tuning=True)
    assert search is not None
    number, first = search.study.ask()
    assert (number, first.keys()) == (0, settings.space.keys())


@pytest.mark.parametrize("entry", choices("tuning"))
def test_every_choice_of_a_space_is_a_model_that_can_be_built(entry: str):
    settings = tuning.load_entry(entry, {})
    spaces = {key: given["choices"] for key, given in settings.space.items() if "choices" in given}
    base = [given for given in settings.base_overrides if given.partition("=")[0] not in spaces]
    for values in product(*spaces.values()):
        chosen = [f"{key}={str(value).lower()}" for key, value in zip(spaces, values, strict=True)]
        (job,) = collect([*base, *chosen])
        if job.task is None:
            assert build_model(job.config["model"])
        else:
            assert build_task_model(job.config["model"], task_named(job.task))


def test_expected_best_is_the_mean_over_all_draws():
    values = [9.0, 4.0, 7.0, 4.0]
    for draws, expected in enumerate(expected_best(values), 1):
        lowest = [min(drawn) for drawn in product(values, repeat=draws)]
        assert expected == pytest.approx(sum(lowest) / len(lowest))


def test_the_report_shows_the_effort_and_the_gain(tune, tmp_path, monkeypatch):
    assert tune("tuning.trials=4") == 0
    context = context_of(read_runs(tmp_path / "results"), tmp_path / "results")
    assert searches_section.build(context) is None
    found = section.build(context)
    assert found is not None
    _, summary, _, figure, _ = found.blocks
    assert {block.corpus for block in found.blocks[1:]} == {row.corpus for row in context.rows}
    by_entry = {row.cells[1].shown: row for row in summary.groups[0].rows}
    keys = [column.key for column in summary.columns]
    for name, record in records(tmp_path).items():
        cells = dict(zip(keys, by_entry[name].cells, strict=True))
        best = record.best
        assert cells["trials"].value == 4
        assert cells["best"].value == best.value
        assert cells["default"].value == record.trials[0].value
        assert cells["gain"].value == pytest.approx(1 - best.value / cells["default"].value)
        (path,) = (tmp_path / "results").glob(f"runs/*/*/{best.run_id}")
        assert cells["test"].value == read_result(path).test_perplexity
        assert cells["core_seconds"].value == pytest.approx(record.spent)
        # the trial with the defaults is no random draw
        drawn = [trial.value for trial in record.trials[1:]]
        points = [row.cells[3].value for row in figure.data.groups[0].rows if row.cells[0].shown == name]
        assert points == pytest.approx(expected_best(drawn))
    assert figure.draw() is not None
    # only the best of each entry is ranked
    assert len(context.rows) == 2
    table = comparison_section.comparison(context)
    place = [column.key for column in table.columns].index("tuned")
    assert all(row.cells[place].shown.startswith("4 trials, ") for row in table.groups[0].rows)


def test_a_row_is_tuned_only_with_the_settings_that_a_search_chose(tune, tmp_path):
    assert tune("add_k") == 0
    context = context_of(read_runs(tmp_path / "results"), tmp_path / "results")
    (row,) = context.rows
    (search,) = context.tunings
    assert tuned(row, [search]).startswith("3 trials, ")
    elsewhere = replace(search, trials=tuple(replace(trial, corpus="ptb") for trial in search.trials))
    assert tuned(row, [elsewhere]).startswith("on ptb: 3 trials, ")
    other = replace(row, settings={**row.settings, "k": 0.5})
    assert tuned(other, [search]) == "not tuned"
    assert tuned(row, []) == "not tuned"


def test_a_record_from_before_core_seconds_is_read(tune, tmp_path):
    assert tune("add_k") == 0
    (path,) = (tmp_path / "results").glob("searches/*.json")
    record = json.loads(path.read_text())
    for key in ("core_seconds", "from_defaults", "tuning", "seal"):
        del record[key]
    for trial in record["trials"]:
        del trial["core_seconds"]
    path.write_text(json.dumps(record))
    (read,) = read_searches(tmp_path / "results")
    assert (read.spent, read.core_seconds, read.tuning) == (0, None, False)


def test_the_summary_of_a_search_that_was_stopped():
    """Its file has the settings in alphabetical order, and trials that were asked for and never made."""
    point = {"model.classes": 82, "model.near.half_life": 3.0}
    made = Trial(1, point, "ab12", "cache", "sotu", "Cache", "nextword run", state="ok", value=46.0)
    asked = replace(made, number=2, run_id="cd34", state="asked", value=None)
    space = {key: {"low": 1, "high": 100} for key in reversed(point)}
    line = tuning.summary([replace(ONE, space=space, trials=(made, asked))]).splitlines()[-1]
    assert line.split()[:2] == ["one", "1"]
    assert "half_life=3.0, classes=82" in line


def test_what_the_base_sets_of_the_space_is_the_default():
    """And another default is another search, whose trials are not mixed with those of the first."""

    def search_of(base: str):
        settings = tuning.load_entry("lstm", {})
        settings = settings.model_copy(update={"base": f"model=lstm corpus=sotu_small {base}"})
        search = prepared("lstm", settings, [], "nextword tune", Collector(), tuning=True)
        assert search
        return search

    one, two = search_of("model.layers=1"), search_of("")
    assert [search.study.ask()[1]["model.layers"] for search in (one, two)] == [1, 2]
    assert one.record.digest != two.record.digest


def test_an_unknown_default_is_refused():
    settings = tuning.load_entry("kneser_ney", {"from_defaults": True, "sampler": "random"})
    with pytest.raises(UserError, match="it chooses a file"):
        prepared("kneser_ney", settings, [], "nextword tune", Collector(), tuning=True)


def test_limits_that_differ_are_told_apart():
    grid = replace(ONE, name="two", sampler="grid", planned=8)
    alone, both = tuning._closing([ONE, ONE]), tuning._closing([ONE, grid])
    assert alone.startswith("each entry had at most 16 trials, 900 core-seconds.")
    assert "unequal limits: one 16 trials, 900 core-seconds; two a grid of 8, 900 core-seconds." in both


@pytest.mark.parametrize(
    ("entries", "corpus", "said"),
    [
        (["kneser_ney", "naive_bayes"], [], "model=naive_bayes is a model of labelled items"),
        (["nb_svm", "kneser_ney"], ["corpus=trec"], "model=kneser_ney is no model of classification"),
    ],
)
def test_entries_of_another_kind_are_refused_before_any_is_searched(tmp_path, capsys, entries, corpus, said):
    results = tmp_path / "results"
    more = corpus or ["corpus=sotu_small"]
    assert main(["tune", *entries, *more, f"results_dir={results}"]) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert "entry 1" not in shown.out
    assert not results.exists()


def test_core_seconds_are_finite(tmp_path, capsys):
    command = ["tune", "kneser_ney", "tuning.core_seconds=inf", f"results_dir={tmp_path / 'results'}"]
    assert main(command) == 2
    assert "core_seconds" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()
