"""The record of a search: `<results>/searches/<name>-<digest>.json`, written after every batch.

It names the runs of its trials; their results are in the run folders.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmark.errors import UserError
from benchmark.record.links import refuse_link
from benchmark.record.trials import SEARCHES, not_best
from benchmark.search.goal import GOALS, Goal
from benchmark.search.space import Point
from benchmark.storage.files import write_json
from benchmark.storage.reading import Unreadable, checked, or_warn, read_json_object
from benchmark.text import plural


@dataclass(frozen=True)
class Trial:
    """One trial: `number` from 1, what it varied, and how it ended.

    `state`: `asked` while it runs, then the status of the run. `value`: what the search lowers (see
    `benchmark.search.goal`), None unless the state is `ok`. `made`: this search made the run; it did not
    exist before. `wanted`: `nextword run` has been asked for that run by itself. `core_seconds`: what its
    training and the scoring of the validation split took (see `measure.effort`).
    """

    number: int
    parameters: Point
    run_id: str
    model: str
    corpus: str
    label: str
    command: str
    state: str = "asked"
    value: float | None = None
    reason: str | None = None
    made: bool = True
    wanted: bool = False
    core_seconds: float | None = None


@dataclass(frozen=True)
class SearchRecord:
    """A search as it is on disk. `planned`: its number of trials; `proposer`: the program that drew them.

    `core_seconds`: what it may spend, None without a limit. `from_defaults`: the first trial has the settings
    of the base. `tuning`: it is one entry of `nextword tune`, where every entry may spend the same.
    """

    name: str
    digest: str
    description: str
    command: str
    base: list[str]
    space: dict[str, Any]
    sampler: str
    seed: int
    batch: int
    measure: str
    proposer: str
    planned: int
    trials: tuple[Trial, ...] = ()
    core_seconds: float | None = None
    from_defaults: bool = False
    tuning: bool = False

    @property
    def goal(self) -> Goal:
        """What its trials are compared by."""
        return GOALS[self.measure]

    @property
    def limits(self) -> str:
        """What it may spend: `16 trials, 900 core-seconds`; the trials of a grid are all of its points."""
        most = f"a grid of {self.planned:,}" if self.sampler == "grid" else plural(self.planned, "trial")
        return most if self.core_seconds is None else f"{most}, {self.core_seconds:,.0f} core-seconds"

    @property
    def spent(self) -> float:
        """Core-seconds of all trials; a run that several trials share counts once."""
        return sum({trial.run_id: trial.core_seconds or 0.0 for trial in self.trials}.values())

    @property
    def ended(self) -> list[Trial]:
        """Trials that were made, well or not; a search that was stopped had asked for more."""
        return [trial for trial in self.trials if trial.state != "asked"]

    @cached_property  # asked for each row of a report
    def best(self) -> Trial | None:
        """The finished trial with the lowest value; the first of several."""
        return min(self.ranked, key=_order, default=None)

    @property
    def ranked(self) -> list[Trial]:
        """Finished trials, best first; of several with the same run, the first."""
        runs: dict[str, Trial] = {}
        for trial in self.trials:
            if trial.value is not None:
                runs.setdefault(trial.run_id, trial)
        return sorted(runs.values(), key=_order)

    @property
    def failed(self) -> list[Trial]:
        """Trials that ended without a value."""
        return [trial for trial in self.ended if trial.state != "ok"]

    def path(self, results_dir: Path) -> Path:
        """The file of the record."""
        return results_dir / SEARCHES / f"{self.name}-{self.digest}.json"

    def write(self, results_dir: Path) -> None:
        """Write the record whole or not at all; a run that was wanted in the meantime stays so. Raises
        UserError if it cannot be written."""
        path = self.path(results_dir)
        refuse_link(path.parent)
        refuse_link(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"cannot write to {path.parent}: {error.strerror or error}") from error
        best, earlier = self.best, read_record(path)
        wanted = {trial.run_id for trial in earlier.trials if trial.wanted} if earlier else set()
        written = asdict(self.with_wanted(wanted))
        write_json(path, {**written, "best": best.number if best else None})

    def with_wanted(self, run_ids: Set[str]) -> SearchRecord:
        """The record with these runs wanted by themselves, beside those that were before."""
        trials = (replace(trial, wanted=trial.wanted or trial.run_id in run_ids) for trial in self.trials)
        return replace(self, trials=tuple(trials))


def digest_of(settings: dict[str, Any]) -> str:
    """12 hexadecimal digits over what determines which trials a search proposes."""
    text = json.dumps(settings, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def read_record(path: Path) -> SearchRecord | None:
    """The record in a file; None if it is missing or, with a warning, if it is damaged (the search then
    writes it anew)."""
    return or_warn(lambda: _read(path), None)


def _read(path: Path) -> SearchRecord:
    record: SearchRecord = checked(SearchRecord, _as_now(read_json_object(path)), path)
    if record.measure not in GOALS:
        raise Unreadable(f"cannot read {path}: there is no measure {record.measure!r}")
    if not all(trial.parameters.keys() >= record.space.keys() for trial in record.trials):
        raise Unreadable(f"cannot read {path}: a trial lacks settings of the search")
    return record


def _as_now(data: dict[str, Any]) -> dict[str, Any]:
    """A record whose trials have their `value`, which was called `valid_perplexity` before tasks had any."""
    trials = data.get("trials")
    if not isinstance(trials, list):
        return data
    named = [
        {"value" if key == "valid_perplexity" else key: value for key, value in trial.items()}
        if isinstance(trial, dict)
        else trial
        for trial in trials
    ]
    return {**data, "trials": named}


def read_searches(results_dir: Path | None) -> list[SearchRecord]:
    """Every search of a results folder, by name, except damaged files."""
    if results_dir is None:
        return []
    records = (read_record(path) for path in sorted((results_dir / SEARCHES).glob("*.json")))
    return [record for record in records if record is not None]


def only_trials(searches: Iterable[SearchRecord]) -> set[str]:
    """The ids of runs that only exist because of a search, were not the best of any search, and were never
    asked for by themselves.

    Runs of a search in which no trial finished well are left out, so that their failures are reported.
    """
    return not_best((search.trials, search.best.run_id if search.best else None) for search in searches)


def want(results_dir: Path, run_ids: Set[str]) -> None:
    """Note in the searches of a results folder that these runs were asked for by themselves, so that they are
    ranked like any other. Raises UserError if a record cannot be written."""
    for record in read_searches(results_dir):
        noted = record.with_wanted(run_ids)
        if noted != record:
            noted.write(results_dir)


def defaults_trial(record: SearchRecord) -> Trial | None:
    """The trial with the entry's defaults, if it began with them and they finished well."""
    first = record.trials[0] if record.from_defaults and record.trials else None
    return first if first is not None and first.value is not None else None


def with_earlier(trials: Sequence[Trial], earlier: Sequence[Trial]) -> tuple[Trial, ...]:
    """The trials of a repeated or continued search, followed by the earlier ones beyond them."""
    return (*trials, *earlier[len(trials) :])


def short_names(keys: Iterable[str]) -> list[str]:
    """The shortest ends of setting names that tell them apart: `half_life`, `cache.order`."""
    parts = [re.split(r"[.@]", key.lstrip("+")) for key in keys]
    names = []
    for own in parts:
        length = 1
        while sum(other[-length:] == own[-length:] for other in parts) > 1 and length < len(own):
            length += 1
        names.append(".".join(own[-length:]))
    return names


def chosen(trial: Trial, space: Iterable[str]) -> dict[str, Any]:
    """What a trial chose, by the short names of the settings, in the order of the space."""
    keys = list(space)
    return dict(zip(short_names(keys), (trial.parameters[key] for key in keys), strict=True))


def _order(trial: Trial) -> tuple[float, int]:
    return (trial.value or 0.0, trial.number)
