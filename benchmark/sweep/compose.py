"""From a command line to jobs: Hydra's composition, overrides and multirun.

Hydra's basic launcher would run one job after the other and stop at the first failure, so Hydra only
composes; `launch` runs the jobs.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.console.quoting import quoted_argument
from benchmark.errors import UserError
from benchmark.job import Job
from benchmark.own_folder import checked_folder, config_dir_options, use_own_folder, without_config_dir
from benchmark.record.find import find_run
from benchmark.record.reference import with_folders, with_ids_as_text
from benchmark.settings import NAMED, check_settings
from benchmark.sweep.arguments import HYDRA_QUESTIONS, MULTIRUN, check_arguments
from benchmark.sweep.chosen_files import unreadable_file
from benchmark.sweep.error_messages import readable_message
from benchmark.sweep.hydra_application import Composed, compose_with_hydra
from benchmark.sweep.launchers.hydra_names import translate_hydra_launcher
from benchmark.sweep.named_sweeps import expand_named_sweep, key_of
from benchmark.sweep.no_effect import check_effects
from benchmark.trust import allow, allowed_names

if TYPE_CHECKING:
    from benchmark.sweep.cached_composer import CachedComposer

#: Settings that do not change a run's results.
INCIDENTAL = frozenset(
    {
        "force",
        "workers",
        "launcher",
        "impossible",
        "footprint",
        "results_dir",
        "corpora_dir",
        "cache_dir",
        "allow",
        "loggers",
    }
)

#: Configuration groups whose files hold settings of models.
OF_MODELS = ("size", "train", "output")

#: The folder of a finished run, from a results folder and the name that a person gave.
FolderOf = Callable[[Path, str], str]


def collect(arguments: Sequence[str]) -> list[Job]:
    """Every job that `nextword run ARGUMENTS` names, each once, in order.

    Raises UserError for a wrong name, key or value.
    """
    return Collector().jobs(arguments)


def distinct(jobs: Iterable[Job]) -> list[Job]:
    """Each job once, in order: those with one configuration are the same."""
    return list({json.dumps(job.config, sort_keys=True): job for job in jobs}.values())


class Collector:
    """Collects the jobs of one command line or of many, reading each configuration file once."""

    def __init__(self) -> None:
        self._loaders: dict[str | None, CachedComposer] = {}

    def jobs(self, arguments: Sequence[str]) -> list[Job]:
        """Every job of a command line, each once, in order. Raises UserError."""
        check_arguments(arguments)
        _check_question(arguments)
        for option in config_dir_options(arguments):
            use_own_folder(checked_folder(option))
        arguments = [with_ids_as_text(argument) for argument in translate_hydra_launcher(arguments)]
        folder_of = cache(lambda results_dir, name: str(find_run(results_dir, name).folder))
        lines = [choice for line in expand_named_sweep(arguments) for choice in _choices(line)]
        lines = self.without_foreign_settings(lines, arguments)
        found = [
            _job(config, [*config_dir_options(line), *overrides], folder_of)
            for line in lines
            for config, overrides in self._composed_or_explained(line)
        ]
        return distinct(found)

    def without_foreign_settings(self, lines: list[list[str]], shared: Sequence[str]) -> list[list[str]]:
        """Lines of overrides, each without those `shared` by all of them that its model does not have.

        They are settings of a model (`model.order=3`) and files with such settings (`+size=tiny`). A setting
        that no model has is kept, so that it is refused; raises UserError for such a file.
        """
        given = [a for a in shared if _chooses_settings(a) or a.startswith("model.")]
        if not given or (len(lines) == 1 and not any(map(_chooses_settings, given))):
            return lines
        lacking = [self._lacking(line, given) for line in lines]
        nowhere = {a for a in given if all(a in its for its in lacking)}
        for argument, problem in lacking[0].items():
            if argument in nowhere and problem:
                raise UserError(f"{argument} {problem}")
        return [
            [a for a in line if a not in its or a in nowhere]
            for line, its in zip(lines, lacking, strict=True)
        ]

    def _lacking(self, line: Sequence[str], given: Sequence[str]) -> dict[str, str]:
        """Those of some overrides that the line's model does not have, even together with the others; each
        with what is wrong, or empty where Hydra says that."""
        config, first = self._composed_or_explained([a for a in line if a not in given])[0]
        own = [MULTIRUN[0], *config_dir_options(line), *first]
        waiting = list(given)
        while True:
            problems = {argument: self._problem(config["model"], [*own, argument]) for argument in waiting}
            lacking = {argument: problem for argument, problem in problems.items() if problem is not None}
            if len(lacking) == len(waiting):
                return lacking
            own += [argument for argument in waiting if argument not in lacking]
            waiting = list(lacking)

    def _problem(self, model: Mapping[str, Any], arguments: list[str]) -> str | None:
        """Why the last argument does not fit the model; None if it does."""
        try:
            (config, _), *_ = self.composed(arguments)
        except Exception:  # Hydra's errors have no base class of their own
            return ""
        new = [key for key in config["model"] if key not in model]
        if new and _chooses_settings(arguments[-1]):
            return f"sets model.{', model.'.join(new)}, which {model['name']} does not have"
        return None

    def composed(self, arguments: list[str]) -> list[Composed]:
        """The jobs of a command line, from the cache where possible. Raises Hydra's errors."""
        found = self._by_loader(arguments)
        return compose_with_hydra(arguments) if found is None else found

    def _composed_or_explained(self, arguments: list[str]) -> list[Composed]:
        try:
            return self.composed(arguments)
        except Exception as error:
            if unreadable := unreadable_file(arguments):
                raise UserError(unreadable) from error
            message = readable_message(error, arguments)
            culprit = self._culprit(arguments)
            if culprit is not None and not all(part in message for part in culprit.split("=", 1)):
                message = f"{culprit}: {message}"
            if culprit is not None and "${" in culprit:
                message += f"; to take it as text, write {quoted_argument(*culprit.split('=', 1))}"
            raise UserError(message) from error

    def _culprit(self, arguments: list[str]) -> str | None:
        """The argument without which the others can be composed; None if it is not just one."""
        overrides = [argument for argument in arguments if not argument.startswith("-")]
        # settings before names: with another model, any setting may be a sound one
        for argument in sorted(overrides, key=lambda each: key_of(each) in NAMED):
            try:
                found = self._by_loader([other for other in arguments if other != argument])
            except Exception:  # whichever of Hydra's errors this is, the fault is (also) elsewhere
                continue
            if found is not None:
                return argument
        return None

    def _by_loader(self, arguments: list[str]) -> list[Composed] | None:
        """The jobs of a command line that needs Hydra only for composing; None for any other."""
        from benchmark.sweep.cached_composer import CachedComposer, NeedsHydra

        options = _options(arguments)
        if options is None:
            return None
        multirun, config_dir, overrides = options
        try:
            if config_dir not in self._loaders:
                self._loaders[config_dir] = CachedComposer(Path(config_dir) if config_dir else None)
            loader = self._loaders[config_dir]
            jobs = loader.expanded(overrides) if multirun else [overrides]
            return [(loader.composed(job), job) for job in jobs]
        except NeedsHydra:
            return None


