"""Folding runs to rows, and ranking rows within the same events."""

from __future__ import annotations

import math
import statistics

import pytest
from synthetic_runs import PTB, SOTU, config, unfinished, write_run

from benchmark.measure.measures import TEST_PERPLEXITY, TRAIN_SECONDS
from benchmark.record.folder import read_runs
from benchmark.record.identity import current_source, current_versions
from benchmark.record.outdated import outdated
from benchmark.report import build_report
from benchmark.report.context import context_of
from benchmark.report.ranking_notes import (
    model_notes,
    protocol_differences,
    unchecked_notes,
    zero_probability_notes,
)
from benchmark.report.terminal import plain_table


def context(folder):
    return context_of(read_runs(folder))


def test_seeds_fold_to_mean_and_sample_deviation(run, tmp_path):
    for seed, ppl in ((1, 100.0), (2, 103.0), (3, 104.0)):
        run("lstm", "LSTM", "neural", ppl, seed=seed, config_yaml=config("lstm", seed=seed, hidden=200))
    (row,) = context(tmp_path).rows
    assert len(row.runs) == 3
    assert row.perplexity == pytest.approx(102.333333)
    assert row.deviation(TEST_PERPLEXITY) == pytest.approx(statistics.stdev([100, 103, 104]))


def test_one_corpus_under_two_names_has_two_headings(run, tmp_path):
    run("lstm", "LSTM", "neural", 100.0)
    run("lstm", "LSTM", "neural", 101.0, corpus={**PTB, "corpus": "mine"})
    run("lstm", "LSTM", "neural", 102.0, corpus=SOTU)
    titles = {group.title for group in context(tmp_path).ranked_groups}
    assert titles == {"Penn Treebank (ptb)", "Penn Treebank (mine)", "State of the Union"}


def test_other_settings_are_another_row_and_the_labels_say_which(run, tmp_path):
    run(
        "lstm",
        "LSTM",
        "neural",
        100.0,
        run_id="a",
        config_yaml=config("lstm", hidden_size=200, training={"epochs": 5}),
    )
    run(
        "lstm",
        "LSTM",
        "neural",
        90.0,
        run_id="b",
        config_yaml=config("lstm", hidden_size=400, training={"epochs": 5}),
    )
    run(
        "lstm",
        "LSTM",
        "neural",
        95.0,
        run_id="c",
        config_yaml=config("lstm", hidden_size=200, training={"epochs": 9}),
    )
    labels = {row.label for row in context(tmp_path).rows}
    assert labels == {
        "LSTM (hidden size 200, epochs 5)",
        "LSTM (hidden size 400, epochs 5)",
        "LSTM (hidden size 200, epochs 9)",
    }


def test_labels_say_no_more_than_tells_rows_apart(run, tmp_path):
    for name, kind, epochs in (("a", "softmax", 1), ("b", "sampled", 2)):
        settings = {"kind": kind, "training": {"epochs": epochs, "batch": epochs}}
        run("lstm", "LSTM", "neural", 100.0, run_id=name, config_yaml=config("lstm", **settings))
    assert {row.label for row in context(tmp_path).rows} == {"LSTM (epochs 1)", "LSTM (epochs 2)"}


def test_settings_of_a_mixtures_components_are_named_with_the_component(run, tmp_path):
    for name, order in (("a", 3), ("b", 5)):
        components = {"words": {"components": {"long_cache": {"order": order}}}, "kn": {"order": 5}}
        settings = config("mixture", weights=order, components=components)
        run("mixture", "Mixture", "mixture", 100.0, run_id=name, config_yaml=settings)
        nested = config("goodman", components=components)
        run("goodman", "Goodman", "count", 100.0, run_id=f"{name}2", config_yaml=nested)
    assert {row.label for row in context(tmp_path).rows} == {
        "Mixture (weights 3)",
        "Mixture (weights 5)",
        "Goodman (long cache order 3)",
        "Goodman (long cache order 5)",
    }


