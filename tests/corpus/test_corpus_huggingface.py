"""Datasets of the Hugging Face Hub as corpora, with a stand-in for the package and with the real one."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from benchmark.corpus import Corpus, open_corpus
from benchmark.corpus.fetch import SearchPath
from benchmark.corpus.settings import corpus_settings
from benchmark.corpus.whereabouts import whereabouts
from benchmark.errors import UserError

ROWS = {
    "train": ["the cat sat", "a dog ran\n", "the dog sat"],
    "validation": ["a cat ran"],
    "test": ["the cat"],
}


class Split:
    """What the suite uses of a `datasets.Dataset`."""

    def __init__(self, columns: dict[str, list[Any]]) -> None:
        self.columns, self.column_names = columns, list(columns)

    def select_columns(self, name: str) -> Split:
        return Split({name: self.columns[name]})

    def iter(self, size: int) -> Iterator[dict[str, list[Any]]]:
        for start in range(0, len(next(iter(self.columns.values()))), size):
            yield {name: rows[start : start + size] for name, rows in self.columns.items()}


class Hub(ModuleType):
    """A stand-in for `datasets`, which notes what it was asked for."""

    def __init__(self) -> None:
        super().__init__("datasets")
        self.asked: list[tuple[Any, ...]] = []

    def disable_progress_bars(self) -> None: ...

    def load_dataset(
        self, name: str, configuration: str | None, *, split: str, revision: str | None
    ) -> Split:
        self.asked.append((name, configuration, split, revision))
        if split not in ROWS:
            raise ValueError(f'Unknown split "{split}".\nShould be one of {list(ROWS)}.')
        return Split({"text": ROWS[split], "number": list(range(len(ROWS[split])))})


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    hub = Hub()
    monkeypatch.setitem(sys.modules, "datasets", hub)
    version = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "4.1.0" if name == "datasets" else version(name))
    return hub


def settings(**source: Any) -> dict[str, Any]:
    return {
        "name": "pets",
        "source": {"kind": "huggingface", "name": "us/pets", **source},
        "train": "train",
        "valid": "validation",
        "test": "test",
    }


def opened(cache: Path, options: dict[str, Any], folder: Path | None = None) -> Corpus:
    return open_corpus(options, corpora_dir=folder, cache_dir=cache, say=lambda line: None)


def words(corpus: Corpus) -> str:
    return " ".join(corpus.vocabulary.tokens[token] for token in corpus.train.ids)


def test_splits_are_read_once_and_need_no_network_afterwards(hub: Hub, tmp_path: Path) -> None:
    options = settings(configuration="small", revision="v1")
    where = SearchPath(None, tmp_path)
    assert whereabouts(corpus_settings(options), where) is None
    corpus = opened(tmp_path, options)
    assert words(corpus) == "the cat sat </s> a dog ran </s> the dog sat </s>"
    assert hub.asked == [("us/pets", "small", split, "v1") for split in ROWS]
    assert whereabouts(corpus_settings(options), where) is not None
    assert opened(tmp_path, options).fingerprint == corpus.fingerprint
    assert len(hub.asked) == 3
    # what lies in the user's corpora folder comes first
    opened(tmp_path / "other", options, tmp_path / "corpora")
    assert len(hub.asked) == 3


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"column": "body"}, r"corpus\.source\.column='body': us/pets has no such column"),
        ({"column": "number"}, r"is no text: row 0 of train is int"),
        ({"name": "../pets"}, r"corpus\.source\.name='\.\./pets' is not usable"),
        ({"revision": "/etc"}, r"corpus\.source\.revision='/etc' is not usable"),
        ({"kind": "archive", "folder": "x", "column": "text"}, r"corpus\.source\.column is of use with"),
    ],
)
def test_what_is_wrong_is_one_line(changed: dict[str, Any], says: str, hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=says):
        opened(tmp_path, settings(**changed))
    assert not list(tmp_path.rglob("huggingface/**/*.txt"))


def test_a_split_that_is_not_there_is_one_line(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"the split dev of the dataset us/pets cannot be loaded: .*Should be one"
    ):
        opened(tmp_path, settings() | {"valid": "dev"})


def test_the_package_is_asked_for_and_an_old_one_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    with pytest.raises(UserError, match=r"needs the package datasets: pip install 'nextword\[huggingface\]'"):
        opened(tmp_path, settings())
    monkeypatch.setattr(metadata, "version", lambda name: "3.6.0")
    with pytest.raises(UserError, match=r"datasets 3\.6\.0 may run code of a dataset, so 4 is needed"):
        opened(tmp_path, settings())


@pytest.mark.skipif(
    find_spec("datasets") is None, reason="needs datasets: pip install 'nextword[huggingface]'"
)
def test_a_folder_of_the_users_own_is_a_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    (tmp_path / "pets").mkdir()
    for split, rows in ROWS.items():
        (tmp_path / "pets" / f"{split}.jsonl").write_text(
            "".join(json.dumps({"text": row}) + "\n" for row in rows)
        )
    corpus = opened(tmp_path / "cache", settings(name="pets"))
    assert words(corpus) == "the cat sat </s> a dog ran </s> the dog sat </s>"