def _check_question(arguments: Sequence[str]) -> None:
    """Raise UserError for a question to Hydra about a sweep: it answers for one run."""
    questions = [a for a in arguments if a.partition("=")[0] in HYDRA_QUESTIONS]
    sweeps = [a for a in arguments if a in MULTIRUN or key_of(a) == "sweep"]
    if questions and sweeps:
        raise UserError(f"{questions[0]} is about a single run: leave out {sweeps[0]}")


def _choices(arguments: Sequence[str]) -> Iterator[list[str]]:
    """A multirun over models or corpora as one multirun for each of them, in their order.

    This keeps the runs of a model together. It also allows sweeping a setting that only the swept models
    have (`-m model=rnn,lstm model.layers=1,2`); Hydra would look for it in the default model.
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
    """Whether it is a multirun, a further configuration folder, and the overrides.

    None if there are other options, which are for Hydra itself.
    """
    own = config_dir_options(arguments)
    words = without_config_dir(arguments)
    overrides = [word for word in words if word not in MULTIRUN]
    if any(override.startswith("-") for override in overrides):
        return None
    return len(overrides) < len(words), own[0].partition("=")[2] if own else None, overrides


def _chooses_settings(argument: str) -> bool:
    """Whether an override chooses a file with settings of models."""
    return re.split("[@.]", key_of(argument))[0].lstrip("/") in OF_MODELS


def _job(config: dict[str, Any], overrides: Sequence[str], folder_of: FolderOf) -> Job:
    check_effects(config, overrides)
    for group in {"model", "corpus"} & set(config):
        _check_named(group, config[group])
    check_settings(config)
    allow(config["allow"])
    # finished runs that the model builds on are named; look up their folders
    find = partial(folder_of, Path(config["results_dir"]))
    model = with_folders(config["model"], find)
    return Job({**config, "model": model, "allow": allowed_names()}, _command(overrides))


def _check_named(group: str, settings: Any) -> None:
    """Raises UserError for what is no configuration of a model or a corpus, such as that of an empty file."""
    if not isinstance(settings, dict) or not isinstance(settings.get("name"), str):
        raise UserError(f"{group} is no configuration of a {group}: its file needs a name, as in name: mine")


def _command(overrides: Sequence[str]) -> str:
    """The command line that repeats a run anywhere, without settings of where and how it ran here."""
    kept = [override for override in overrides if key_of(override).partition(".")[0] not in INCIDENTAL]
    return shlex.join(["nextword", "run", *kept])
