"""Models that are wrong in one way each: what they return, what they do, and what they leave undone."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from bigram import Bigram

from benchmark.contract import LanguageModel, ModelSize, RunLog, TokenStream, Vocabulary


class Returning(Bigram):
    """What a bigram model returns, changed: `scores` by the one function, `rows` by the other."""

    scores: Any = staticmethod(lambda scores: scores)
    rows: Any = staticmethod(lambda rows: rows)

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        return type(self).scores(super().log_probs(stream))

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        return type(self).rows(super().next_log_probs(contexts))


def returning(name: str, scores: Any = None, rows: Any = None) -> type[Bigram]:
    """A model that returns what these functions make of scores and rows."""
    changed = {"scores": scores, "rows": rows}
    members = {key: staticmethod(value) for key, value in changed.items() if value is not None}
    made = type(name, (Returning,), {"__module__": __name__, "__qualname__": name, **members})
    globals()[name] = made
    return made


def both(name: str, change: Any) -> type[Bigram]:
    return returning(name, change, change)


def with_one(value: float) -> Any:
    """A function that puts a value into the middle of an array."""

    def changed(array: np.ndarray) -> np.ndarray:
        array.flat[array.size // 2] = value
        return array

    return changed


class Tensor:
    """Looks like a tensor; importing torch takes seconds."""

    __module__ = "torch"

    def __init__(self, array: np.ndarray) -> None:
        self.shape, self.dtype = array.shape, "torch.float32"

    def detach(self) -> Self:
        return self


def shifted(array: np.ndarray, by: float) -> np.ndarray:
    return np.minimum(array + np.float32(by), 0)


class Leaky(Bigram):
    """A convolution that sees the next token, too, normalised and better for it."""

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        scores = super().log_probs(stream)
        scores[:-1] *= 0.5
        return scores


class LeakyThroughout(Leaky):
    """The same, and its distributions agree with its scores: they see the text as well."""

    def distributions(self, stream: TokenStream, places: np.ndarray, rows: int) -> Any:
        scores, ids = np.exp(self.log_probs(stream)), np.asarray(stream.ids)
        for first in range(0, len(places), rows):
            part = places[first : first + rows]
            p = np.exp(self.next_log_probs([ids[:place] for place in part]))
            for row, place in zip(p, part, strict=True):
                row *= (1 - scores[place]) / (1 - row[ids[place]])
                row[ids[place]] = scores[place]
            yield np.log(p)


class Learning(Bigram):
    """Learns the texts that it scores, so that it does better when it is asked again."""

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        seen = self.__dict__.setdefault("seen", set())
        ids = np.asarray(stream.ids).tolist()
        known = np.array([tuple(ids[max(0, place - 40) : place + 1]) in seen for place in range(len(ids))])
        seen.update(tuple(ids[max(0, place - 40) : place + 1]) for place in range(len(ids)))
        return np.where(known, np.float32(-0.1), super().log_probs(stream))


class CountingTheTest(Bigram):
    """The unigram of the very text that it scores: its history is right, its scores know the future."""

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        ids = np.asarray(stream.ids)
        counts = np.bincount(ids, minlength=self.table.shape[1]) + 0.001
        return np.log(counts / counts.sum())[ids].astype(np.float32)


class WrongLate(Bigram):
    """Right about short texts, and wrong about the end of long ones."""

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        scores = super().log_probs(stream)
        if len(scores) > 320:
            scores[-20:] *= 0.5
        return scores


class Raising(Bigram):
    def log_probs(self, stream: TokenStream) -> np.ndarray:
        raise ValueError("no such thing")


class RaisingInFit(Bigram):
    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        _missing()


def _missing() -> None:
    raise KeyError("weights")


class Exiting(Bigram):
    def log_probs(self, stream: TokenStream) -> np.ndarray:
        sys.exit(0)


class Unprintable(Bigram):
    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        raise UnprintableError


class UnprintableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("worse")


class NoFamily(Bigram):
    family = None  # type: ignore[assignment]


class OtherContext(Bigram):
    context = "document"  # type: ignore[assignment]


class ParametersOnly(Bigram):
    def size(self) -> ModelSize:
        return ModelSize(self.table.nbytes, parameters=self.table.size)


class TupleSize(Bigram):
    def size(self) -> Any:
        return self.table.nbytes, self.table.size


class SavingNothing(Bigram):
    """Its `load` finds the model in memory."""

    saved: Any = None

    def save(self, folder: Path) -> None:
        type(self).saved = self

    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        return cls.saved


class SavingEmptyFiles(Bigram):
    def save(self, folder: Path) -> None:
        (folder / "table.npy").touch()


class NotLoading(Bigram):
    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        raise NotImplementedError


class LoadingNone(Bigram):
    @classmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Any:
        return None


class Score(Bigram):
    """A score and no distribution, which it says."""

    normalised = False

    def log_probs(self, stream: TokenStream) -> np.ndarray:
        return super().log_probs(stream) + np.float32(0.3)

    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        return super().next_log_probs(contexts) + np.float32(0.3)


class LeakyScore(Leaky):
    normalised = False


#: Every model that is wrong, and a part of what is said about it.
WRONG: dict[type[LanguageModel], str] = {
    both("Probabilities", np.exp): "if these are probabilities, return their natural logarithms",
    both("Base2", lambda a: (a / np.log(2)).astype(np.float32)): "logarithms of base 2",
    both("Base10", lambda a: (a / np.log(10)).astype(np.float32)): "logarithms of base 10",
    both("Generous", lambda a: shifted(a, 0.001)): "sum to 1.001, not 1",
    both("Deficient", lambda a: shifted(a, -0.5)): "sum to 0.6065",
    both("Floor", lambda a: np.log(np.exp(a) + np.float32(0.01))): "sum to 1.",
    returning("TooGood", scores=lambda a: shifted(a, 0.3)): "log_probs disagrees with next_log_probs",
    returning("OffByOne", scores=lambda a: np.roll(a, 1)): "log_probs disagrees with next_log_probs",
    returning("Integers", scores=lambda a: a.round().astype(int)): "returned an array of int64",
    returning("Half", scores=lambda a: a.astype(np.float16)): "returned an array of float16",
    returning("Double", scores=lambda a: a.astype(np.float64)): "returned an array of float64",
    returning("BigEndian", scores=lambda a: a.astype(">f4")): "returned an array of >f4",
    returning("OneNaN", scores=with_one(np.nan)): "log_probs gives NaN to 1 of",
    returning("OneInfinity", scores=with_one(np.inf)): "log_probs gives +inf to 1 of",
    returning("NaNInRows", rows=with_one(np.nan)): "next_log_probs gives NaN to token",
    returning("List", scores=list): "log_probs returned a list; it must return a NumPy array",
    returning("ListOfRows", rows=list): "next_log_probs returned a list; it must return a NumPy array",
    returning("GivingTensors", scores=Tensor): "log_probs returned a torch.Tensor; it must return",
    returning("Nothing", scores=lambda a: None): "log_probs returned None; it must return a NumPy array",
    returning("Masked", scores=np.ma.array): "log_probs returned a numpy.MaskedArray",
    returning("Mean", scores=lambda a: float(a.mean())): "log_probs returned a float",
    returning("Short", scores=lambda a: a[:-1]): "one for each id (<s> is none)",
    returning("Column", scores=lambda a: a[:, None]): ", 1) for",
    returning("Transposed", rows=np.transpose): "it is transposed",
    Leaky: "log_probs disagrees with next_log_probs",
    LeakyThroughout: "log_probs disagrees with next_log_probs",
    Learning: "keeps something from earlier calls",
    CountingTheTest: "log_probs disagrees with next_log_probs",
    Raising: "ValueError: no such thing (",
    RaisingInFit: "KeyError: 'weights' (",
    Exiting: "SystemExit: 0 (",
    Unprintable: "UnprintableError (",
    NoFamily: "family is None; it must be one of 'count', 'neural', 'mixture'",
    OtherContext: "context is 'document'; it must be one of 'sentence', 'stream'",
    ParametersOnly: "size gives parameters; a model with family='count' gives entries alone",
    TupleSize: "size returned a tuple; it must return a ModelSize",
    SavingNothing: "save wrote nothing",
    SavingEmptyFiles: "save wrote only empty files",
    NotLoading: "load cannot read what save wrote: NotImplementedError (",
    LoadingNone: "load returned None",
    LeakyScore: "log_probs disagrees with next_log_probs",
}
