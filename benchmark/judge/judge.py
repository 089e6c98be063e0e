"""Judges a finished run by BLiMP and LAMBADA, and keeps the judgements in its folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

import benchmark
from benchmark.checkpoint import load_trained
from benchmark.contract import LanguageModel
from benchmark.errors import UserError
from benchmark.judge import TITLES, VERSION, data
from benchmark.judge.blimp import Report, judge_pairs
from benchmark.judge.data import DataFile, PairSet, Say
from benchmark.judge.lambada import predict_last_words
from benchmark.judge.reading import Reader
from benchmark.judge.record import (
    BlimpJudgement,
    Judgements,
    LambadaJudgement,
    read_judgements,
    write_judgements,
)
from benchmark.record.folder import CHECKPOINT, RunRecord
from benchmark.record.provenance import commit

#: The tasks by name, with the file of their data.
TASKS = {"blimp": data.BLIMP, "lambada": data.LAMBADA}

#: Makes the receiver of the progress of a task, which is given by its title.
Watch = Callable[[str], Report]


@dataclass(frozen=True)
class Material:
    """The data of the tasks, read once for several runs. `find` raises UserError where they are missing."""

    corpora_dir: Path | None
    cache_dir: Path | None
    say: Say

    def find(self, file: DataFile) -> Path:
        return file.find(self.corpora_dir, self.cache_dir, self.say)

    @cached_property
    def pairs(self) -> list[PairSet]:
        return data.read_pairs(self.find(TASKS["blimp"]))

    @cached_property
    def passages(self) -> list[list[str]]:
        return data.read_passages(self.find(TASKS["lambada"]))


def outstanding(known: Judgements | None, tasks: Sequence[str]) -> list[str]:
    """Those of the tasks that are not judged yet, or were by an earlier version or with other data."""
    if known is None:
        return list(tasks)
    return [task for task in tasks if task not in known.left_out and not _is_present(known, task)]


def _is_present(known: Judgements, task: str) -> bool:
    done = getattr(known, task)
    return done is not None and (done.version, done.data) == (VERSION, TASKS[task].sha256)


def judge_run(run: RunRecord, tasks: Sequence[str], material: Material, watch: Watch) -> Judgements:
    """Judge a run by some tasks and write that into its folder, beside its judgements by others.

    A task that does not fit the run's tokens is left out, and the record says why. Raises UserError where the
    run has no trained model here, the data is missing, or the vocabulary cannot hold it.
    """
    model, vocabulary, config = load_trained(run)
    reader = Reader(config["corpus"], vocabulary, run.folder / CHECKPOINT)
    left_out = {} if reader.has_words else {"lambada": "it asks for words, and the corpus has other tokens"}
    new = {
        task: _JUDGES[task](model, reader, material, watch(TITLES[task]))
        for task in tasks
        if task not in left_out
    }
    judgements = replace(
        _known(run),
        nextword=benchmark.__version__,
        commit=commit()["commit"],
        left_out=left_out,
        **new,
    )
    write_judgements(run, judgements)
    return judgements


def _known(run: RunRecord) -> Judgements:
    """A run's judgements so far; none where they cannot be read, since they are about to be replaced."""
    with suppress(UserError):
        return read_judgements(run) or Judgements(started=run.result.started)
    return Judgements(started=run.result.started)


def _blimp(model: LanguageModel, reader: Reader, material: Material, report: Report) -> BlimpJudgement:
    sets = judge_pairs(model, reader, material.pairs, report)
    return BlimpJudgement(**_rests_on("blimp", reader.describe_sentences()), sets=sets)


def _lambada(model: LanguageModel, reader: Reader, material: Material, report: Report) -> LambadaJudgement:
    found = predict_last_words(model, reader, material.passages, report)
    ranks = found.ranks
    return LambadaJudgement(
        **_rests_on("lambada", reader.describe_passages()),
        passages=found.passages,
        known=len(ranks),
        right=found.right,
        nll=found.nll,
        median_rank=float(np.median(ranks)) if len(ranks) else None,
        mean_rank=float(ranks.mean()) if len(ranks) else None,
        history=model.context,
    )


_JUDGES: dict[str, Callable[..., Any]] = {"blimp": _blimp, "lambada": _lambada}


def _rests_on(task: str, reading: list[str]) -> dict[str, Any]:
    """The fields of `record.Task`."""
    return {
        "version": VERSION,
        "data": TASKS[task].sha256,
        "judged": datetime.now(UTC).isoformat(timespec="seconds"),
        "reading": reading,
    }
