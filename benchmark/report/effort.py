"""How much was tried before the best model of a family was chosen."""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchmark import text
from benchmark.report.context import Context
from benchmark.report.ranking import RankedGroup
from benchmark.search.record import Trial


@dataclass(frozen=True)
class Effort:
    """`settings`: how many were tried, seeds of one setting counting once. `seconds`: the training of all of
    them, with all seeds; in trials of a search with the scoring of the validation text; None where no time is
    known. `searched`: the core-seconds of all trials of searches, None without a search."""

    settings: int
    seconds: float | None
    searched: float | None = None


def effort(group: RankedGroup, family: str, context: Context) -> Effort:
    """What was tried of a family on a corpus: its ranked rows, and the trials of searches that are no row."""
    rows = group.family(family)
    known = {run.folder.name for row in group.rows for run in row.runs}
    trials = {
        trial.run_id: trial
        for search in (*context.searches, *context.tunings)
        if context.family_of(search) == family
        for trial in search.trials
        if _of_group(trial, group, context)
    }
    others = [trial for trial in trials.values() if trial.run_id not in known]
    times = [run.result.train_seconds for row in rows for run in row.runs]
    times += [trial.core_seconds for trial in others]
    known_times = [time for time in times if time is not None]
    seconds = math.fsum(known_times) if known_times else None
    searched = math.fsum(trial.core_seconds or 0.0 for trial in trials.values()) if trials else None
    return Effort(len(rows) + len(others), seconds, searched)


def _of_group(trial: Trial, group: RankedGroup, context: Context) -> bool:
    """Whether a trial was made on the corpus of a group and, where its run is at hand, by its protocol."""
    if text.clean(trial.corpus) != group.corpus:
        return False
    result = context.results.get(trial.run_id)
    return result is None or text.clean(result.protocol_id or "") in ("", group.protocol)
