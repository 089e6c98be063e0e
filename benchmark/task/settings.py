"""The settings of a corpus with labels, a `conf/corpus/*.yaml` that names a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from benchmark.corpus.checked_settings import checked
from benchmark.corpus.source_settings import (
    STRICT,
    CitedResult,
    DocumentSettings,
    check_documents,
    check_train_share,
)
from benchmark.errors import UserError, did_you_mean
from benchmark.task.formats import FORMATS
from benchmark.task.tasks import task_named

#: What a column of `format: columns` may hold.
COLUMNS = ("token", "given", "target")


@dataclass(frozen=True, kw_only=True)
class ItemCounts:
    """Known numbers of items, checked when the corpus is opened, and of the labels of the training items."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    train: int | None = None
    valid: int | None = None
    test: int | None = None
    labels: int | None = None


@dataclass(frozen=True, kw_only=True)
class PublishedMeasure(CitedResult):
    """A result from the literature on the same task. `protocol` says what differs."""

    #: The key of one of the task's measures, and its value as it is recorded: 0.944 for 94.4%.
    measure: str
    value: float


@dataclass(frozen=True, kw_only=True)
class DatasetSettings(DocumentSettings):
    """A corpus with labels: documents, how they are read, and how their items are split."""

    task: str
    split: list[float] | None = None
    #: What stays whole in a split: a document, or all items of one input.
    split_unit: Literal["documents", "inputs"] = "inputs"
    #: How the files are read: a name in `benchmark.task.formats`.
    format: str
    encoding: str = "utf-8"
    #: With `format: columns`, which column holds the token, the tag that is given with it, and the target.
    columns: dict[str, int] = field(default_factory=dict)
    #: With `format: class_by_file`, the class of the lines of each file, by the end of the file's name.
    classes: dict[str, str] = field(default_factory=dict)
    expect: ItemCounts | None = None
    published: list[PublishedMeasure] = field(default_factory=list)


def dataset_settings(options: Mapping[str, Any]) -> DatasetSettings:
    """The checked settings. Raises UserError: one line that names the key and what to do."""
    settings = checked(DatasetSettings, options)
    task = task_named(settings.task)
    if settings.format not in FORMATS:
        known = ", ".join(FORMATS)
        raise UserError(f"corpus.format={settings.format!r} is not usable: take one of {known}")
    if settings.format == "columns":
        _check_columns(settings.columns)
    if settings.format == "class_by_file" and not settings.classes:
        raise UserError(
            "corpus.classes is missing: give the class of each file's lines, by the end of its name"
        )
    for number, each in enumerate(settings.published):
        if each.measure not in {measure.key for measure in task.measures}:
            raise UserError(
                f"corpus.published[{number}].measure={each.measure!r} is no measure of {task.name}"
            )
    check_documents(settings)
    check_train_share(settings.train_share)
    _check_parts(settings)
    return settings


def _check_columns(columns: Mapping[str, int]) -> None:
    if not {"token", "target"} <= set(columns):
        raise UserError("corpus.columns is missing: give the columns of the token and the target, from 0")
    for name, column in columns.items():
        if name not in COLUMNS:
            raise UserError(f"corpus.columns.{name}: there is no such column. {did_you_mean(name, COLUMNS)}")
        if column < 0:
            raise UserError(f"corpus.columns.{name}={column} is not usable: count columns from 0")


def _check_parts(settings: DatasetSettings) -> None:
    missing = settings.missing
    if not missing:
        return
    if not settings.text:
        raise UserError(
            f"corpus.{missing[0]} is missing: name its files, or give corpus.text and corpus.split"
        )
    split = settings.split or []
    if len(split) != len(missing) or abs(sum(split) - 1) > 1e-9 or min(split) <= 0:
        raise UserError(
            f"corpus.split={settings.split} is not usable: corpus.text is to give {', '.join(missing)}, "
            f"so it takes {len(missing)} shares that add up to 1, as in "
            f"[{'0.8,0.1,0.1' if len(missing) == 3 else '0.9,0.1'}]"
        )
