"""The scores of a run as text for other programs: ln p and the token of each target, a line each."""

from __future__ import annotations

import lzma
import re
from pathlib import Path

import numpy as np

from benchmark.console.quoting import hydra_text
from benchmark.corpus import Corpus, TokenStream
from benchmark.errors import UserError
from benchmark.record.folder import RunRecord
from benchmark.record.scores import read_scores, read_valid_scores
from benchmark.storage.files import write_bytes


def write_scores_text(folder: Path, run: RunRecord, corpus: Corpus) -> list[str]:
    """Write `valid.txt.xz` and `test.txt.xz` into a folder; returns the settings by which `model=scores`
    reads them, beside those of the corpus.

    A line holds ln p in as many digits as a float32 has, a tab, and the token. Where a token holds the end of
    a line itself, no tokens are written. Raises UserError where the run keeps no scores, or they are not
    those of the corpus.
    """
    parts = {
        "valid": (read_valid_scores(run), corpus.valid),
        "test": (read_scores(run), corpus.test),
    }
    for name, (scores, stream) in parts.items():
        if len(scores) != len(stream):
            raise UserError(f"{run.folder} keeps {len(scores):,} {name} scores for {len(stream):,} targets")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot write to {folder}: {error.strerror or error}") from error
    with_tokens = not any({"\n", "\r"} & set(token) for token in corpus.vocabulary.tokens)
    settings = []
    for name, (scores, stream) in parts.items():
        path = folder / f"{name}.txt.xz"
        write_bytes(path, lzma.compress(_text(scores, stream, with_tokens).encode()))
        plain = re.fullmatch(r"[\w./ -]+", str(path))
        settings.append(f"model.{name}={path if plain else hydra_text(str(path))}")
    beside = ["model.tokens=after"] if with_tokens else []
    kind = f"model.kind={run.result.family}"
    context = f"model.context={run.result.context}"
    return [*settings, "model.scale=ln", *beside, kind, context]


def _text(scores: np.ndarray, stream: TokenStream, with_tokens: bool) -> str:
    numbers = [f"{score:.9g}" for score in scores.tolist()]
    if with_tokens:
        tokens = stream.vocabulary.decode(stream.ids)
        numbers = [f"{number}\t{token}" for number, token in zip(numbers, tokens, strict=True)]
    return "".join(f"{line}\n" for line in numbers)
