"""How much the answer says was tried for the best model of each family."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.record.blocks import BlockLosses, write_blocks
from benchmark.record.folder import read_runs
from benchmark.report.context import context_of
from benchmark.report.effort import Effort, effort
from benchmark.report.sections import answer
from benchmark.search.record import SearchRecord, Trial
from benchmark.statistics.bootstrap import bootstrap


def trial(number: int, run_id: str, perplexity: float | None, **more: Any) -> Trial:
    told = {"state": "diverged" if perplexity is None else "ok", "value": perplexity}
    parameters = {"model.layers": number}
    named = {"model": "lstm", "corpus": "ptb", "label": "LSTM", "command": "nextword run model=lstm"}
    return Trial(**{"number": number, "run_id": run_id, "parameters": parameters, **named, **told, **more})


def search(trials: list[Trial]) -> SearchRecord:
    space = {"model.layers": {"low": 1, "high": 4}}
    told = {"description": "", "command": "", "base": ["model=lstm"], "measure": "valid_perplexity"}
    drawn = {"sampler": "random", "seed": 1, "batch": 4, "proposer": "", "planned": 4}
    return SearchRecord(name="mine", digest="0", space=space, trials=tuple(trials), **told, **drawn)


def test_the_answer_counts_what_was_tried_for_each_family(run, tmp_path: Path) -> None:
    run("kn", "KN", "count", 140.0, run_id="a", train_seconds=3.0)
    for seed in (1, 2):  # one setting
        run("lstm", "LSTM", "neural", 120.0, run_id=f"b{seed}", seed=seed, train_seconds=100.0)
    trials = [
        trial(1, "b1", 120.0, core_seconds=100.0),  # it is a row
        trial(2, "c", 130.0, core_seconds=40.0),
        trial(3, "d", None),  # it diverged, and was tried
        trial(4, "e", 150.0, corpus="brown", core_seconds=9.0),  # on another text
    ]
    search(trials).write(tmp_path)
    context = context_of(read_runs(tmp_path), tmp_path)
    group = context.ranked_groups[0]
    assert effort(group, "count", context) == Effort(1, 3.0)
    assert effort(group, "neural", context) == Effort(3, 240.0, 140.0)
    section = answer.build(context)
    assert section is not None
    table: Any = section.blocks[-1]
    assert [[cell.shown for cell in row.cells[-3:]] for row in table.groups[0].rows] == [
        ["1", "3.00 s", "–"],
        ["3", "4.00 min", "140"],
        ["–", "–", "–"],
    ]


def test_training_of_unknown_length_is_a_dash(run, tmp_path: Path) -> None:
    """Scores of another program may come without the time of its training."""
    run("scores", "Theirs", "neural", 120.0, run_id="a", train_seconds=None)
    run("kn", "KN", "count", 140.0, run_id="b", train_seconds=3.0)
    context = context_of(read_runs(tmp_path), tmp_path)
    assert effort(context.ranked_groups[0], "neural", context) == Effort(1, None)
    section = answer.build(context)
    assert section is not None
    table: Any = section.blocks[-1]
    assert [row.cells[-2].shown for row in table.groups[0].rows] == ["3.00 s", "–", "–"]


def test_a_search_counts_where_no_run_of_it_is_at_hand(run, tmp_path: Path) -> None:
    run("lstm", "LSTM", "neural", 120.0, run_id="a", train_seconds=100.0)
    run("kn", "KN", "count", 140.0)
    search([trial(1, "gone", 119.0, core_seconds=30.0)]).write(tmp_path)
    context = context_of(read_runs(tmp_path), tmp_path)
    assert effort(context.ranked_groups[0], "neural", context) == Effort(2, 130.0, 30.0)


def test_the_answer_has_intervals_and_seeds(run, tmp_path: Path) -> None:
    random, targets = np.random.default_rng(4), np.full(50, 300)
    losses = []
    for model, family, mean in (("kn", "count", 4.5), ("lstm", "neural", 4.4)):
        nll = targets * random.normal(mean, 0.2, 50)
        losses.append(nll[None, :])
        folder = run(model, model, family, math.exp(nll.sum() / targets.sum()))
        write_blocks(folder, BlockLosses("documents", targets, nll))
    context = context_of(read_runs(tmp_path), tmp_path)
    section = answer.build(context)
    assert section is not None
    table: Any = section.blocks[-1]
    keys = [column.key for column in table.columns]
    shown = [dict(zip(keys, [cell.shown for cell in row.cells], strict=True)) for row in table.groups[0].rows]
    assert [row["seeds"] for row in shown] == ["1", "1", "–"]
    low, high = context.ranked_groups[0].best("count").interval  # type: ignore[union-attr, misc]
    assert shown[0]["test_perplexity_interval"] == f"{low:.1f} to {high:.1f}"
    nats = bootstrap(losses, targets).combined([-1, 1])
    assert shown[2]["test_perplexity_interval"] == f"×{math.exp(nats.low):.2f} to ×{math.exp(nats.high):.2f}"
