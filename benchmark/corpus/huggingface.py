"""Splits of a dataset of the Hugging Face Hub, each written to a text file once.

The package `datasets` is optional. From version 4 on it runs no code that comes with a dataset; earlier ones
are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmark.corpus.document import Document, FileDocument
from benchmark.corpus.fetch import Say, SearchPath, fetched_once
from benchmark.corpus.source_settings import SourceSettings
from benchmark.environment import installed_version
from benchmark.errors import UserError, did_you_mean
from benchmark.storage.files import atomic_file

PACKAGE, FIRST_VERSION = "datasets", 4
#: The column that holds text where the settings name none.
COLUMN = "text"
#: Rows that are read at once.
ROWS = 1000


def huggingface_documents(
    source: SourceSettings, search_path: SearchPath, say: Say
) -> Callable[[str], list[Document]]:
    """A function from the name of a split, such as `train` or `train[:10%]`, to its one document.

    The file has the rows of the text column, each with an end of line. It stays in the cache, so the same
    revision is downloaded once. Raises UserError where `datasets` is missing or too old, and where the
    dataset, the split or the column cannot be had.
    """
    return partial(_split, source, search_path, say)


def text_file(source: SourceSettings, split: str) -> str:
    """Where a split's text is, below a corpora folder or the cache."""
    parts = (source.name, source.configuration or "default", source.revision or "main", _column(source))
    return f"huggingface/{'/'.join(map(str, parts))}/{split}.txt"


def _split(source: SourceSettings, search_path: SearchPath, say: Say, name: str) -> list[Document]:
    place = text_file(source, name)
    path = search_path.find(place)
    if path is None:
        what, split = str(source.name), f"the split {name} of the dataset {source.name}"
        path = fetched_once(place, what, split, partial(_write, source, name), search_path, say)
    return [FileDocument(path)]


def _write(source: SourceSettings, name: str, path: Path) -> None:
    dataset = _loaded(source, name)
    column = _column(source)
    if column not in dataset.column_names:
        known = did_you_mean(column, dataset.column_names)
        raise UserError(f"corpus.source.column={column!r}: {source.name} has no such column. {known}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as file:
        for number, row in enumerate(_rows(dataset, column)):
            if not isinstance(row, str):
                kind = type(row).__name__
                raise UserError(
                    f"corpus.source.column={column!r} is no text: row {number} of {name} is {kind}"
                )
            file.write((row if row.endswith("\n") else row + "\n").encode())


def _loaded(source: SourceSettings, name: str) -> Any:
    """The split, as `datasets` has it."""
    way = f"pip install 'nextword[huggingface]' brings {PACKAGE}"
    version = installed_version(PACKAGE)
    if version is None:
        raise UserError(f"corpus.source.kind=huggingface needs the package {PACKAGE}: {way}")
    if int(version.partition(".")[0]) < FIRST_VERSION:
        raise UserError(f"{PACKAGE} {version} may run code of a dataset, so {FIRST_VERSION} is needed: {way}")
    import datasets

    datasets.disable_progress_bars()
    try:
        return datasets.load_dataset(source.name, source.configuration, split=name, revision=source.revision)
    except Exception as error:  # of its transport and readers: offline, no such dataset, split or revision
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        problem = f"the split {name} of the dataset {source.name} cannot be loaded: {reason}"
        raise UserError(problem) from error


def _rows(dataset: Any, column: str) -> Iterator[object]:
    for batch in dataset.select_columns(column).iter(ROWS):
        yield from batch[column]


def _column(source: SourceSettings) -> str:
    return source.column or COLUMN
