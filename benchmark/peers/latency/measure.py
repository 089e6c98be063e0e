"""The models are fitted once and then take turns, all in this process, reading the front of the test text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmark.build import build_model
from benchmark.contract import LanguageModel, RunLog
from benchmark.corpus import Corpus
from benchmark.errors import Skip
from benchmark.measure.latency import latency
from benchmark.peers.compare import Comparison, Contestant, Entry, ProgramFailed, Say
from benchmark.peers.corpus_lines import open_only_corpus
from benchmark.peers.latency.record import LatencyCase, LatencyRecord, LatencyRun
from benchmark.peers.machine import this_machine
from benchmark.peers.record import OURS, now, unused_path

#: Contexts after which distributions are compared.
COMPARED = 20


@dataclass(frozen=True)
class Library(Contestant):
    """A library's n-gram model: a configuration of `conf/model` with some settings.

    `estimator` is what it estimates. `most` training tokens are what it counts in reasonable time.
    """

    name: str
    title: str
    settings: tuple[str, ...]
    estimator: str
    most: int | None = None

    def unfit(self, case: LatencyCase) -> str | None:
        if self.most is not None and case.tokens > self.most:
            return f"counting more than {self.most:,} tokens would take too long and too much memory"
        return None


LIBRARIES = (
    Library(OURS, "nextword", ("model=kneser_ney",), "modified Kneser-Ney"),
    Library("kenlm", "KenLM's module", ("model=kenlm",), "modified Kneser-Ney"),
    Library(
        "nltk",
        "nltk.lm, Lidstone",
        ("model=nltk_lidstone", "model.time_limit=1e9"),
        "Lidstone",
        most=500_000,
    ),
)


@dataclass(frozen=True)
class LatencyPlan:
    """The corpora, each as `corpus=NAME` and its settings, the order and the number of turns."""

    corpora: Sequence[Sequence[str]]
    order: int
    rounds: int
    name: str | None
    results_dir: Path
    command: str


@dataclass(frozen=True)
class LatencyTask:
    """A case with its corpus and the models that are fitted so far."""

    case: LatencyCase
    corpus: Corpus
    models: dict[str, LanguageModel] = field(default_factory=dict)

    def model_of(self, library: Library) -> LanguageModel:
        """A library's model, fitted when it is first asked for. Raises ProgramFailed without the library."""
        if library.name not in self.models:
            from benchmark.sweep.compose import collect

            (job,) = collect([*library.settings, f"model.order={self.case.order}"])
            try:
                model = build_model(job.config["model"])
                model.fit(self.corpus.train, self.corpus.valid, RunLog())
            except Skip as reason:
                raise ProgramFailed(str(reason)) from None
            self.models[library.name] = model
        return self.models[library.name]


def measure(plan: LatencyPlan, say: Say) -> Path:
    """Measure and record; returns the record's file. Raises UserError for a corpus that cannot be opened."""
    tasks = list(_tasks(plan))
    record = LatencyRecord(
        name=plan.name or ", ".join(task.case.corpus for task in tasks),
        started=now(),
        command=plan.command,
        machine=this_machine(),
        programs={},
        rounds=plan.rounds,
    )
    path = unused_path(plan.results_dir, "latency", record.started, record.FILE)
    Comparison[Library, LatencyTask, LatencyCase, LatencyRun](
        contestants=LIBRARIES,
        tasks=tasks,
        rounds=plan.rounds,
        measure=_run,
        rows=record.rows,
        save=lambda: record.save(path),
        say=say,
    ).carry_out()
    return path


def _tasks(plan: LatencyPlan) -> Iterator[LatencyTask]:
    for overrides in plan.corpora:
        corpus = open_only_corpus(overrides)
        case = LatencyCase(corpus.name, plan.order, len(corpus.train), len(corpus.vocabulary))
        yield LatencyTask(case, corpus)


def _run(entry: Entry[Library, LatencyCase, LatencyRun], task: LatencyTask) -> LatencyRun:
    model = task.model_of(entry.contestant)
    ours = task.models.get(OURS)
    if not entry.row.runs and ours is not None and entry.contestant.estimator == LIBRARIES[0].estimator:
        entry.row.difference_from_ours = difference(ours, model, task.corpus)
    found = latency(model, task.corpus.test)
    return LatencyRun(
        seconds=found["next_token_seconds"],
        seconds_p99=found["next_token_seconds_p99"],
        readings=found["next_token_readings"],
    )


def difference(ours: LanguageModel, its: LanguageModel, corpus: Corpus) -> float:
    """The largest difference of two probabilities of a word after one of some contexts of the test text, as a
    share of ours."""
    ids = np.asarray(corpus.test.ids)
    contexts = [ids[:place] for place in np.linspace(0, len(ids) - 1, COMPARED).astype(int)]
    a, b = (np.exp(model.next_log_probs(contexts).astype(np.float64)) for model in (ours, its))
    return float(np.max(np.abs(b - a) / a))
