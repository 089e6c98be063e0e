"""The content of a `conf/search/*.yaml`, checked with errors that name the file and the key."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    ValidationError,
    field_validator,
)

from benchmark.errors import UserError, did_you_mean
from benchmark.search.goal import GOALS
from benchmark.search.space import Choices, Parameter, Range, grid
from benchmark.settings import conf_files
from benchmark.storage.reading import read_yaml_object

Kind = TypeVar("Kind", bound=BaseModel)
#: A key of a search as it is called in messages.
Named = Callable[[str], str]


class SearchSettings(BaseModel):
    """A search: what all trials share, what they vary, and how many are made.

    `base`: overrides of every trial, in one line or several. `space`: setting → `Range` or `Choices`.
    `batch`: how many trials are proposed before the outcome of any of them is known; however many of them
    run at the same time, the same trials are proposed. `measure`: what is chosen by, by default what the
    models of a corpus are compared by (see `benchmark.search.goal`). It is measured on the validation split
    alone: selecting the best of many trials on the test text would make its test
    perplexity too low, and lower with every further trial. `core_seconds`: no trial is started that would
    probably go beyond this sum. `from_defaults`: the first trial has the settings of the base, those of the
    space included.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: StrictStr
    base: StrictStr | list[StrictStr]
    space: dict[str, Any]
    trials: StrictInt = Field(ge=1)
    sampler: Literal["tpe", "random", "grid", "quasi-random"] = "tpe"
    seed: StrictInt = Field(default=1, ge=0, lt=2**32)
    batch: StrictInt = Field(default=4, ge=1)
    measure: StrictStr | None = None
    core_seconds: StrictInt | StrictFloat | None = Field(default=None, gt=0, allow_inf_nan=False)
    from_defaults: StrictBool = False

    @field_validator("measure", mode="before")
    @classmethod
    def _of_the_validation_split(cls, value: Any) -> Any:
        if isinstance(value, str) and value.startswith("test"):
            raise ValueError("a search must not see the test text, or its result could not be tested")
        if isinstance(value, str) and value not in GOALS:
            raise ValueError(f"there is no such measure. {did_you_mean(value, GOALS)}")
        return value

    @property
    def parameters(self) -> dict[str, Parameter]:
        """The space, checked by `load_search`."""
        return parameters_of(self.space)

    @property
    def base_overrides(self) -> list[str]:
        """The overrides that all trials share."""
        lines = [self.base] if isinstance(self.base, str) else self.base
        return [override for line in lines for override in shlex.split(line)]


def load_search(name: str, given: Mapping[str, Any]) -> SearchSettings:
    """The search of `conf/search/NAME.yaml`, with the command line's values in place of the file's.

    `given`: `trials`, `sampler`, … and `space.KEY`. Raises UserError that names the file and the key.
    """
    known = conf_files("search")
    if name not in known:
        raise UserError(f"there is no search {name!r}. {did_you_mean(name, known)}")
    return search_of(known[name], given, "search")


def search_of(
    path: Path, given: Mapping[str, Any], group: str, options: Mapping[str, Any] | None = None
) -> SearchSettings:
    """The search of a file, or of its `options` if they are read already; see `load_search`.

    What is `given` stands on the command line, as `group.KEY=VALUE`.
    """

    def named(key: str) -> str:
        return f"{group}.{key}" if key in given else f"{path}: {key}"

    options = read_options(path) if options is None else options
    space = options.get("space")
    own = {key.removeprefix("space."): value for key, value in given.items() if key.startswith("space.")}
    others = {key: value for key, value in given.items() if not key.startswith("space.")}
    merged = {**options, **others, "space": {**space, **own} if isinstance(space, dict) else space}
    settings = _checked(SearchSettings, merged, named)
    if not settings.space:
        raise UserError(
            f"{path}: space is empty: name a setting to vary, as in model.order: {{choices: [3, 5]}}"
        )
    for key, parameter in settings.space.items():
        _parameter(key, parameter, named)
    if settings.sampler == "grid":
        try:
            grid(settings.parameters)
        except ValueError as error:
            raise UserError(f"{path}: space.{error}") from error
    return settings


def parameters_of(space: Mapping[str, Any]) -> dict[str, Parameter]:
    """A space as a search file or a record has it, checked. Raises UserError."""
    return {key: _parameter(key, options, str) for key, options in space.items()}


def without(settings: SearchSettings, keys: Sequence[str]) -> SearchSettings:
    """The search without these settings, which then are not varied.

    Raises UserError if no setting would be left.
    """
    left = {key: options for key, options in settings.space.items() if key not in keys}
    if not left:
        raise UserError(f"nothing is left to search: {', '.join(settings.space)} given on the command line")
    return settings.model_copy(update={"space": left})


def read_options(path: Path) -> dict[str, Any]:
    """The keys of a file with their values. Raises UserError."""
    try:
        return read_yaml_object(path)
    except FileNotFoundError:
        raise UserError(f"cannot read {path}: there is no such file") from None


def _parameter(key: str, options: Any, named: Named) -> Parameter:
    whole = named(f"space.{key}")
    if not isinstance(options, dict):
        raise UserError(f"{whole}={options!r} is not usable: give {{low: …, high: …}} or {{choices: [...]}}")

    def within(field: str) -> str:
        return f"{whole}.{field}".rstrip(".")

    if "choices" in options:
        return _checked(Choices, options, within)
    return _checked(Range, options, within)


def _checked(kind: type[Kind], options: Mapping[str, Any], named: Named) -> Kind:
    for key in options:
        if key not in kind.model_fields:
            raise UserError(
                f"{named(str(key))}: there is no such setting. {did_you_mean(str(key), kind.model_fields)}"
            )
    try:
        return kind.model_validate(dict(options))
    except ValidationError as error:
        first = error.errors()[0]
    # only the first part is a key; others name the alternatives of a union
    field = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "missing":
        raise UserError(f"{named(field)} is missing")
    message = first["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    if not field:
        raise UserError(f"{named('')} is not usable: {message}")
    raise UserError(f"{named(field)}={options[field]!r} is not usable: {message}")
