"""How much was tried before the best model of a family was chosen."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from benchmark import text
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.search.record import SearchRecord, Trial


@dataclass(frozen=True)
class Effort:
    """`settings`: how many were tried, seeds of one setting counting once. `seconds`: the training of all of
    them, with all seeds; in trials of a search with the scoring of the validation text."""

    settings: int
    seconds: float


def effort(group: RankedGroup, family: str, searches: Iterable[SearchRecord]) -> Effort:
    """What was tried of a family on a corpus: its ranked rows, and the trials of searches that are no row.

    A search is of the family that its best trial, which is a row, belongs to.
    """
    rows = group.family(family)
    known = {run.folder.name: row for row in group.rows for run in row.runs}
    trials = {
        trial.run_id: trial
        for search in searches
        if _family(search, known) == family
        for trial in search.trials
        if trial.run_id not in known and text.clean(trial.corpus) == group.corpus
    }
    seconds = [run.result.train_seconds or 0.0 for row in rows for run in row.runs]
    seconds += [trial.core_seconds or 0.0 for trial in trials.values()]
    return Effort(len(rows) + len(trials), math.fsum(seconds))


def _family(search: SearchRecord, known: dict[str, Row]) -> str:
    """The family of a search's best trial that is a row; empty if there is none."""
    ranked: list[Trial] = search.ranked
    return next((known[trial.run_id].family for trial in ranked if trial.run_id in known), "")
