"""What every launcher is, and how the one in the configuration is found."""

from __future__ import annotations

import importlib
import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from benchmark.errors import UserError
from benchmark.job import Say
from benchmark.sweep.outcome import Outcome, Placed
from benchmark.sweep.slots import Slots

#: Keys that name a launcher and are no settings of it.
NAMING = ("name", "_target_")


class Launcher(ABC):
    """A dataclass whose fields are the settings in `conf/launcher/NAME.yaml`."""

    #: The package it needs, which is also the extra that installs it.
    package: ClassVar[str | None] = None

    def at_once(self, places: Sequence[Placed], slots: Slots) -> int | None:
        """How many of the jobs run at a time, None where a cluster decides."""
        return slots.filled_by([place.job.config["model"] for place in places])

    @abstractmethod
    def run(self, places: Sequence[Placed], slots: Slots, say: Say) -> Iterator[Outcome]:
        """The outcome of every job, each as it ends.

        A job that dies, or whatever ran it, is an outcome too. When the iteration is given up, jobs that
        still run are ended. Raises UserError where nothing can be run at all.
        """


def launcher(config: Mapping[str, Any]) -> Launcher:
    """The launcher that a configuration's `launcher` describes.

    Raises UserError for a value that does not fit, or for a package that is not installed.
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
