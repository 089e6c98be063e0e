"""Both families with the same limit on a cost: who is chosen at each, and how sure the difference is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmark.measure.measures import TRAIN_SECONDS
from benchmark.record.blocks import BlockLosses, write_blocks
from benchmark.record.folder import read_runs
from benchmark.report.blocks import Paragraph
from benchmark.report.context import context_of
from benchmark.report.cost_curves import MEMORY, NUMBERS
from benchmark.report.sections import break_even, equal_costs
from benchmark.report.tables import Table
from benchmark.statistics.bootstrap import bootstrap


@pytest.fixture
def costing(run):
    """A run with its costs; the validation perplexity is 1 more than the test perplexity unless given."""

    def write(model, family, seconds, test, valid=None, **more):
        own = {"train_seconds": seconds, "bytes_in_memory": round(1e6 * seconds), **more}
        return run(model, model, family, test, run_id=model, valid_perplexity=valid or test + 1, **own)

    return write


def tables(folder):
    section = equal_costs.build(context_of(read_runs(folder)))
    return {} if section is None else {b.name: b for b in section.blocks if isinstance(b, Table)}


def cells(table):
    shown = [index for index, column in enumerate(table.columns) if column.level == "key"]
    return [[row.cells[index].shown for index in shown] for row in table.groups[0].rows]


def test_at_each_limit_validation_chooses_among_what_costs_no_more(costing, tmp_path):
    costing("kn3", "count", 1.5, 80.0)
    costing("kn5", "count", 8.0, 70.0)
    costing("lucky", "count", 9.0, 60.0, valid=90.0)  # better on the test text only
    costing("rnn", "neural", 25.0, 75.0)
    costing("lstm", "neural", 250.0, 56.0)
    table = tables(tmp_path)[f"at_most_{TRAIN_SECONDS.key}"]
    # 100 s is left out: nobody has a better run than at 30 s
    assert cells(table) == [
        ["30.0 s", "kn5", "70.0", "rnn", "75.0", "+7.1%"],
        ["5.00 min", "kn5", "70.0", "lstm", "56.0", "−20.0%"],
    ]
    assert [row[0] for row in cells(tables(tmp_path)[f"at_most_{MEMORY.key}"])] == ["30.0 MB", "300 MB"]


def test_the_limit_on_numbers_counts_parameters_and_ngrams(costing, tmp_path):
    costing("kn", "count", 1.0, 70.0, entries=4_000_000, parameters=None)
    costing("lstm", "neural", 1.0, 60.0, entries=None, parameters=900_000)
    table = tables(tmp_path)[f"at_most_{NUMBERS.key}"]
    assert cells(table) == [["10.0 M", "kn", "70.0", "lstm", "60.0", "−14.3%"]]


def test_of_one_family_there_is_no_section(costing, tmp_path):
    costing("kn3", "count", 1.5, 80.0)
    assert tables(tmp_path) == {}


def test_the_difference_has_the_interval_of_the_two(costing, tmp_path):
    random, targets = np.random.default_rng(4), np.full(50, 300)
    losses = []
    for model, family, mean in (("kn", "count", 4.5), ("lstm", "neural", 4.4)):
        nll = targets * random.normal(mean, 0.2, 50)
        losses.append(nll[None, :])
        perplexity = math.exp(nll.sum() / targets.sum())
        write_blocks(costing(model, family, 1.0, perplexity), BlockLosses("documents", targets, nll))
    row = cells(tables(tmp_path)[f"at_most_{TRAIN_SECONDS.key}"])[0]
    nats = bootstrap(losses, targets).combined([-1, 1])
    low, high = (f"{100 * math.expm1(end):+.1f}%".replace("-", "−") for end in (nats.low, nats.high))
    assert row[-1] == f"{low} to {high}"


SLOW, FAST = {"device_name": "slow machine"}, {"device_name": "fast machine"}


def notes(folder, of=equal_costs):
    section = of.build(context_of(read_runs(folder)))
    return [b.parts[0] for b in section.blocks if isinstance(b, Paragraph) and b.tone == "note"]


def test_seconds_are_compared_where_both_families_come_closest_to_their_best(costing, tmp_path):
    for order in range(3, 9):  # most rows, but not the best
        costing(f"kn{order}", "count", 10.0 * order, 100.0 - order, **SLOW)
    costing("lstm", "neural", 300.0, 90.0, **SLOW)
    costing("goodman", "count", 38.0, 70.0, **FAST)
    costing("gru", "neural", 280.0, 60.0, **FAST)
    costing("lone", "neural", 5.0, 59.0, device_name="third machine")  # no n-gram model beside it
    table = tables(tmp_path)[f"at_most_{TRAIN_SECONDS.key}"]
    assert cells(table) == [["5.00 min", "goodman", "70.0", "gru", "60.0", "−14.3%"]]
    assert table.groups[0].note == "on fast machine (cpu, 1 thread)"
    note = (
        "Penn Treebank, training time: compared on fast machine (cpu, 1 thread). Timed on another machine, "
        "and so missing: lone (test perplexity 59.0, 5.00 s on third machine (cpu, 1 thread))."
    )
    assert notes(tmp_path) == [note]
    assert note in notes(tmp_path, break_even)
    pair = next(pair for pair in pairs(tmp_path) if pair[2] == "choice")
    assert pair[:4] == ["any network", "any n-gram model", "choice", "ahead from 4.67 min"]


def pairs(folder):
    section = break_even.build(context_of(read_runs(folder)))
    return cells(next(b for b in section.blocks if isinstance(b, Table)))


def test_of_machines_that_are_as_good_the_one_with_most_rows_is_taken(costing, tmp_path):
    costing("kn", "count", 2.0, 70.0, **FAST)
    costing("kenlm", "count", 3.0, 70.001, **SLOW)
    costing("kn3", "count", 1.0, 80.0, **SLOW)
    costing("lstm", "neural", 30.0, 60.0, **FAST)
    costing("lstm2", "neural", 40.0, 60.001, **SLOW)
    table = tables(tmp_path)[f"at_most_{TRAIN_SECONDS.key}"]
    assert [row[1:4:2] for row in cells(table)] == [["kenlm", "lstm2"]]
    assert notes(tmp_path) == []
