"""A model of which there are only scores, computed by any other program."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar, NoReturn, Self

import numpy as np
from pydantic import Field

from baselines.saving import saved_settings, unfitted
from baselines.scores.align import First, Gaps, Scale, aligned, given_targets, log_probs
from baselines.scores.read import Beside, Column, read_numbers, read_tokens
from benchmark.contract import (
    Context,
    Family,
    InputFile,
    LanguageModel,
    ModelSize,
    RunLog,
    ScoresOnly,
    TokenStream,
    Vocabulary,
)
from benchmark.errors import NeedsSetting, UserError
from benchmark.storage.reading import read_json_object

_SETTINGS, _SCORES = "scores.json", "scores.npz"
_REASON = "there is nothing but its scores, which were computed elsewhere"

Count = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]


@dataclass(frozen=True)
class ScoredText:
    """A text by its ids [targets], and ln p of each target, float32 [targets]."""

    ids: np.ndarray
    scores: np.ndarray

    def begins_with(self, ids: np.ndarray) -> bool:
        """Whether this is that text, or that is its front."""
        return len(ids) <= len(self.ids) and np.array_equal(self.ids[: len(ids)], ids)


@dataclass(kw_only=True, eq=False)
class Scores(LanguageModel):
    """The scores of the validation and of the test text in the files `valid` and `test`.

    A file has one number for each target, in the order of the text. `scale` says what the numbers are:
    `probability`; `ln`, `log2` or `log10` of it; `loss` (−ln p) or `bits` (−log2 p). A text, which may be
    packed (gz, bz2, xz), has a number in each line, and a token beside it if `tokens` says `before` or
    `after`; tokens may also stand in files of their own, `valid_tokens` and `test_tokens`. They must be those
    of the corpus; `end` is what they call the end of a line.

    `missing_first` says that the first token of each `text`, or of all `lines`, has no number, and
    `missing_ends` that ends of lines have none; `baselines.scores.align.aligned` says what these cost.

    `kind` is the family of the model that gave the scores, and `context` its history. What it costs is known
    only if it is stated: `parameters`, `entries`, `bytes_in_memory`, and, with the `machine` that they were
    taken on, `train_seconds` and `score_tokens_per_second`.
    """

    version: ClassVar[int] = 1

    valid: InputFile | None = None
    test: InputFile | None = None
    scale: Scale | None = None
    kind: Family | None = None
    context: Context = "stream"
    tokens: Beside = "none"
    valid_tokens: InputFile | None = None
    test_tokens: InputFile | None = None
    end: str = "</s>"
    missing_first: First = "none"
    missing_ends: bool = False
    parameters: Count | None = None
    entries: Count | None = None
    bytes_in_memory: Count | None = None
    train_seconds: Positive | None = None
    score_tokens_per_second: Positive | None = None
    machine: str | None = None

    def __post_init__(self) -> None:
        wanted = {
            "valid": "needs a file with the score of every validation target",
            "test": "needs a file with the score of every test target",
            "scale": "needs what the numbers are: probability, ln, log2, log10, loss or bits",
            "kind": "needs what gave the scores: count (n-grams), neural or mixture",
        }
        for name, what in wanted.items():
            if getattr(self, name) is None:
                raise NeedsSetting(f"model.{name} is missing: {what}")
        assert self.kind is not None
        if (self.train_seconds or self.score_tokens_per_second) and not self.machine:
            raise UserError("model.machine is missing: times can be compared only if it names a machine")
        if self.tokens != "none" and (self.valid_tokens or self.test_tokens):
            raise UserError(f"model.tokens={self.tokens} does not fit files of tokens: give one of the two")
        self.family = self.kind
        self.scores_only = ScoresOnly(_REASON, self.train_seconds, self.score_tokens_per_second, self.machine)
        self._texts: list[ScoredText] = []
        self._remarks: list[str] = []

    def match(self, valid: TokenStream, test: TokenStream) -> None:
        """Read the files, and put their numbers onto the targets. Raises UserError where they do not fit."""
        self._remarks = []
        self._texts = [
            self._text("valid", Path(self.valid or ""), self.valid_tokens, valid),
            self._text("test", Path(self.test or ""), self.test_tokens, test),
        ]
        self.notes = self._filled_in(valid, test)

    def _text(self, name: str, path: Path, tokens: str | None, stream: TokenStream) -> ScoredText:
        assert self.scale is not None
        gaps = Gaps(self.missing_first, self.missing_ends)
        try:
            column = read_numbers(path, self.tokens, len(stream))
            if tokens:
                column = self._with_tokens(column, Path(tokens))
            scores = log_probs(column, self.scale)
            text = ScoredText(np.asarray(stream.ids), aligned(column, scores, stream, gaps, self.end))
        except UserError as error:
            raise UserError(f"model.{name}: {error}") from error
        alone = np.exp(-scores.mean()) if len(scores) else np.nan
        self._remarks.append(
            f"{path}: perplexity {alone:.2f} of the {len(scores):,} targets of the {name} text that it scores"
        )
        return text

    @staticmethod
    def _with_tokens(column: Column, path: Path) -> Column:
        """The numbers of a file with the tokens of another, whose lines messages then name."""
        tokens = read_tokens(path, len(column.numbers))
        if len(tokens) != len(column.numbers):
            raise UserError(
                f"{path} has {len(tokens):,} tokens or more for the {len(column.numbers):,} scores in "
                f"{column.path}"
            )
        return Column(path, column.numbers, tokens, compact=column.compact)

    def _filled_in(self, valid: TokenStream, test: TokenStream) -> tuple[str, ...]:
        """A sentence on the test targets that the file says nothing of; none if there are none."""
        gaps = Gaps(self.missing_first, self.missing_ends)
        missing = len(test) - len(given_targets(test, gaps))
        if not missing:
            return ()
        return (
            f"{missing:,} of {len(test):,} test targets have no score there, and cost what their frequency "
            "in the training text says.",
        )

    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Nothing is learnt: `match` has read the files."""
        if not self._texts:
            raise UserError("scores can be fitted only to a text that they were matched with")
        for remark in self._remarks:
            log.info(remark)

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        """The scores of one of the two texts, or of its front. Raises UserError for any other text."""
        ids = np.asarray(stream.ids)
        found = [text for text in self._texts if text.begins_with(ids)]
        found = [text for text in found if len(text.ids) == len(ids)] or found
        fronts = [text.scores[: len(ids)] for text in found]
        if not fronts:
            raise UserError(f"there are no scores of this text of {len(ids):,} tokens: {_REASON}")
        if any(not np.array_equal(front, fronts[0]) for front in fronts[1:]):
            raise UserError("the validation and the test text are the same, and their scores are not")
        return fronts[0].copy()

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> NoReturn:
        raise UserError(f"this model has no distribution: {_REASON}")

    def size(self) -> ModelSize:
        return ModelSize(self.bytes_in_memory, self.parameters, self.entries)

    def save(self, folder: Path) -> None:
        saved = {"settings": saved_settings(self), "notes": self.notes}
        (folder / _SETTINGS).write_text(json.dumps(saved, indent=2) + "\n", encoding="utf-8")
        valid, test = self._texts
        np.savez(
            folder / _SCORES, valid_ids=valid.ids, valid=valid.scores, test_ids=test.ids, test=test.scores
        )

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        about = read_json_object(folder / _SETTINGS)
        model = unfitted(cls, about["settings"])
        model.notes = tuple(about["notes"])
        with np.load(folder / _SCORES, allow_pickle=False) as saved:
            model._texts = [ScoredText(saved[f"{name}_ids"], saved[name]) for name in ("valid", "test")]
        return model
