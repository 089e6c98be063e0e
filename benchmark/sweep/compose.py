"""From a command line to jobs, through Hydra: composition, overrides, multirun.

Hydra's basic launcher would run one job after the other and stop at the first that fails, so Hydra only
composes; `launch` runs what was collected.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import UserError
from benchmark.job import Job
from benchmark.record.find import find_run
from benchmark.record.reference import with_folders, with_ids_as_text
from benchmark.settings import check_settings
from benchmark.sweep.application import Composed, by_hydra
from benchmark.sweep.launchers.hydra_names import from_hydra_launcher
from benchmark.sweep.mistakes import explained
from benchmark.sweep.named import key_of, named_sweep, spelt_out

if TYPE_CHECKING:
    from benchmark.sweep.loader import SweepLoader

#: Settings that change nothing of what a run finds.
INCIDENTAL = frozenset(
    {"force", "workers", "launcher", "impossible", "results_dir", "corpora_dir", "cache_dir"}
)

MULTIRUN = ("-m", "--multirun")

#: The folder of a finished run in a results folder, by what a person calls it.
FolderOf = Callable[[Path, str], str]


def collect(arguments: Sequence[str]) -> list[Job]:
    """Every job that `nextword run ARGUMENTS` stands for, each once, in order.

    Raises UserError for a name, key or value that does not fit.
    """
    return Collector().jobs(arguments)


class Collector:
    """Collects the jobs of one command line or of many, reading each configuration file once."""

    def __init__(self) -> None:
        self._loaders: dict[str | None, SweepLoader] = {}

    def jobs(self, arguments: Sequence[str]) -> list[Job]:
        """Every job of a command line, each once, in order. Raises UserError."""
        if any(argument.startswith("--experimental-rerun") for argument in arguments):
            raise UserError("--experimental-rerun reads pickles; nextword run --rerun failed repeats runs")
        arguments = [with_ids_as_text(argument) for argument in from_hydra_launcher(arguments)]
        folder_of = cache(lambda results_dir, name: str(find_run(results_dir, name).folder))
        lines = [choice for line in spelt_out(arguments) for choice in _choices(line)]
        if named_sweep(arguments):
            lines = self._fitting(lines, arguments)
        found = [
            _job(config, overrides, folder_of)
            for line in lines
            for config, overrides in self._explained(line)
        ]
        return list({json.dumps(job.config, sort_keys=True): job for job in found}.values())

    def _fitting(self, lines: list[list[str]], arguments: Sequence[str]) -> list[list[str]]:
        """The lines of a named sweep, each without what the command line says of settings that its model
        does not have; a setting that no model of the sweep has stays, and is refused."""
        given = {a for a in arguments if a.startswith("model.")}
        if not given:
            return lines
        bare = [[a for a in line if a not in given] for line in lines]
        models = [self._explained(line)[0][0]["model"] for line in bare]
        unknown = [{a for a in given if not _has(model, key_of(a))} for model in models]
        nowhere = set.intersection(*unknown)
        return [
            [a for a in line if a not in lacking - nowhere]
            for line, lacking in zip(lines, unknown, strict=True)
        ]

    def composed(self, arguments: list[str]) -> list[Composed]:
        """The jobs of Hydra's own command line, composed at once where that is possible."""
        found = self._by_loader(arguments)
        return by_hydra(arguments) if found is None else found

    def _explained(self, arguments: list[str]) -> list[Composed]:
        try:
            return self.composed(arguments)
        except Exception as error:
            raise UserError(explained(error, arguments)) from error

    def _by_loader(self, arguments: list[str]) -> list[Composed] | None:
        """The jobs of a command line that asks Hydra for no more than to compose them; else None."""
        from benchmark.sweep.loader import LeftToHydra, SweepLoader

        options = _options(arguments)
        if options is None:
            return None
        multirun, config_dir, overrides = options
        try:
            if config_dir not in self._loaders:
                self._loaders[config_dir] = SweepLoader(Path(config_dir) if config_dir else None)
            loader = self._loaders[config_dir]
            jobs = loader.expanded(overrides) if multirun else [overrides]
            return [(loader.composed(job), job) for job in jobs]
        except LeftToHydra:
            return None


def _choices(arguments: Sequence[str]) -> Iterator[list[str]]:
    """A multirun over models or corpora as one multirun for each of them, in their order.

    So all runs of a model stand together, and a setting may be swept that only the swept models have
    (`-m model=rnn,lstm model.layers=1,2`), which Hydra's own multirun would look for in the default model.
    """
    multirun = any(flag in arguments for flag in MULTIRUN)
    yield from map(
        list,
        product(
            *(
                [f"{key_of(a)}={name}" for name in a.partition("=")[2].split(",")]
                if multirun and re.fullmatch(r"(model|corpus)=\w+(,\w+)+", a)
                else [a]
                for a in arguments
            )
        ),
    )


def _options(arguments: Sequence[str]) -> tuple[bool, str | None, list[str]] | None:
    """Whether it is a multirun, a further configuration folder, and the overrides; None where there are
    other options, which are questions to Hydra."""
    multirun, config_dir, overrides = False, None, []
    waiting = iter(arguments)
    for argument in waiting:
        if argument in MULTIRUN:
            multirun = True
        elif argument in ("--config-dir", "-cd"):
            config_dir = next(waiting, "")
        elif argument.startswith("--config-dir="):
            config_dir = argument.partition("=")[2]
        elif argument.startswith("-"):
            return None
        else:
            overrides.append(argument)
    if config_dir is not None and not Path(config_dir).is_dir():
        return None  # Hydra says so
    return multirun, config_dir, overrides


def _has(model: Any, key: str) -> bool:
    """Does a model have a setting `model.A.B`?"""
    for part in key.split(".")[1:]:
        if not isinstance(model, dict) or part not in model:
            return False
        model = model[part]
    return True


def _job(config: dict[str, Any], overrides: Sequence[str], folder_of: FolderOf) -> Job:
    check_settings(config)
    # the finished runs that its model builds upon, looked up by name
    find = partial(folder_of, Path(config["results_dir"]))
    return Job({**config, "model": with_folders(config["model"], find)}, _command(overrides))


def _command(overrides: Sequence[str]) -> str:
    """The command line that repeats a run anywhere: without what says where and how it was run here."""
    kept = [override for override in overrides if key_of(override).partition(".")[0] not in INCIDENTAL]
    return shlex.join(["nextword", "run", *kept])
