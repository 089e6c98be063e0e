"""How much the answer says was tried for the best model of each family."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmark.record.folder import read_runs
from benchmark.report.context import context_of
from benchmark.report.effort import Effort, effort
from benchmark.report.sections import answer
from benchmark.search.record import SearchRecord, Trial


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
    assert effort(group, "count", context.searches) == Effort(1, 3.0)
    assert effort(group, "neural", context.searches) == Effort(3, 240.0)
    section = answer.build(context)
    assert section is not None
    table: Any = section.blocks[-1]
    assert [[cell.shown for cell in row.cells[-2:]] for row in table.groups[0].rows] == [
        ["1", "3.00 s"],
        ["3", "4.00 min"],
        ["–", "–"],
    ]
