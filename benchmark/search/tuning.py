"""`nextword tune`: one search for each entry, all with the same trials and core-seconds.

What an entry may spend stands in `conf/tuning.yaml`, what it varies in `conf/tuning/ENTRY.yaml`.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from benchmark import text
from benchmark.console.terminal import Column, table
from benchmark.errors import UserError, did_you_mean
from benchmark.job import Say
from benchmark.own_folder import config_dir_options
from benchmark.search.conduct import conduct
from benchmark.search.copies import warn_of_copies
from benchmark.search.prepare import prepared, reproducible
from benchmark.search.record import SearchRecord, chosen, defaults_trial
from benchmark.search.search_file import SearchSettings, read_options, search_of
from benchmark.settings import choices, conf_dir, conf_files
from benchmark.sweep.compose import Collector
from benchmark.sweep.named_sweeps import key_of

GROUP = "tuning"


def tune(entries: Sequence[str], limits: Mapping[str, Any], overrides: Sequence[str], say: Say) -> int:
    """Search for the settings of each entry; 1 if an entry has no good trial.

    If none is named, those are tuned whose own corpus is of the same kind as the one of the command line, or
    if that names none, is a text. `limits`: values in place of those of `conf/tuning.yaml`. `overrides` hold
    for every entry. Every entry is checked before the first is searched for. Raises UserError.
    """
    collector = Collector()
    settings = {entry: load_entry(entry, limits) for entry in entries or choices(GROUP)}
    if not entries:
        settings = of_one_kind(settings, overrides, collector)
    lines = [[*each.base_overrides, *overrides] for each in settings.values()]
    searches = []
    for (entry, each), line in zip(
        settings.items(), collector.without_foreign_settings(lines, overrides), strict=True
    ):
        own = [override for override in overrides if override in line]
        search = prepared(entry, each, own, _command(entry, limits, own), collector, tuning=True)
        if search is None:  # Hydra has answered a question
            return 0
        searches.append(search)
    warn_of_copies([search.base for search in searches], say)
    records = []
    for number, search in enumerate(searches, 1):
        say(f"entry {number} of {len(searches)}: {search.record.name}: {search.record.description}")
        records.append(conduct(search, say))
    say(f"\n{summary(records)}\n\n{_closing(records)}")
    for record in records:
        if record.best is None:
            print(f"{record.name}: no trial of {len(record.trials)} finished well", file=sys.stderr)
    return int(any(record.best is None for record in records))


def load_entry(entry: str, limits: Mapping[str, Any]) -> SearchSettings:
    """The search of an entry. Raises UserError naming the file and the key."""
    known = conf_files(GROUP)
    if entry not in known:
        raise UserError(f"there is no entry {entry!r} to tune. {did_you_mean(entry, known)}")
    shared = read_options(conf_dir() / f"{GROUP}.yaml")
    for key in limits:
        if key not in shared:
            raise UserError(f"{GROUP}.{key}: there is no such setting. {did_you_mean(key, shared)}")
    own = read_options(known[entry])
    return search_of(known[entry], limits, GROUP, {**shared, **own})


def of_one_kind(
    settings: Mapping[str, SearchSettings], overrides: Sequence[str], collector: Collector
) -> dict[str, SearchSettings]:
    """The entries whose own corpus has the task of the one that is given; without one, those of texts. Raises
    UserError if there is none."""
    corpus = [override for override in overrides if key_of(override) == "corpus"]
    own_files = config_dir_options(overrides)
    wanted = collector.jobs(["model=unigram", *corpus, *own_files])[0].task if corpus else None
    found = {
        entry: each
        for entry, each in settings.items()
        if collector.jobs([*each.base_overrides, *own_files])[0].task == wanted
    }
    if not found:
        raise UserError(f"no entry is tuned on corpora like {corpus[0]}: name one of {', '.join(settings)}")
    return found


def summary(records: Sequence[SearchRecord]) -> str:
    """A table with the best trial of each entry and what its search took."""
    columns = [
        Column("entry"),
        Column("trials", right=True),
        Column("core-seconds", right=True),
        Column("compared by"),
        Column("defaults", right=True),
        Column("best", right=True),
        Column("settings of the best", folds=True),
    ]
    return table(columns, [_line(record) for record in records])


def _command(entry: str, limits: Mapping[str, Any], overrides: Sequence[str]) -> str:
    given = [f"{GROUP}.{key}={value}" for key, value in limits.items()]
    return shlex.join(["nextword", "tune", entry, *given, *reproducible(overrides)])


def _line(record: SearchRecord) -> tuple[str, ...]:
    best, first = record.best, defaults_trial(record)
    settings = chosen(best, record.space) if best else {}
    goal = record.goal
    return (
        record.name,
        str(len(record.ended)),
        f"{record.spent:.0f}",
        goal.heading,
        goal.text(goal.shown(first.value)) if first else text.NONE,
        goal.text(goal.shown(best.value)) if best else text.NONE,
        ", ".join(f"{name}={value}" for name, value in settings.items()),
    )


def _closing(records: Sequence[SearchRecord]) -> str:
    limits = {record.limits for record in records}
    had = f"each entry had at most {limits.pop()}" if len(limits) == 1 else "the entries had unequal limits: "
    if limits:
        had += "; ".join(f"{record.name} {record.limits}" for record in records)
    return f"{had}. nextword report shows what each search gained."
