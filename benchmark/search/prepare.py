"""From the settings of a search to one that can be conducted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.build import class_for
from benchmark.errors import UserError
from benchmark.job import Job
from benchmark.search.goal import Goal, goal_for
from benchmark.search.record import SearchRecord, digest_of
from benchmark.search.search_file import SearchSettings, without
from benchmark.search.space import Choices, Parameter, Point, Space, Value, literal, overrides
from benchmark.search.study import Study, proposer
from benchmark.sweep.compose import INCIDENTAL, Collector
from benchmark.sweep.named_sweeps import key_of
from benchmark.task.tasks import TASKS


@dataclass(frozen=True)
class PreparedSearch:
    """A search before its first trial. `shared`: the overrides that all trials share; `base`: the run that
    they make without a trial's own."""

    record: SearchRecord
    study: Study
    shared: list[str]
    base: Job
    collector: Collector

    @property
    def results_dir(self) -> Path:
        """The folder of the record and of the trials' runs."""
        return self.base.results_dir


def prepared(
    name: str,
    settings: SearchSettings,
    given: Sequence[str],
    command: str,
    collector: Collector,
    *,
    tuning: bool = False,
) -> PreparedSearch | None:
    """The search with the command line's overrides (`given`), which fix what the space would vary.

    None if Hydra has answered a question instead (`--cfg`, `--info`). Raises UserError for a setting that the
    base does not have, and for a measure that its runs do not record.
    """
    keys = {key_of(argument) for argument in given}
    settings = without(settings, [key for key in settings.space if key.lstrip("+") in keys])
    taken = keys | set(settings.space)
    shared = [*(override for override in settings.base_overrides if key_of(override) not in taken), *given]
    if "impossible" not in keys:
        shared.append("impossible=skip")  # settings that the model refuses make a failed trial
    if "footprint" not in keys:
        shared.append("footprint=false")  # trials are many, and compared by their quality
    jobs = collector.jobs(shared)
    if not jobs:
        return None
    _check_kind(jobs[0])
    goal = goal_for(settings.measure, jobs[0].task, jobs[0].corpus)
    space = settings.parameters
    _check_space(name, space, shared, collector)
    # what the base sets of the space, and so has as defaults
    own = [override for override in settings.base_overrides if key_of(override) in set(space) - keys]
    base_job = collector.jobs([*own, *shared])[0] if own else jobs[0]
    study = Study(settings, _defaults(name, space, base_job.config) if settings.from_defaults else None)
    record = _new_record(name, settings, goal, reproducible(shared), command, study.trials, tuning, own)
    return PreparedSearch(record, study, shared, jobs[0], collector)


def _check_kind(job: Job) -> None:
    """Raises UserError where a model of labelled items is to be searched for on running text, or the other
    way round. Language models of ours are known by their package: importing torch takes seconds."""
    config = job.config["model"]
    target = str(config.get("_target_"))
    ours = target.startswith("baselines.") and not target.startswith("baselines.tasks.")
    if job.task is not None or not ours:
        class_for(config, TASKS.get(job.task or ""))


def reproducible(arguments: Sequence[str]) -> list[str]:
    """Arguments without those that only concern where and how runs are made."""
    return [argument for argument in arguments if key_of(argument).partition(".")[0] not in INCIDENTAL]


def _new_record(
    name: str,
    settings: SearchSettings,
    goal: Goal,
    base: list[str],
    command: str,
    trials: int,
    tuning: bool,
    defaults: list[str],
) -> SearchRecord:
    """The record of a search before its first trial; its digest is over what determines the trials."""
    determining = {
        "base": base,
        **{key: getattr(settings, key) for key in ("space", "sampler", "seed", "batch")},
        "measure": goal.key,
        "proposer": proposer(settings),
        **({"from_defaults": True} if settings.from_defaults else {}),
    }
    return SearchRecord(
        name=name,
        digest=digest_of(determining | ({"defaults": defaults} if defaults else {})),
        description=settings.description,
        command=command,
        planned=trials,
        core_seconds=settings.core_seconds,
        tuning=tuning,
        **determining,
    )


def _check_space(name: str, parameters: Space, shared: list[str], collector: Collector) -> None:
    """Raise UserError for a setting of the space that the base does not have."""
    point = {key: parameter.at(0.0) for key, parameter in parameters.items()}
    try:
        collector.jobs([*shared, *overrides(point)])
    except UserError as error:
        raise UserError(f"the space of search {name}: {error}") from error


def _defaults(name: str, space: Space, config: Mapping[str, Any]) -> Point:
    """What the base has for each setting of the space. Raises UserError for a value outside of it."""
    return {key: _default(name, key, parameter, config) for key, parameter in space.items()}


def _default(name: str, key: str, parameter: Parameter, config: Mapping[str, Any]) -> Value:
    if "." not in key or "@" in key:
        raise UserError(
            f"the space of search {name}: {key} has no value to begin from, since it chooses a file: "
            "set from_defaults: false"
        )
    value: Any = config
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(parameter, Choices):
        inside = any(type(value) is type(choice) and value == choice for choice in parameter.choices)
    else:
        inside = isinstance(value, int | float) and parameter.low <= value <= parameter.high
    if not inside:
        raise UserError(f"the space of search {name}: the default {key}={literal(value)} lies outside of it")
    return parameter.used(value)