def test_history_tells_two_rows_apart(run, tmp_path):
    run("kn", "KN 5-gram", "count", 141.2, run_id="a", context="sentence")
    run("kn", "KN 5-gram", "count", 143.5, run_id="b", context="stream")
    assert [row.label for row in context(tmp_path).ranked_groups[0].rows] == [
        "KN 5-gram (context sentence)",
        "KN 5-gram (context stream)",
    ]


def test_a_later_run_of_the_same_seed_replaces_the_earlier(run, tmp_path):
    run("lstm", "LSTM", "neural", 130.0, run_id="old", started="2025-01-01T00:00:00+00:00")
    run("lstm", "LSTM", "neural", 120.0, run_id="new", started="2025-02-01T00:00:00+00:00")
    (row,) = context(tmp_path).rows
    assert row.perplexity == 120.0


def test_the_row_is_of_the_newest_version_and_then_of_the_present_source(run, tmp_path):
    settings = {"_target_": "baselines.ngram.smoothing.unigram.Unigram", "name": "unigram"}
    now = {"versions": current_versions(settings), "source": current_source(settings)}
    older = {"versions": {name: number - 1 for name, number in now["versions"].items()}, "source": "old"}
    later = {"versions": {name: number + 1 for name, number in now["versions"].items()}, "source": "new"}
    kinds = {
        "other source": ("2025-05-01", 110.0, {**now, "source": "tried and reverted"}),
        "now": ("2025-03-01", 120.0, now),
        "an earlier version": ("2025-06-01", 130.0, older),
        "a later version": ("2025-07-01", 140.0, later),
    }
    for run_id, (started, ppl, made_by) in kinds.items():
        run("uni", "uni", "count", ppl, run_id=run_id, started=started, model_settings=settings, **made_by)
    rows = context(tmp_path).rows
    assert [row.perplexity for row in rows] == [120.0]
    assert {record.folder.name: outdated(record.result) for record in read_runs(tmp_path)} == {
        "now": None,
        "other source": "other source",
        "an earlier version": "an earlier version",
        "a later version": "a later version",
    }


def test_a_failure_gives_way_to_a_later_success_and_stands_otherwise(run, tmp_path):
    early, late = "2025-01-01T00:00:00+00:00", "2025-03-01T00:00:00+00:00"
    run("lstm", "lstm", "neural", 120.0, run_id="good", started="2025-02-01T00:00:00+00:00")
    write_run(tmp_path, unfinished("lstm", "failed", "out of memory", started=early))
    assert [row.done for row in context(tmp_path).rows] == [True]
    write_run(tmp_path, {**unfinished("lstm", "failed", "disk full", started=late), "run_id": "later"})
    assert sorted(row.done for row in context(tmp_path).rows) == [False, True]


def test_rows_are_ranked_within_their_events_only(run, tmp_path):
    run("kn", "KN", "count", 141.2)
    run("lstm", "LSTM", "neural", 116.0)
    run("kn", "KN", "count", 235.0, run_id="x", protocol_id="feedfacefeed", protocol_end_of_line="no </s>")
    run("kn", "KN", "count", 110.0, corpus=SOTU)
    found = context(tmp_path).ranked_groups
    ranks = {(e.corpus, e.protocol): [(row.rank, row.label) for row in e.rows] for e in found}
    assert ranks == {
        ("ptb", PTB["protocol_id"]): [(1, "LSTM"), (2, "KN")],
        ("ptb", "feedfacefeed"): [(1, "KN")],
        ("sotu", SOTU["protocol_id"]): [(1, "KN")],
    }
    assert len({e.file for e in found}) == 3


def test_what_differs_between_protocols_is_named(run, tmp_path):
    run("kn", "KN", "count", 141.2)
    run("kn", "KN", "count", 235.0, run_id="x", protocol_id="feedfacefeed", protocol_end_of_line="no </s>")
    ((line, _),) = protocol_differences(context(tmp_path).ranked_groups)
    assert "end of line" in line
    assert "no </s>" in line
    assert "vocabulary" not in line


def test_an_infinite_perplexity_is_ranked_last_and_never_best(run, tmp_path):
    run("mle", "MLE", "count", 100.0, test_perplexity="inf")
    run("kn", "KN", "count", 141.2)
    (group,) = context(tmp_path).ranked_groups
    assert [row.label for row in group.rows] == ["KN", "MLE"]
    assert math.isinf(group.rows[1].perplexity)
    assert group.best("count").label == "KN"


