"""An open corpus with labels: its items in three splits, and what its results can be compared with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.corpus.fetch import SearchPath, default_cache
from benchmark.corpus.sources import Located, find_documents
from benchmark.corpus.split import owners_of_a_cycle
from benchmark.errors import UserError
from benchmark.task import VERSION
from benchmark.task.formats import FORMATS
from benchmark.task.items import Item, Items, labels_of
from benchmark.task.settings import DatasetSettings, dataset_settings
from benchmark.task.tasks import Task, task_named

if TYPE_CHECKING:
    from benchmark.corpus.document import Document

Say = Callable[[str], None]
#: What of the settings, beside the documents, determines the items.
_READING = ("task", "format", "encoding", "columns", "classes", "split", "split_unit", "train_share")


@dataclass(frozen=True)
class Dataset:
    """Three splits of labelled items.

    `fingerprint` is a hash of the documents and of how they are read, the same on every machine. `events` is
    one over the test items alone: what runs are compared on.
    """

    name: str
    title: str
    task: Task
    train: Items
    valid: Items
    test: Items
    fingerprint: str
    events: str
    published: list[dict[str, Any]]


def open_dataset(
    options: Mapping[str, Any], *, corpora_dir: Path | None, cache_dir: Path | None, say: Say
) -> Dataset:
    """Open the corpus with labels that a `conf/corpus/*.yaml` describes. Raises UserError."""
    settings = dataset_settings(options)
    documents = _documents(settings, corpora_dir, cache_dir, say)
    splits = _splits(settings, documents)
    _check_items(settings, splits)
    splits["train"] = _spread(splits["train"], float(settings.train_share or 1))
    if len(labels_of(splits["train"])) < 2:
        raise UserError(
            f"corpus.train_share={settings.train_share} leaves items of one label: give a larger share"
        )
    return Dataset(
        name=settings.name,
        title=settings.title or settings.name,
        task=task_named(settings.task),
        fingerprint=_fingerprint(settings, documents),
        events=_digest([asdict(item) for item in splits["test"]]),
        published=[asdict(number) for number in settings.published],
        **splits,
    )


def dataset_fingerprint(
    options: Mapping[str, Any], *, corpora_dir: Path | None, cache_dir: Path | None, say: Say
) -> str:
    """The hash of a corpus's documents and of how they are read. Missing files are fetched. Raises
    UserError."""
    settings = dataset_settings(options)
    return _fingerprint(settings, _documents(settings, corpora_dir, cache_dir, say))


def _documents(
    settings: DatasetSettings, corpora_dir: Path | None, cache_dir: Path | None, say: Say
) -> Located:
    return find_documents(settings, SearchPath(corpora_dir, cache_dir or default_cache()), say)


def _fingerprint(settings: DatasetSettings, documents: Located) -> str:
    content = {
        "version": VERSION,
        "documents": {part: [document.digest() for document in some] for part, some in documents.items()},
        **{key: getattr(settings, key) for key in _READING},
    }
    return _digest(content)


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _splits(settings: DatasetSettings, documents: Located) -> dict[str, list[Item]]:
    """The items of each split: those of its documents, or its share of the documents that are split."""
    splits = {
        part: [item for document in some for item in _read(settings, document)]
        for part, some in documents.items()
        if part != "text"
    }
    missing = [part for part in ("train", "valid", "test") if part not in splits]
    if missing:
        assert settings.split is not None
        if settings.split_unit == "documents":
            units = [list(_read(settings, document)) for document in documents["text"]]
        else:
            units = _by_input(item for document in documents["text"] for item in _read(settings, document))
        splits |= dict(zip(missing, _interleaved(units, settings.split), strict=True))
    if settings.task == "transduction":  # one question for a word, whatever the number of right answers
        splits |= {part: [items[0] for items in _by_input(splits[part])] for part in ("valid", "test")}
    return splits


def _by_input(items: Iterator[Item] | Sequence[Item]) -> list[list[Item]]:
    """Items in order, those of the same input together: a copy in another split would be known by heart."""
    groups: dict[Any, list[Item]] = {}
    for item in items:
        groups.setdefault(item.input, []).append(item)
    return list(groups.values())


def _interleaved(units: Sequence[Sequence[Item]], shares: Sequence[float]) -> list[list[Item]]:
    """Parts spread evenly: with shares 0.8, 0.1, 0.1, eight of every ten units, then one, then one."""
    pattern = owners_of_a_cycle(shares)
    parts: list[list[Item]] = [[] for _ in shares]
    for number, unit in enumerate(units):
        parts[pattern[number % len(pattern)]] += unit
    return parts


def _spread(items: Sequence[Item], share: float) -> list[Item]:
    """A share of the items, spread over all of them, since files are often in order of class or of source."""
    kept = max(1, round(share * len(items)))
    return [items[number * len(items) // kept] for number in range(kept)]


def _read(settings: DatasetSettings, document: Document) -> Iterator[Item]:
    with document.open() as file:
        data = file.read()
    try:
        text = data.decode(settings.encoding).removeprefix("\ufeff").replace("\r\n", "\n")
    except (UnicodeDecodeError, LookupError) as error:
        raise UserError(
            f"cannot read {document.name} as {settings.encoding} ({error}): set corpus.encoding"
        ) from error
    yield from FORMATS[settings.format](text, document.name, settings)


def _check_items(settings: DatasetSettings, splits: Mapping[str, Items]) -> None:
    for part, items in splits.items():
        if not items:
            raise UserError(f"corpus {settings.name}: its {part} split has no items")
    labels = labels_of(splits["train"])
    if len(labels) < 2:
        raise UserError(
            f"corpus {settings.name}: its training items have one label, {labels[0]!r}; there is nothing to "
            f"learn"
        )
    if settings.expect is None:
        return
    found = {**{part: len(items) for part, items in splits.items()}, "labels": len(labels)}
    for key, count in asdict(settings.expect).items():
        if count is not None and count != found[key]:
            raise UserError(f"corpus.expect.{key} is {count:,}, but {settings.name} has {found[key]:,}")
