"""`nextword run +search=NAME`: from the command line to a search, and its summary."""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import UserError
from benchmark.search.record import SearchRecord, digest_of, short_names
from benchmark.sweep.compose import INCIDENTAL, Collector
from benchmark.sweep.named_sweeps import key_of
from benchmark.sweep.torchrun import check_one_run
from benchmark.terminal import Column, table

if TYPE_CHECKING:
    from benchmark.search.search_file import SearchSettings
    from benchmark.search.space import Space

#: Trials in the table of the summary.
SHOWN = 10


def names_search(arguments: Sequence[str]) -> bool:
    """Whether this is the command line of a search."""
    return any(key_of(argument) == "search" for argument in arguments)


def run_search(arguments: Sequence[str]) -> int:
    """Run the search; the exit status is 1 if no trial finished well."""
    name, own, rest = _split(arguments)
    from benchmark.search.conduct import conduct
    from benchmark.search.search_file import load_search, without
    from benchmark.search.study import Study

    settings = load_search(name, own)
    given = {key_of(argument) for argument in rest}
    settings = without(settings, [key for key in settings.space if key.lstrip("+") in given])
    taken = given | set(settings.space)
    shared = [*(override for override in settings.base_overrides if key_of(override) not in taken), *rest]
    if "impossible" not in given:
        shared.append("impossible=skip")  # settings that the model refuses make a failed trial
    collector = Collector()
    jobs = collector.jobs(shared)
    if not jobs:  # Hydra has answered a question (--cfg, --info, --hydra-help)
        return 0
    check_one_run(max(settings.trials, 2))
    _check_space(name, settings.parameters, shared, collector)
    study = Study(settings)
    command = shlex.join(["nextword", "run", *_reproducible(arguments)])
    record = _new_record(name, settings, _reproducible(shared), command, study.trials)
    results_dir = jobs[0].results_dir
    record = conduct(record, study, shared, results_dir, collector, lambda line: print(line, flush=True))
    return _summary(record, results_dir)


def _new_record(
    name: str, settings: SearchSettings, base: list[str], command: str, trials: int
) -> SearchRecord:
    """The record of a search before its first trial; its digest is over what determines the trials."""
    from benchmark.search.study import proposer

    determining = {
        "base": base,
        **{key: getattr(settings, key) for key in ("space", "sampler", "seed", "batch", "measure")},
        "proposer": proposer(settings),
    }
    return SearchRecord(
        name=name,
        digest=digest_of(determining),
        description=settings.description,
        command=command,
        planned=trials,
        **determining,
    )


def _reproducible(arguments: Sequence[str]) -> list[str]:
    """Arguments without those that only concern where and how runs are made."""
    return [argument for argument in arguments if key_of(argument).partition(".")[0] not in INCIDENTAL]


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
            own[key.removeprefix("search.")] = _value(argument, value)
        else:
            rest.append(argument)
    if len(names) > 1:
        raise UserError("give one +search=NAME at a time")
    return names[0], own, rest


def _value(argument: str, text: str) -> Any:
    """A value as Hydra reads it: `30`, `random`, `{low: 1, high: 5}`."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import OverrideParseException

    try:
        override = OverridesParser.create().parse_override(f"value={text}")
    except OverrideParseException as error:
        raise UserError(f"{argument} is not usable: {str(error).splitlines()[0]}") from error
    if override.is_sweep_override():
        raise UserError(f"{argument} is not usable: give one value")
    return override.value()


def _check_space(name: str, parameters: Space, shared: list[str], collector: Collector) -> None:
    """Raise UserError for a setting of the space that the base does not have."""
    from benchmark.search.space import overrides

    point = {key: parameter.at(0.0) for key, parameter in parameters.items()}
    try:
        collector.jobs([*shared, *overrides(point)])
    except UserError as error:
        raise UserError(f"the space of search {name}: {error}") from error


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
    failed = f", {len(record.failed)} of them failed" if record.failed else ""
    print(f"\n{record.name}: {len(record.trials)} trials{failed}; recorded in {record.path(results_dir)}")
    print(f"chosen by validation perplexity; to repeat the best trial:\n  {best.command}")
    return 0


def _table(record: SearchRecord) -> str:
    settings = [Column(name, right=True, folds=True) for name in short_names(record.space)]
    rows = [
        (f"{trial.valid_perplexity:.2f}", *(str(trial.parameters[key]) for key in record.space), trial.run_id)
        for trial in record.ranked[:SHOWN]
    ]
    return table([Column("validation perplexity", right=True), *settings, Column("run", spare=1)], rows)
