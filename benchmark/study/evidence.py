"""What a study's module measures: the finished runs of the study, their models and their texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmark.checkpoint import load_trained
from benchmark.contract import LanguageModel
from benchmark.corpus import Corpus
from benchmark.errors import UserError
from benchmark.job import Job, Say
from benchmark.record.folder import RunRecord
from benchmark.record.scores import read_scores


@dataclass(frozen=True, eq=False)
class StudyRun(RunRecord):
    """A run of a study, in the order of the study's file. It may have failed or diverged."""

    job: Job = field(repr=False)

    def setting(self, key: str, default: Any = None) -> Any:
        """A setting by its dotted key, as in `nextword run`: `model.order`, `seed`, `corpus.train_share`."""
        value: Any = self.job.config
        for part in key.split("."):
            if not isinstance(value, Mapping) or part not in value:
                return default
            value = value[part]
        return value

    @property
    def ok(self) -> bool:
        """Whether it ended well."""
        return self.result.status == "ok"

    def model(self) -> LanguageModel:
        """The trained model, loaded anew. Raises UserError if the run keeps none."""
        return load_trained(self)[0]

    def log_probs(self) -> np.ndarray:
        """ln p of each test target, float32 [targets]. Raises UserError if the run keeps no scores."""
        return read_scores(self)


@dataclass(frozen=True, eq=False)
class Evidence:
    """The runs of a study, and the `settings` of its scale. `say` prints a line of progress."""

    runs: tuple[StudyRun, ...]
    settings: Mapping[str, Any]
    say: Say
    _corpora: dict[str, Corpus] = field(default_factory=dict, repr=False)

    def where(self, **settings: Any) -> list[StudyRun]:
        """The runs with these settings. Dots of a key are written as `__`; `model` and `corpus` are names.

        `where(model="lstm", model__training__clip=1.0, seed=1)`. Raises UserError if there is no such run.
        """
        wanted = {_dotted(key): value for key, value in settings.items()}
        found = [run for run in self.runs if all(run.setting(key) == value for key, value in wanted.items())]
        if not found:
            asked = ", ".join(f"{key}={value}" for key, value in wanted.items())
            raise UserError(
                f"the study needs a run with {asked}, and has none here: name it in the study's file, or "
                "leave out the settings that replace it"
            )
        return found

    def by(self, key: str, runs: Sequence[StudyRun] | None = None) -> dict[Any, list[StudyRun]]:
        """Runs (default: all) by the value of a setting (a dotted key), in their order: seeds of a setting
        are together."""
        grouped: dict[Any, list[StudyRun]] = {}
        for run in self.runs if runs is None else runs:
            grouped.setdefault(run.setting(key), []).append(run)
        return grouped

    def corpus(self, run: StudyRun) -> Corpus:
        """The corpus of a run, with the token streams `train`, `valid` and `test`."""
        key = run.job.corpus_key
        if key not in self._corpora:
            self._corpora[key] = run.job.open_corpus(self.say)
        return self._corpora[key]


def _dotted(key: str) -> str:
    return f"{key}.name" if key in ("model", "corpus") else key.replace("__", ".")
