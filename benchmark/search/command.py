"""`nextword run +search=NAME`: from the command line to a search, and its summary."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmark.console.terminal import Column, table
from benchmark.errors import UserError
from benchmark.search.record import SearchRecord, short_names
from benchmark.sweep.compose import Collector
from benchmark.sweep.named_sweeps import key_of
from benchmark.sweep.torchrun import check_one_run
from benchmark.text import one_line, plural

#: Trials in the table of the summary.
SHOWN = 10


def names_search(arguments: Sequence[str]) -> bool:
    """Whether this is the command line of a search."""
    return any(key_of(argument) == "search" for argument in arguments)


def run_search(arguments: Sequence[str]) -> int:
    """Run the search; the exit status is 1 if no trial finished well."""
    name, own, rest = _split(arguments)
    from benchmark.search.conduct import conduct
    from benchmark.search.copies import warn_of_copies
    from benchmark.search.prepare import prepared, reproducible
    from benchmark.search.search_file import load_search

    command = shlex.join(["nextword", "run", *reproducible(arguments)])
    search = prepared(name, load_search(name, own), rest, command, Collector())
    if search is None:  # Hydra has answered a question (--cfg, --info, --hydra-help)
        return 0
    check_one_run(max(search.record.planned, 2))
    warn_of_copies([search.base], say)
    record = conduct(search, say)
    return _summary(record, search.results_dir)


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def _split(arguments: Sequence[str]) -> tuple[str, dict[str, Any], list[str]]:
    """The search's name, its own settings (`search.KEY=VALUE`), and the overrides of its runs."""
    names, own, rest = [], {}, []
    for argument in arguments:
        key, _, value = argument.partition("=")
        key = key.lstrip("+")
        if key in ("-m", "--multirun", "sweep"):
            raise UserError(f"+search=NAME makes its own runs: leave {argument} out")
        if key == "search":
            names.append(value)
        elif key.startswith("search."):
            own[key.removeprefix("search.")] = parsed_value(argument)
        else:
            rest.append(argument)
    if len(names) > 1:
        raise UserError("give one +search=NAME at a time")
    return names[0], own, rest


def parsed_value(argument: str) -> Any:
    """The value of KEY=VALUE as Hydra reads it: `30`, `random`, `{low: 1, high: 5}`. Raises UserError."""
    from benchmark.sweep.arguments import check_overrides, parsed_override

    check_overrides([argument])
    override = parsed_override(argument)
    if override.is_sweep_override():
        raise UserError(f"{argument} is not usable: give one value")
    return override.value()


def _summary(record: SearchRecord, results_dir: Path) -> int:
    reasons = Counter(
        f"{trial.state}: {(trial.reason or 'no reason recorded').splitlines()[0]}" for trial in record.failed
    )
    for reason, number in reasons.items():
        print(f"{number} × {reason}", file=sys.stderr)
    best = record.best
    if best is None:
        print(f"{record.name}: no trial of {len(record.trials)} finished well", file=sys.stderr)
        return 1
    print(f"\n{_table(record)}")
    spent = f", {record.spent:.0f} core-seconds" if record.core_seconds else ""
    print(
        f"\n{record.name}: {plural(len(record.trials), 'trial')}{_not_shown(record)}{spent}; "
        f"recorded in {record.path(results_dir)}"
    )
    print(f"chosen by {record.goal.name}; to repeat the best trial:\n  {one_line(best.command)}")
    return 0


def _not_shown(record: SearchRecord) -> str:
    """Why the table has fewer rows than there were trials."""
    values = sum(trial.value is not None for trial in record.trials)
    repeated, beyond = values - len(record.ranked), max(0, len(record.ranked) - SHOWN)
    said = {
        f", {len(record.failed)} without a result": record.failed,
        f", {repeated} of settings that an earlier one had, shown once": repeated,
        f", the best {SHOWN} shown": beyond,
    }
    return "".join(words for words, number in said.items() if number)


def _table(record: SearchRecord) -> str:
    settings = [Column(name, right=True, folds=True) for name in short_names(record.space)]
    rows = [
        (
            record.goal.text(record.goal.shown(trial.value)),
            *(str(trial.parameters[key]) for key in record.space),
            trial.run_id,
        )
        for trial in record.ranked[:SHOWN]
    ]
    return table([Column(record.goal.heading, right=True), *settings, Column("run", spare=1)], rows)
