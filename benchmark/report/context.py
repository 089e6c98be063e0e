"""What every section gets: the runs, the rows made of them, and the rows ranked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmark import text
from benchmark.errors import UserError
from benchmark.measure.measure import Measure
from benchmark.measure.measures import MEASURES
from benchmark.record.folder import RunRecord
from benchmark.record.result import Result
from benchmark.report.corpus_titles import with_distinct_titles
from benchmark.report.group_runs import group_runs
from benchmark.report.model_settings import settings_of
from benchmark.report.ranking import RankedGroup, ranked_groups
from benchmark.report.rows import Machine, Row
from benchmark.report.task_groups import TaskGroup, task_groups
from benchmark.report.uncertainty import Uncertainty, uncertainty_of
from benchmark.search.record import SearchRecord, only_trials, read_searches


@dataclass(frozen=True, eq=False)
class Context:
    """The material of a report. `rows` holds every row of a language model, finished or not, and `of_tasks`
    every row of a task (`benchmark.task`).

    `results_dir` is the folder with peer measurements, which are not runs; it may be None. `all_searches` are
    those of the folder, finished or not.
    """

    records: tuple[RunRecord, ...]
    rows: tuple[Row, ...]
    results_dir: Path | None = None
    of_tasks: tuple[Row, ...] = ()
    all_searches: tuple[SearchRecord, ...] = ()

    @cached_property
    def ranked_groups(self) -> list[RankedGroup]:
        """Ranked rows, by corpus and protocol, but for those trained on a share of the text."""
        return ranked_groups([row for row in self.rows if row.train_share == 1], self._uncertainty_of)

    @cached_property
    def groups_with_shares(self) -> list[RankedGroup]:
        """Ranked rows with those trained on a share of the text, for learning curves."""
        return ranked_groups(list(self.rows), self._uncertainty_of)

    @cached_property
    def task_groups(self) -> list[TaskGroup]:
        """Finished rows of tasks by the items that they answered, ranked."""
        return task_groups(self.of_tasks)

    @property
    def tasks_alone(self) -> bool:
        """Whether there are tasks, and no ranked language model beside them."""
        return bool(self.of_tasks) and not self.ranked_groups

    @cached_property
    def unranked_of_tasks(self) -> list[Row]:
        """Rows of tasks without a result that could be ranked."""
        ranked = {row.number for group in self.task_groups for row in group.rows}
        return [row for row in self.of_tasks if row.number not in ranked]

    def _uncertainty_of(self, rows: Sequence[Row]) -> Uncertainty | None:
        """`uncertainty_of` some of the rows. Most groups are the same with rows trained on a share."""
        numbers = tuple(row.number for row in rows)
        if numbers not in self._uncertainties:
            self._uncertainties[numbers] = uncertainty_of(rows)
        return self._uncertainties[numbers]

    @cached_property
    def _uncertainties(self) -> dict[tuple[int, ...], Uncertainty | None]:
        """Those that were asked for, by the numbers of the rows in order."""
        return {}

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """The measures that are shown: all but optional ones that no ranked row has."""
        rows = [row for group in self.ranked_groups for row in group.rows]
        return tuple(
            measure
            for measure in MEASURES
            if not measure.optional or any(row.mean(measure) is not None for row in rows)
        )

    @cached_property
    def searches(self) -> tuple[SearchRecord, ...]:
        """Searches in which a trial finished well, but for those of `nextword tune`."""
        return tuple(search for search in self._searches if not search.tuning)

    @cached_property
    def tunings(self) -> tuple[SearchRecord, ...]:
        """Entries of `nextword tune` of which a trial finished well."""
        return tuple(search for search in self._searches if search.tuning)

    @cached_property
    def _searches(self) -> list[SearchRecord]:
        return [search for search in self.all_searches if search.best is not None]

    @cached_property
    def results(self) -> dict[str, Result]:
        """The record of every run, by its id."""
        return {run.folder.name: run.result for run in self.records}

    @cached_property
    def best_settings(self) -> dict[str, dict[str, Any]]:
        """The settings of the runs of tuned entries' first and best trials, by their ids."""
        told = {trial.run_id for search in self.tunings for trial in (search.best, search.trials[0]) if trial}
        return {run.folder.name: settings_of(run) for run in self.records if run.folder.name in told}

    def family_of(self, search: SearchRecord) -> str:
        """The family of a search: that of its best trial that is at hand, or else of any run of its model;
        empty if there is none."""
        ranked = search.ranked
        found = (self.results[trial.run_id].family for trial in ranked if trial.run_id in self.results)
        models = (self._families.get(text.clean(trial.model)) for trial in ranked)
        return next((family for family in (*found, *models) if family), "")

    @cached_property
    def _families(self) -> dict[str, str]:
        """The family of each model."""
        return {text.clean(r.model): r.family for r in self.results.values() if r.family}

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of the row that a run belongs to, by the id of the run."""
        rows = (*self.rows, *self.of_tasks)
        return {run.folder.name: row.number for row in rows for run in row.runs}

    @cached_property
    def machines(self) -> dict[Machine, str]:
        """Every machine that timed a finished row, with the letter that stands for it."""
        timed = (row for row in (*self.rows, *self.of_tasks) if row.done and row.is_timed)
        found = sorted({row.machine for row in timed})
        return {machine: letter(index) for index, machine in enumerate(found)}

    def machine_of(self, row: Row) -> str | None:
        """The letter of the machine that timed a row; None if nothing did."""
        return self.machines.get(row.machine) if row.is_timed else None


def letter(index: int) -> str:
    """A, B, … Z, AA, AB, …"""
    digits = ""
    index += 1
    while index:
        index, digit = divmod(index - 1, 26)
        digits = chr(ord("A") + digit) + digits
    return digits


def context_of(records: Sequence[RunRecord], results_dir: Path | None = None) -> Context:
    """The material of a report on these runs.

    Raises UserError, with a command that makes a run, if there are none.
    """
    if not records:
        make = "make one with: nextword run model=kneser_ney corpus=sotu_small"
        if results_dir is not None and not results_dir.exists():
            raise UserError(f"there is no folder {results_dir}, where runs would be; {make}")
        raise UserError(f"no finished run{f' in {results_dir}' if results_dir else ''}; {make}")
    records = with_distinct_titles(records)
    searches = read_searches(results_dir)
    trials = only_trials(searches)  # in the section on searches only
    compared = [record for record in records if record.folder.name not in trials]
    rows = group_runs(compared)
    return Context(
        tuple(records),
        tuple(row for row in rows if row.first.task is None),
        results_dir,
        tuple(row for row in rows if row.first.task is not None),
        tuple(searches),
    )
