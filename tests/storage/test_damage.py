"""Bits flipped in saved files, and files cut short: whatever is read is refused, or what it was."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.checkpoint import load_trained
from benchmark.contract import TokenStream
from benchmark.errors import UserError
from benchmark.record.blocks import read_blocks
from benchmark.record.config import read_config
from benchmark.record.curve import read_curve
from benchmark.record.folder import ENVIRONMENT, SAMPLES, RunRecord, read_result
from benchmark.record.losses import read_losses
from benchmark.record.scores import read_scores, read_valid_scores
from benchmark.run import execute
from benchmark.storage.reading import read_json_object
from benchmark.sweep.compose import collect

NETWORK = ["training.epochs=1", "training.batch=4", "embedding_size=4", "hidden_size=4"]
#: Models that save files of different kinds: a table, coded numbers, factors, a text, counts, weights; models
#: made of others.
KINDS = {
    "kneser_ney": [],
    "quantised": [],
    "class_based": [],
    "skip": [],
    "infinity_gram": [],
    "nltk_lidstone": [],
    "kenlm": [],
    "gated_mixture": [],
    "rnn": [f"model.{setting}" for setting in NETWORK],
    "dynamic_evaluation": ["model@model.of=rnn", *(f"model.of.{setting}" for setting in NETWORK)],
}


def some_scores(run: RunRecord) -> bytes:
    model, vocabulary, _ = load_trained(run)
    return model.log_probs(TokenStream.from_ids(np.arange(len(vocabulary)), vocabulary)).tobytes()


def readings(folder: Path) -> dict[str, Any]:
    """All that can be read of a run; None where it is refused."""
    readers: dict[str, Callable[[RunRecord], object]] = {
        "record": lambda run: run.result,
        "model": lambda run: some_scores(run),
        "scores": lambda run: read_scores(run).tobytes(),
        "validation scores": lambda run: read_valid_scores(run).tobytes(),
        "blocks": lambda run: repr(read_blocks(folder)),
        "losses": lambda run: read_losses(folder),
        "curve": lambda run: read_curve(folder),
        "config": lambda run: read_config(folder, "model", "corpus"),
        "samples": lambda run: read_json_object(folder / SAMPLES),
        "environment": lambda run: read_json_object(folder / ENVIRONMENT),
    }
    found: dict[str, Any] = dict.fromkeys(readers)
    refusals = []
    for name, read in readers.items():
        try:
            result = read_result(folder)
            found[name] = None if result is None else read(RunRecord(folder, result))
        except UserError as error:
            refusals.append(str(error))
    assert all(str(folder) in line and "\n" not in line for line in refusals), refusals
    return found


def damaged(data: bytes, dice: random.Random, flips: int) -> Iterator[bytes]:
    """Copies of a file's content: a flipped bit each, the last byte cut off, half of it, nothing."""
    for _ in range(flips):
        flipped = bytearray(data)
        flipped[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        yield bytes(flipped)
    yield from (data[:-1], data[: len(data) // 2], b"")


@pytest.mark.parametrize(
    "model", [kind if kind == "kneser_ney" else pytest.param(kind, marks=pytest.mark.slow) for kind in KINDS]
)
def test_nothing_damaged_is_used(model: str, tmp_path: Path, text_corpus: list[str]) -> None:
    places = [f"results_dir={tmp_path / 'results'}", f"cache_dir={tmp_path / 'cache'}", "footprint=false"]
    (job,) = collect([f"model={model}", *KINDS[model], *text_corpus, "corpus.tokens=whitespace", *places])
    result = execute(job)
    assert result.status == "ok", result.reason
    folder = job.folder(job.corpus_fingerprint(print))
    whole = readings(folder)
    assert None not in whole.values()
    dice = random.Random(20)
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in (".lock", "log.txt")]
    assert len(files) > 10
    flips = 3 if model == "kneser_ney" else 1
    for path in files if flips > 1 else dice.sample(files, 8):
        data = path.read_bytes()
        refused = 0
        for content in damaged(data, dice, flips):
            path.write_bytes(content)
            found = readings(folder)
            assert all(value is None or value == whole[name] for name, value in found.items()), path
            refused += None in found.values()
        path.write_bytes(data)
        assert refused > flips, path  # a cut-off line end changes nothing
    assert readings(folder) == whole
    shutil.rmtree(folder)
