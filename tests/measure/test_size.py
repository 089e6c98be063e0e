"""How big a model is: by n-gram order, in memory, in files, and compressed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import zstandard

from baselines.ngram.external.nltk_lm import NltkLM
from baselines.ngram.smoothing.kneser_ney import KneserNey
from baselines.ngram.smoothing.uniform import Uniform
from benchmark.contract import LanguageModel, RunLog, TokenStream, Vocabulary
from benchmark.measure.size import model_size, size_on_disk


def text(words: int = 9, targets: int = 600) -> TokenStream:
    """Words drawn at random, in lines of ten."""
    ids = np.random.default_rng(5).integers(1, words, targets)
    ids[9::10] = 0
    vocabulary = Vocabulary(("</s>", *(f"w{n}" for n in range(1, words))), np.bincount(ids, minlength=words))
    return TokenStream.from_ids(ids, vocabulary)


def distinct(stream: TokenStream, n: int, starts: int) -> int:
    """Different n-grams of the lines, each behind so many `<s>`."""
    found = set()
    for line in stream.each_line():
        words = ["<s>"] * starts + line.ids.tolist()
        found |= {tuple(words[end - n : end]) for end in range(n, len(words) + 1)}
    return len(found)


def test_each_order_has_its_ngrams_and_the_bytes_of_its_files(tmp_path: Path) -> None:
    stream = text()
    model = KneserNey(order=3)
    model.fit(stream, stream, RunLog())
    size = model_size(model.size())
    assert size["order_entries"] == [len(stream.vocabulary), distinct(stream, 2, 1), distinct(stream, 3, 1)]
    model.save(tmp_path)
    arrays = {n: sum(np.load(path).nbytes for path in tmp_path.glob(f"*.{n}.npy")) for n in range(1, 4)}
    assert size["order_bytes"] == list(arrays.values())
    assert sum(size["order_entries"]) == size["entries"]
    assert sum(size["order_bytes"]) == size["bytes_in_memory"]


def test_nltk_has_orders_too() -> None:
    stream = text()
    model = NltkLM(method="Lidstone", options={"gamma": 0.1}, order=3)
    model.fit(stream, stream, RunLog())
    size = model_size(model.size())
    assert size["order_entries"] == [distinct(stream, n, starts=n - 1) for n in (1, 2, 3)]
    assert sum(size["order_bytes"]) == size["bytes_in_memory"]


def test_a_model_without_a_table_has_no_orders() -> None:
    model: LanguageModel = Uniform()
    stream = text()
    model.fit(stream, stream, RunLog())
    assert model_size(model.size())["order_entries"] == model_size(model.size())["order_bytes"] == []


def test_files_are_compressed_as_one(tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    noise = np.random.default_rng(1).bytes(3 << 20)
    files = {"a.npy": noise, "b.npy": bytes(5 << 20), "part/c.npy": noise[: 1 << 20]}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    size = size_on_disk(tmp_path)
    assert size["bytes_on_disk"] == 9 << 20
    at_once = len(zstandard.ZstdCompressor(level=3).compress(b"".join(files.values())))
    assert size["bytes_compressed"] == pytest.approx(at_once, rel=1e-3)
    assert 3 << 20 < size["bytes_compressed"] < (4 << 20) + 5_000


def test_without_the_package_there_is_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    (tmp_path / "a").write_bytes(b"x")
    assert size_on_disk(tmp_path) == {"bytes_on_disk": 1, "bytes_compressed": None}
