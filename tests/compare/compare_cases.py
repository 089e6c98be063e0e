"""A small corpus, and run folders on it with scores that a test chooses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.corpus import Corpus, open_corpus
from benchmark.measure.blocks import block_losses, blocks_of
from benchmark.measure.perplexity import summary
from benchmark.record.blocks import write_blocks
from benchmark.record.folder import SCORES, run_folder, write_result
from benchmark.record.identity import protocol_id
from benchmark.record.result import Result
from benchmark.storage.files import write_array, write_text

TRAIN = ["the cat sat on the mat", "the dog sat on the log", "a cat saw a dog"] * 20
TEST = ["the cat sat on the log", "a dog saw the cat", "the mat sat", "a log"] * 10


def settings(folder: Path) -> dict[str, Any]:
    """The settings of a corpus of a few lines, whose files are below a folder."""
    for part, lines in (("train", TRAIN), ("valid", TEST[:4]), ("test", TEST)):
        write_text(folder / f"{part}.txt", "\n".join(lines) + "\n")
    return {"name": "small", **{part: str(folder / f"{part}.txt") for part in ("train", "valid", "test")}}


def corpus_of(folder: Path) -> Corpus:
    return open_corpus(settings(folder), corpora_dir=None, cache_dir=folder / "cache", say=lambda line: None)


def write_run(folder: Path, corpus: Corpus, label: str, scores: np.ndarray, **more: Any) -> Path:
    """A finished run below `folder/results` that keeps these scores; returns its folder."""
    import json

    scores = scores.astype(np.float32)
    protocol: dict[str, Any] = {f"protocol_{part}": value for part, value in corpus.protocol.items()}
    number = len(list((folder / "results" / "runs").glob("*/*/*")))
    result = Result(
        run_id=f"{number:012x}",
        status="ok",
        model=label.lower().replace(" ", "_"),
        label=label,
        corpus="small",
        family="count",
        context="sentence",
        model_settings={"name": label},
        protocol_id=protocol_id(corpus.protocol),
        command="nextword run model=some",
        **protocol,
        **summary(scores, corpus.test),
    )
    result = replace(result, **more)
    run = run_folder(folder / "results", "small", result.model, result.run_id)
    run.mkdir(parents=True)
    write_array(run / SCORES, scores)
    write_blocks(run, block_losses(scores, blocks_of(corpus.test)))
    write_text(run / "config.yaml", json.dumps({"corpus": settings(folder)}))
    write_result(run, result)
    return run
