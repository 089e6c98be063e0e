"""The trained model of a finished run, as a model that can be mixed, adapted or measured again."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from baselines.saving import class_path, named_class
from benchmark.contract import (
    Computation,
    LanguageModel,
    ModelSize,
    Operations,
    Reader,
    RunLog,
    ScoresOnly,
    TokenStream,
    Vocabulary,
)
from benchmark.errors import NeedsSetting, UserError
from benchmark.record.config import read_config
from benchmark.record.result import Result
from benchmark.storage.checksums import damage
from benchmark.storage.reading import read_json_object

_SAVED, _MODEL = "finished.json", "model"


@dataclass(kw_only=True, eq=False)
class Finished(LanguageModel):
    """The model that a finished run trained. Nothing is trained again.

    `run` is the run's folder (the command line also accepts the beginning of a run id, `model`,
    `corpus/model` or `corpus/model/id`). Family, context and kind are those of the trained model, and the
    run's record says how long training took. A saved copy contains the trained model and no longer needs the
    run.

    Raises NeedsSetting if no run is named; UserError if the run did not end well or has no checkpoint, and,
    in `fit`, if it was trained on another vocabulary or text.
    """

    version: ClassVar[int] = 1

    run: str | None = None

    def __post_init__(self) -> None:
        if self.run is None:
            raise NeedsSetting(
                "needs a finished run: give its setting run=CORPUS/MODEL, or a run's folder or id"
            )
        folder = Path(self.run)
        result = _result(_json(folder / "result.json", f"{folder} holds no finished run"), folder)
        if result.status != "ok":
            raise UserError(
                f"{folder} ended as {result.status!r}, not ok: it has no trained model to build on"
            )
        if not (folder / "checkpoint").is_dir():
            raise UserError(
                f"{folder} keeps no trained model here (git holds none); make it: {result.command} force=true"
            )
        self._folder = folder
        self._describe(result, _target(folder))

    def _describe(self, result: Result, kind: str) -> None:
        self._result, self.kind = result, named_class(kind)
        self.family = result.family or self.kind.family
        self.context = result.context or self.kind.context
        self.normalised = result.normalised
        self.trained_here = result.train_seconds is not None
        if result.no_distribution is not None:
            self.scores_only = ScoresOnly(
                result.no_distribution,
                result.train_seconds,
                result.score_tokens_per_second,
                result.device_name,
            )
        self.trained_on = Computation(result.train_device or "cpu", result.train_dtype, result.train_batch)

    @property
    def model(self) -> LanguageModel:
        """The trained model, once `fit` or `load` has read it."""
        if not hasattr(self, "_model"):
            raise RuntimeError("the finished run is not read yet: fit or load first")
        return self._model

    def match(self, valid: TokenStream, test: TokenStream) -> None:
        """Saved scores know their texts by their ids; `log_probs` refuses any other."""

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Load the model that the run trained, which must have been on the same text.

        Its training time and tokens count as those of this run: they are what the model costs.
        """
        checkpoint = self._folder / "checkpoint"
        if problem := damage(self._folder, "checkpoint/"):
            raise UserError(f"{problem}: repeat that run: {self._result.command} force=true")
        self._compare(Vocabulary.load(checkpoint / "vocabulary.json"), train)
        self._model = self.kind.load(checkpoint, train.vocabulary)
        self.scored_on, self.notes = self._model.scored_on, self._model.notes
        seconds = self._result.train_seconds or 0.0
        log.resumed(seconds, self._result.train_tokens or 0)
        trained = f"trained in {seconds:,.1f} s there" if self.scores_only is None else "its scores alone"
        log.info(f"{self._result.label} of {self._folder}: {trained}")

    def _compare(self, own: Vocabulary, train: TokenStream) -> None:
        """Refuse a model of another vocabulary or another training text."""
        other = train.vocabulary
        corpus = self._result.corpus
        if own.digest != other.digest:
            raise UserError(
                f"{self._folder} was trained on {corpus} with its vocabulary of {len(own):,} tokens, not "
                f"this corpus's of {len(other):,}: only runs on the same corpus can be built on"
            )
        targets = self._result.train_targets or len(train)
        if targets != len(train) or not np.array_equal(own.counts, other.counts):
            raise UserError(
                f"{self._folder} was trained on another text ({corpus}, {targets:,} tokens) than this run's "
                f"({len(train):,} tokens): repeat it on this corpus and build on that run"
            )

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        return self.model.log_probs(stream)

    def log_probs_by_line(self, stream: TokenStream) -> np.ndarray:
        return self.model.log_probs_by_line(stream)

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        return self.model.next_log_probs(contexts)

    def distributions(self, stream: TokenStream, places: np.ndarray, rows: int) -> Iterator[np.ndarray]:
        return self.model.distributions(stream, places, rows)

    def reader(self) -> Reader:
        return self.model.reader()

    def operations(self) -> Operations | None:
        return self.model.operations()

    def size(self) -> ModelSize:
        return self.model.size()

    def save(self, folder: Path) -> None:
        (folder / _MODEL).mkdir()
        self.model.save(folder / _MODEL)
        saved = {
            "kind": class_path(self.model),
            "run": str(self._folder),
            "record": self._result.to_json(),
        }
        (folder / _SAVED).write_text(json.dumps(saved, indent=2, sort_keys=True) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        saved = _json(folder / _SAVED, f"{folder} holds no copy of a finished run")
        model = cls.__new__(cls)  # the run itself may be gone
        model.run, model._folder = saved["run"], Path(saved["run"])
        model._describe(_result(saved["record"], folder), saved["kind"])
        model._model = model.kind.load(folder / _MODEL, vocabulary)
        model.scored_on, model.notes = model._model.scored_on, model._model.notes
        return model


def _result(record: dict[str, Any], folder: Path) -> Result:
    try:
        return Result.from_json(record)
    except UserError as error:
        raise UserError(f"cannot read the record in {folder}: {error}") from error


def _target(folder: Path) -> str:
    """The class that a run trained, from its configuration."""
    return str(read_config(folder, "model")["model"].get("_target_"))


def _json(path: Path, problem: str) -> dict[str, Any]:
    try:
        return read_json_object(path)
    except FileNotFoundError:
        raise UserError(f"{problem}: there is no {path.name}; `nextword status` lists runs") from None
