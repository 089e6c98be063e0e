"""The base class of launchers, and building the one that a configuration names."""

from __future__ import annotations

import importlib
import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from benchmark.errors import UserError
from benchmark.sweep.capacity import Capacity
from benchmark.sweep.monitor import Monitor
from benchmark.sweep.outcome import Outcomes, PlannedRun

#: Keys of a launcher's configuration that are not settings of its class.
NAMING = ("name", "_target_")


class Launcher(ABC):
    """Runs the jobs of a sweep. A dataclass whose fields are the settings in `conf/launcher/NAME.yaml`."""

    #: The package it needs, which is also the extra that installs it.
    package: ClassVar[str | None] = None

    def max_concurrent(self, runs: Sequence[PlannedRun], capacity: Capacity) -> int | None:
        """How many of the runs go on at the same time; None where a cluster decides."""
        return capacity.concurrent_runs([run.job.config["model"] for run in runs])

    @abstractmethod
    def run(self, runs: Sequence[PlannedRun], capacity: Capacity, monitor: Monitor) -> Outcomes:
        """The outcome of every run, each as it ends; `monitor` is told of what happens in between.

        A run that dies is an outcome too, as is one whose helper process dies. When the iteration is given
        up, runs in progress are ended. Raises UserError if nothing can be run at all.
        """


def build_launcher(config: Mapping[str, Any]) -> Launcher:
    """The launcher that a configuration's `launcher` describes.

    Raises UserError for an unusable value or a package that is not installed.
    """
    target = str(config["_target_"])
    module, _, name = target.rpartition(".")
    try:
        kind = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UserError(f"launcher._target_: there is no {target}: {error}") from error
    if kind.package is not None and importlib.util.find_spec(kind.package) is None:
        raise UserError(
            f"launcher={config['name']} needs the package {kind.package!r}, which is not installed: "
            f'pip install "nextword[{kind.package}]"'
        )
    return _checked(kind, {key: value for key, value in config.items() if key not in NAMING})


def _checked(kind: type[Launcher], settings: dict[str, Any]) -> Launcher:
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(kind).validate_python(settings)
    except ValidationError as error:
        problem = error.errors()[0]
        key, said = str(problem["loc"][0]), problem["msg"]
        given = f"={settings[key]!r} is not usable" if key in settings else ""
        raise UserError(f"launcher.{key}{given}: {said[0].lower()}{said[1:]}") from error
