"""All parts of a report, in their order."""

from __future__ import annotations

import os
from pathlib import Path

from benchmark.corpus.fetch import SearchPath, default_cache
from benchmark.doctor.corpora import corpora
from benchmark.doctor.devices import devices
from benchmark.doctor.machine import hardware, place, program_itself, programs
from benchmark.doctor.packages import packages
from benchmark.doctor.part import Part
from benchmark.environment import CACHE, CORPORA, PREFIX, Value, Variable, environment_problems
from benchmark.errors import UserError
from benchmark.own_folder import own_folder
from benchmark.settings import conf_dir


def examine(results_dir: Path, corpora_dir: Path | None, cache_dir: Path | None) -> dict[str, Part]:
    """Every part by its name. The folders are those of the command line; None: of the environment."""
    settings = _settings()  # first: it says what is wrong with folders that the others leave out
    corpora_dir = corpora_dir or _usable(CORPORA)
    cache_dir = cache_dir or _usable(CACHE) or default_cache()
    return {
        "nextword": program_itself(),
        "machine": hardware(),
        "torch": devices(),
        "packages": packages(),
        "programs": programs(),
        "settings": settings,
        "results": place("results", results_dir, "--results-dir"),
        "cache": place("cache", cache_dir, CACHE.name),
        "corpora": corpora(SearchPath(corpora_dir, cache_dir)),
    }


def _usable(variable: Variable[Value]) -> Value:
    try:
        return variable.value
    except UserError:
        return variable.unset


def _settings() -> Part:
    """The variables that are set, and the user's own configuration folder."""
    part = Part({name: value for name, value in sorted(os.environ.items()) if name.startswith(PREFIX)})
    part.problems += environment_problems()
    try:
        own = own_folder()
    except UserError:
        return part
    for file in sorted(own.glob("*/*.yaml")) if own is not None else ():
        if (conf_dir() / file.relative_to(own or file)).exists():
            part.problems.append(f"{file} is not read, since nextword has a file of that name: rename it")
    return part
