"""Which runs are only trials of searches, read from the records of the searches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from benchmark.storage.reading import checked, or_warn, read_json_object

#: The folder of the records (see `benchmark.search.record`), below the results folder.
SEARCHES = "searches"
_NONE: tuple[tuple[OfSearch, ...], str | None] = ((), None)


class OfSearch(Protocol):
    """What of a trial tells whether its run is one on its own (see `benchmark.search.record.Trial`)."""

    @property
    def run_id(self) -> str: ...

    @property
    def made(self) -> bool: ...

    @property
    def wanted(self) -> bool: ...


@dataclass(frozen=True)
class _Trial:
    number: int
    run_id: str
    made: bool = True
    wanted: bool = False


@dataclass(frozen=True)
class _Search:
    """What is needed of a record; `best` is the number of a trial."""

    trials: tuple[_Trial, ...] = ()
    best: int | None = None


def not_best(searches: Iterable[tuple[Iterable[OfSearch], str | None]]) -> set[str]:
    """The runs that only exist because of a search, that nobody has asked for by themselves, and that were
    not the best of any search.

    Each search is its trials and the id of its best run. A search without a best run is left out: in it no
    trial finished well, and its failures are to be seen.
    """
    ended = [(trials, best) for trials, best in searches if best is not None]
    trials = [trial for found, _ in ended for trial in found]
    # a run that was there before one search, or was asked for since, counts as that for all
    own = {trial.run_id for trial in trials if trial.wanted}
    return {trial.run_id for trial in trials if trial.made} - own - {best for _, best in ended}


def trial_ids(results_dir: Path) -> set[str]:
    """The ids of the runs below a results folder that are only trials; a damaged record is a warning."""
    paths = sorted((results_dir / SEARCHES).glob("*.json"))
    return not_best(or_warn(partial(_runs, path), _NONE) for path in paths)


def _runs(path: Path) -> tuple[tuple[OfSearch, ...], str | None]:
    search: _Search = checked(_Search, read_json_object(path), path)
    best = next((trial.run_id for trial in search.trials if trial.number == search.best), None)
    return search.trials, best
