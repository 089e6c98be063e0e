"""Which runs are only trials of searches, read from the records of the searches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmark.storage.reading import checked, or_warn, read_json_object

#: The folder of the records (see `benchmark.search.record`), below the results folder.
SEARCHES = "searches"
_NONE: tuple[set[str], str | None] = (set(), None)


@dataclass(frozen=True)
class _Trial:
    number: int
    run_id: str
    made: bool = True


@dataclass(frozen=True)
class _Search:
    """What is needed of a record; `best` is the number of a trial."""

    trials: tuple[_Trial, ...] = ()
    best: int | None = None


def not_best(searches: Iterable[tuple[set[str], str | None]]) -> set[str]:
    """The runs that only exist because of a search and were not the best of any search.

    Each search is the ids of the runs that it made, and that of its best run. A search without a best run is
    left out: in it no trial finished well, and its failures are to be seen.
    """
    ended = [(made, best) for made, best in searches if best is not None]
    return {run_id for made, _ in ended for run_id in made} - {best for _, best in ended}


def trial_ids(results_dir: Path) -> set[str]:
    """The ids of the runs below a results folder that are only trials; a damaged record is a warning."""
    paths = sorted((results_dir / SEARCHES).glob("*.json"))
    return not_best(or_warn(partial(_runs, path), _NONE) for path in paths)


def _runs(path: Path) -> tuple[set[str], str | None]:
    search: _Search = checked(_Search, read_json_object(path), path)
    best = next((trial.run_id for trial in search.trials if trial.number == search.best), None)
    return {trial.run_id for trial in search.trials if trial.made}, best
