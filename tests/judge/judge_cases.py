"""Vocabularies, models and small data files that the judgements are tried on."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from benchmark.contract import Context, LanguageModel, ModelSize, RunLog, TokenStream, Vocabulary
from benchmark.judge.data import DataFile
from benchmark.judge.reading import Reader

MIRROR = os.environ.get("NEXTWORD_CORPORA")
needs_mirror = pytest.mark.skipif(
    MIRROR is None or not (Path(MIRROR) / "blimp").is_dir(), reason="needs BLiMP below $NEXTWORD_CORPORA"
)


def vocabulary(counts: Mapping[str, int]) -> Vocabulary:
    return Vocabulary(tuple(counts), np.array(list(counts.values()), dtype=np.int64))


def reader(known: Vocabulary, tokens: str = "whitespace", *, lowercase: bool = False) -> Reader:
    """A reader for a corpus of these tokens."""
    files = {part: f"{part}.txt" for part in ("train", "valid", "test")}
    return Reader({"name": "mine", "tokens": tokens, "lowercase": lowercase, **files}, known)


def unheard(done: int, total: int) -> None:
    """Progress that nobody looks at."""


class Stated(LanguageModel):
    """Gives every word a stated probability, or nearly all of it to `favours[w]` once w has occurred."""

    family = "count"

    def __init__(
        self, weights: Sequence[float], context: Context = "stream", favours: Mapping[int, int] | None = None
    ) -> None:
        self.p = np.array(weights, dtype=np.float64) / sum(weights)
        self.context, self.favours = context, dict(favours or {})

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        rows = np.tile(self.p, (len(contexts), 1))
        for row, context in zip(rows, contexts, strict=True):
            for word in np.asarray(context).tolist():
                if word in self.favours:
                    row[:] = 0.01 / len(row)
                    row[self.favours[word]] += 0.99
        return np.log(rows).astype(np.float32)

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        ids = np.asarray(stream.ids)
        rows = [self.next_log_probs([ids[:place]])[0][ids[place]] for place in range(len(ids))]
        return np.array(rows, dtype=np.float32)

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        raise NotImplementedError

    def size(self) -> ModelSize:
        raise NotImplementedError

    def save(self, folder: Path) -> None:
        raise NotImplementedError

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        raise NotImplementedError


def pairs_file(path: Path, sets: Mapping[str, tuple[str, list[tuple[str, str]]]]) -> DataFile:
    """An archive in BLiMP's form: name → (phenomenon, pairs)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("__MACOSX/data/._noise.jsonl", b"\x00\x05")
        for name, (phenomenon, pairs) in sets.items():
            rows: list[dict[str, Any]] = [
                {"sentence_good": good, "sentence_bad": bad, "linguistics_term": phenomenon, "UID": name}
                for good, bad in pairs
            ]
            archive.writestr(f"data/{name}.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    return data_file(path)


def passages_file(path: Path, passages: Sequence[str]) -> DataFile:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{passage}\n" for passage in passages), encoding="utf-8")
    return data_file(path)


def data_file(path: Path) -> DataFile:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return DataFile(f"{path.parent.name}/{path.name}", digest, "https://example.org/data", download=False)
