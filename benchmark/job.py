"""A job: one run as configured, before anything is computed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.corpus import Corpus, corpus_documents, fingerprint, open_corpus
from benchmark.environment import user_path
from benchmark.errors import UserError
from benchmark.record.folder import run_folder
from benchmark.record.identity import run_id, seed_of
from benchmark.record.labels import telling_label

if TYPE_CHECKING:
    from benchmark.corpus.document import Document
    from benchmark.task.dataset import Dataset

Say = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Job:
    """`config` is the resolved configuration; `command` is the command line that reproduces it."""

    config: dict[str, Any]
    command: str

    @property
    def model(self) -> str:
        return str(self.config["model"]["name"])

    @property
    def corpus(self) -> str:
        return str(self.config["corpus"]["name"])

    @property
    def title(self) -> str:
        """What this job is called in progress lines and summaries."""
        return run_title(self.label, self.corpus, seed_of(self.config["model"]), self.train_share)

    @property
    def label(self) -> str:
        """What its model is called; a model without a label is called by its name."""
        model = self.config["model"]
        return telling_label(str(model.get("label") or self.model), model)

    @property
    def train_share(self) -> float:
        """How much of the training split it trains on; 1 for all of it. (Opening the corpus refuses a
        setting that is no such number.)"""
        share = self.config["corpus"].get("train_share")
        return float(share) if isinstance(share, int | float) and share else 1.0

    @property
    def results_dir(self) -> Path:
        return Path(self.config["results_dir"])

    @cached_property
    def corpus_key(self) -> str:
        """Jobs with the same key read the same corpus from the same place."""
        return json.dumps(
            [self.config[key] for key in ("corpus", "corpora_dir", "cache_dir")], sort_keys=True
        )

    @property
    def task(self) -> str | None:
        """The task that the corpus has labels for; None for a text, which language models are scored on."""
        task = self.config["corpus"].get("task")
        return None if task is None else str(task)

    def open(self, say: Say) -> Corpus | Dataset:
        """What the model is scored on, fetched and read or encoded if it is not yet. Raises UserError."""
        return self.open_corpus(say) if self.task is None else self.open_dataset(say)

    def open_dataset(self, say: Say) -> Dataset:
        """The labelled items of the corpus. Raises UserError."""
        from benchmark.task.dataset import open_dataset

        return open_dataset(self.config["corpus"], **self._corpus_places(), say=say)

    def open_corpus(self, say: Say) -> Corpus:
        """The corpus, fetched and encoded if it is not yet. Raises UserError, also for one with labels."""
        if self.task is not None:
            raise UserError(
                f"corpus={self.corpus} has labels (task: {self.task}), and this needs a text, as corpus=sotu "
                f"is"
            )
        return open_corpus(self.config["corpus"], **self._corpus_places(), say=say)

    def corpus_texts(self, say: Say) -> dict[str, list[str]]:
        """The texts of the corpus's documents as they are before tokenisation, by the setting that names
        them: `train`, `valid`, `test` or `text`. Raises UserError."""
        found = corpus_documents(self.config["corpus"], **self._corpus_places(), say=say)
        return {part: [_read(document) for document in documents] for part, documents in found.items()}

    def corpus_fingerprint(self, say: Say) -> str:
        """The corpus's content as a hash, found without encoding it. Raises UserError."""
        if self.task is not None:
            from benchmark.task.dataset import dataset_fingerprint

            return dataset_fingerprint(self.config["corpus"], **self._corpus_places(), say=say)
        return fingerprint(self.config["corpus"], **self._corpus_places(), say=say)

    def _corpus_places(self) -> dict[str, Path | None]:
        return {key: _path(self.config[key]) for key in ("corpora_dir", "cache_dir")}

    def run_id(self, corpus_fingerprint: str) -> str:
        return run_id(self.config["model"], corpus_fingerprint)

    def folder(self, corpus_fingerprint: str) -> Path:
        """Where this job's run lives."""
        return run_folder(self.results_dir, self.corpus, self.model, self.run_id(corpus_fingerprint))


def run_title(label: str, corpus: str, seed: int | None, train_share: float = 1.0) -> str:
    """What a run is called where people read of it."""
    part = "" if train_share == 1 else f" (train_share {train_share:g})"
    return f"{label} on {corpus}{part}" + (f", seed {seed}" if seed is not None else "")


def in_sweep(jobs: Sequence[Job]) -> list[Job]:
    """Jobs of one command line, with `impossible=auto` decided: in a sweep a model that refuses its settings
    is a skipped run, alone it is an error."""
    auto = "skip" if len(jobs) > 1 else "error"
    return [
        replace(job, config={**job.config, "impossible": auto}) if job.config["impossible"] == "auto" else job
        for job in jobs
    ]


def _read(document: Document) -> str:
    with document.open() as file:
        return file.read().decode()


def _path(value: str | None) -> Path | None:
    return user_path(value) if value else None