def test_zero_probabilities_are_counted_beside_the_table(run, tmp_path):
    run("kn", "KN", "count", 141.2, test_zero_probabilities=0, test_perplexity_nonzero=141.2)
    assert zero_probability_notes(context(tmp_path).ranked_groups) == []
    found = {"test_perplexity": "inf", "test_zero_probabilities": 8243, "test_perplexity_nonzero": 63.86}
    run("mle", "MLE", "count", 100.0, **found)
    ((line, corpus),) = zero_probability_notes(context(tmp_path).ranked_groups)
    assert "MLE, 8,243 targets, 10.0% (the others: 63.9)" in line
    assert "KN" not in line
    assert corpus == "ptb"
    assert line in plain_table(context(tmp_path))
    build_report(tmp_path, tmp_path / "report", lambda line: None)
    html = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert '<p class="note" data-corpus="ptb">On ' in html
    assert "MLE, 8,243 targets" in (tmp_path / "report" / "report.md").read_text(encoding="utf-8")


def test_runs_from_before_runs_were_checked_are_named_and_ranked(run, tmp_path):
    run("kn", "KN", "count", 145.0)
    assert unchecked_notes(context(tmp_path).ranked_groups) == []
    run("old", "Old KN", "count", 140.0, checked_contexts=None)
    (line,) = unchecked_notes(context(tmp_path).ranked_groups)
    assert line == "Recorded before runs checked their models (as nextword check does): Old KN."
    assert line in plain_table(context(tmp_path))
    for order in range(2, 9):
        run("old", f"Old {order}-gram", "count", 150.0 + order, checked_contexts=None)
    (line,) = unchecked_notes(context(tmp_path).ranked_groups)
    assert line.endswith(": 8 of the 9 rows.")


def test_what_models_say_of_themselves_is_said_once(run, tmp_path):
    run("kenlm", "KenLM 5-gram", "count", 140.0, notes=["It was estimated by lmplz."])
    run("kenlm", "KenLM 3-gram", "count", 150.0, notes=["It was estimated by lmplz."])
    run("kn", "KN", "count", 145.0)
    (line,) = model_notes([row for group in context(tmp_path).ranked_groups for row in group.rows])
    assert line == "KenLM 5-gram and KenLM 3-gram: It was estimated by lmplz."


def test_a_score_that_is_no_distribution_has_no_perplexity(run, tmp_path):
    run("backoff", "stupid backoff", "count", 90.0, normalised=False)
    found = context(tmp_path)
    assert found.ranked_groups == []
    assert found.rows[0].perplexity is None


def test_timings_of_different_machines_are_not_averaged(run, tmp_path):
    for seed, seconds, name in ((1, 60.0, "slow"), (2, 62.0, "slow"), (3, 10.0, "fast")):
        run("lstm", "LSTM", "neural", 100.0, seed=seed, train_seconds=seconds, device_name=name)
    (row,) = context(tmp_path).rows
    assert row.machine.device_name == "slow"
    assert row.mean(TRAIN_SECONDS) == 61.0


def test_equal_names_do_not_share_a_file(run, tmp_path):
    run("a", "A", "count", 100.0, corpus={**PTB, "corpus": "x y"})
    run("a", "A", "count", 100.0, corpus={**PTB, "corpus": "x-y"})
    assert [e.file for e in context(tmp_path).ranked_groups] == ["x_y", "x_y_2"]


def test_plain_text_beside_a_report_says_how_many_rows_it_leaves_out(results):
    whole = plain_table(context(results))
    short = plain_table(context(results), 3)
    assert "more: nextword report --table" not in whole
    ranked = len(context(results).ranked_groups[0].rows)
    assert f"  … and {ranked - 3} more: nextword report --table" in short
    rows = {" ".join(line.split()) for line in whole.splitlines()}
    more = {" ".join(line.split()) for line in short.splitlines() if "─" not in line} - rows
    assert all(line.startswith("… and") for line in more)
