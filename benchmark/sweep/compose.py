"""From a command line to jobs, through Hydra: composition, overrides, multirun.

Hydra's basic launcher would run one job after the other and stop at the first that fails, so under it
the task only hands over its configuration; `launch` runs what was collected.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from typing import Any

from benchmark.errors import UserError, did_you_mean
from benchmark.job import Job
from benchmark.record.reference import with_folders, with_ids_as_text
from benchmark.settings import check_settings, choices, conf_dir
from benchmark.sweep.mistakes import explained

#: Settings that change nothing of what a run finds.
INCIDENTAL = frozenset({"force", "workers", "results_dir", "corpora_dir", "cache_dir"})


def collect(arguments: Sequence[str]) -> list[Job]:
    """Every job that `nextword run ARGUMENTS` stands for, each once, in order.

    Raises UserError for a name, key or value that does not fit.
    """
    for argument in arguments:
        if argument.startswith("hydra/launcher=") and argument != "hydra/launcher=basic":
            raise UserError(f"{argument} is not supported; workers=N runs N jobs at once")
    sweep, rest = _named_sweep([with_ids_as_text(argument) for argument in arguments])
    if sweep is None:
        return _once([job for choice in _choices(rest) for job in _composed(choice)])
    jobs = []
    given = [a for a in rest if a not in ("-m", "--multirun") and _key(a) != "model"]
    keys = {_key(argument) for argument in given}
    for grid in _of_models(_grids(sweep), [a.partition("=")[2] for a in rest if _key(a) == "model"]):
        kept = [override for override in grid if _key(override) not in keys]
        for choice in _choices(["--multirun", *kept, *given]):
            jobs += _composed(choice)
    return _once(jobs)


def _choices(arguments: Sequence[str]) -> Iterator[list[str]]:
    """A multirun over models or corpora as one multirun for each of them, in their order.

    Hydra composes what the jobs of a multirun share with its defaults in place of the swept groups, so a
    setting that only the swept models have (`-m model=rnn,lstm model.layers=1`) would be unknown to it.
    """
    multirun = "-m" in arguments or "--multirun" in arguments
    yield from map(
        list,
        product(
            *(
                [f"{_key(a)}={name}" for name in a.partition("=")[2].split(",")]
                if multirun and re.fullmatch(r"(model|corpus)=\w+(,\w+)+", a)
                else [a]
                for a in arguments
            )
        ),
    )


def _of_models(grids: list[list[str]], models: list[str]) -> list[list[str]]:
    """The grids narrowed to the models that the command line names (`model=a,b`; none named: all).

    A model that no grid has runs with what the grids say of everything but models.
    """
    if not models:
        return grids
    wanted = models[-1].split(",")
    narrowed, found = [], set()
    for grid in grids:
        own = [a.partition("=")[2].split(",") for a in grid if _key(a) == "model"]
        here = [name for name in wanted if own and name in own[-1]]
        if here:
            found.update(here)
            narrowed.append([f"model={','.join(here)}", *(a for a in grid if _key(a) != "model")])
    others = [name for name in wanted if name not in found]
    rest = [a for a in grids[0] if _key(a).split(".")[0].split("@")[-1] != "model"]
    return narrowed + ([[f"model={','.join(others)}", *rest]] if others else [])


def _named_sweep(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """`+sweep=NAME` taken out of a command line."""
    names = [a.partition("=")[2] for a in arguments if _key(a) == "sweep"]
    rest = [a for a in arguments if _key(a) != "sweep"]
    if len(names) > 1:
        raise UserError("give one +sweep=NAME at a time")
    return (names[0] if names else None), rest


def _grids(sweep: str) -> list[list[str]]:
    """The grids of `conf/sweep/NAME.yaml`: each a list of overrides, multiplied out like `-m` does."""
    if sweep not in choices("sweep"):
        raise UserError(f"there is no sweep {sweep!r}. {did_you_mean(sweep, choices('sweep'))}")
    from omegaconf import OmegaConf

    path = conf_dir() / "sweep" / f"{sweep}.yaml"
    grids = OmegaConf.to_container(OmegaConf.load(path))
    grids = grids.get("grids") if isinstance(grids, dict) else None
    if not isinstance(grids, list) or not all(isinstance(grid, str) for grid in grids):
        raise UserError(
            f"{path}: a sweep needs `grids`, a list of override lines such as `model=lstm seed=1,2`"
        )
    return [shlex.split(grid) for grid in grids]


def _key(argument: str) -> str:
    return argument.partition("=")[0].lstrip("+~")


def _once(jobs: list[Job]) -> list[Job]:
    return list({json.dumps(job.config, sort_keys=True): job for job in jobs}.values())


def _composed(arguments: list[str]) -> list[Job]:
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import DictConfig, OmegaConf

    jobs: list[Job] = []

    def task(cfg: DictConfig) -> None:
        config: Any = OmegaConf.to_container(cfg, resolve=True)
        jobs.append(Job(config, _command(HydraConfig.get().overrides.task)))

    with _hydra_command_line(arguments):
        try:
            hydra.main(config_path=str(conf_dir()), config_name="config", version_base="1.3")(task)()
        except Exception as error:
            raise UserError(explained(error, arguments)) from error
    for job in jobs:
        check_settings(job.config)
    return [replace(job, config=_with_finished_runs(job)) for job in jobs]


def _with_finished_runs(job: Job) -> dict[str, Any]:
    """A job's configuration, with the finished runs that its model builds upon looked up by name."""
    return {**job.config, "model": with_folders(job.config["model"], job.results_dir)}


def _command(overrides: Sequence[str]) -> str:
    """The command line that repeats a run anywhere: without what says where and how it was run here."""
    kept = [override for override in overrides if _key(override) not in INCIDENTAL]
    return shlex.join(["nextword", "run", *kept])


@contextmanager
def _hydra_command_line(arguments: list[str]) -> Iterator[None]:
    """Hydra reads `sys.argv`, and raises its errors (so that they can be made readable) if told so."""
    from hydra.core.global_hydra import GlobalHydra

    argv, full_error = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv = ["nextword", *arguments]
    os.environ["HYDRA_FULL_ERROR"] = "1"
    GlobalHydra.instance().clear()
    try:
        yield
    finally:
        sys.argv = argv
        del os.environ["HYDRA_FULL_ERROR"]
        if full_error is not None:
            os.environ["HYDRA_FULL_ERROR"] = full_error
