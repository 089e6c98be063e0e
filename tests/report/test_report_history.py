"""Both families are compared with the same history, chosen by validation."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.record.blocks import BlockLosses, write_blocks
from benchmark.record.folder import read_runs
from benchmark.report.context import context_of
from benchmark.report.sections import history
from benchmark.statistics.bootstrap import bootstrap


def blocks(tmp_path):
    section = history.build(context_of(read_runs(tmp_path), tmp_path))
    return None if section is None else section.blocks


def cells(table):
    return [[cell.shown for cell in row.cells] for row in table.groups[0].rows]


def words(paragraph):
    return "".join(part if isinstance(part, str) else part.text for part in paragraph.parts)


@pytest.fixture
def of(run):
    """A run with a history; what it scores on the validation text decides whether it is chosen."""

    def write(model, family, context, test, valid=None, **settings):
        run(
            model,
            model,
            family,
            test,
            run_id=f"{model}_{context}",
            context=context,
            valid_perplexity=valid or test,
            model_settings={"context": context, **settings},
        )

    return write


def test_each_family_is_chosen_by_validation_at_each_history(of, tmp_path):
    of("kn", "count", "sentence", 66.0)
    of("kn_stream", "count", "sentence", 64.0, valid=70.0)  # better on the test text only
    of("cache", "count", "stream", 60.0)
    of("lstm", "neural", "sentence", 62.7)
    of("lstm", "neural", "stream", 57.0)
    introduction, verdict, equal, both = blocks(tmp_path)
    assert "validation perplexity" in words(introduction)
    assert cells(equal) == [
        ["within the sentence", "kn", "66.0", "lstm (context sentence)", "62.7", "−5.0%"],
        ["across sentences", "cache", "60.0", "lstm (context stream)", "57.0", "−5.0%"],
    ]
    assert cells(both) == [["lstm (context sentence)", "neural", "62.7", "57.0", "9.1%"]]
    said = words(verdict)
    assert "within the sentence, the best network is 5.0% below the best n-gram model" in said
    assert (
        "lowers the perplexity of the best network by 9.1% and that of the best n-gram model by 9.1%" in said
    )


def test_models_that_differ_in_more_than_history_are_no_pair(of, tmp_path):
    of("lstm", "neural", "sentence", 62.0, layers=1)
    of("lstm", "neural", "stream", 57.0, layers=2)
    of("kn", "count", "sentence", 66.0)
    assert blocks(tmp_path) is None


def test_a_network_that_loses_is_said_to(of, tmp_path):
    of("kn", "count", "sentence", 50.0)
    of("kn", "count", "stream", 50.0)
    of("lstm", "neural", "sentence", 55.0)
    of("lstm", "neural", "stream", 50.0)
    said = words(blocks(tmp_path)[1])
    assert "10.0% above the best n-gram model" in said
    assert "Across sentences, it is level with" in said


def test_differences_have_paired_intervals(of, tmp_path):
    """Every row's losses are those of the first, shifted by a little noise for each block."""
    of("kn", "count", "sentence", 66.0)
    of("kn", "count", "stream", 66.0)
    of("lstm", "neural", "sentence", 62.0)
    of("lstm", "neural", "stream", 57.0)
    of("rnn", "neural", "stream", 59.0)
    random = np.random.default_rng(3)
    targets = random.integers(300, 900, 20)
    shared = random.normal(0, 0.3, 20)
    losses = {}
    for run in read_runs(tmp_path):
        if run.result.model == "rnn":
            continue  # keeps no blocks
        noise = shared + random.normal(0, 0.05, 20)
        nll = targets * (np.log(run.result.test_perplexity) + noise - targets @ noise / targets.sum())
        losses[run.result.model, run.result.context] = nll[None, :]
        write_blocks(run.folder, BlockLosses("documents", targets, nll))
    found = bootstrap(list(losses.values()), targets)
    places = list(losses)

    def ratio(above, below):
        weights = np.zeros(len(places))
        weights[places.index(above)], weights[places.index(below)] = 1, -1
        nats = found.combined(weights)
        return np.exp([nats.low, nats.high])

    def ends(table, column):
        keys = [one.key for one in table.columns]
        rows = [
            [row.cells[keys.index(f"{column}_{end}")].value for end in ("low", "high")]
            for row in table.groups[0].rows
        ]
        return np.array(rows)

    _, verdict, equal, both = blocks(tmp_path)
    histories = ("sentence", "stream")
    expected = [ratio(("lstm", history), ("kn", history)) - 1 for history in histories]
    assert ends(equal, "difference") == pytest.approx(np.array(expected), abs=1e-3)
    gains = [1 - ratio((model, "stream"), (model, "sentence"))[::-1] for model in ("lstm", "kn")]
    assert ends(both, "gain") == pytest.approx(np.array(gains), abs=1e-3)
    assert "Intervals are over 20 documents of the test text." in both.caption
    assert "95% interval of the difference: −" in words(verdict)
