"""What every baseline must do, and what it may rely on.

A baseline is one class that implements `LanguageModel`, in one Python file, named by one YAML file
under `conf/model/`. The harness calls it in this order: construct with the keys of the YAML, `fit`,
`log_probs`, `size`, `save`; later `load` and `next_log_probs`. `nextword check model=NAME` holds it
to the contract.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, Self, runtime_checkable

import numpy as np

from benchmark.corpus.stream import TokenStream
from benchmark.corpus.vocabulary import Vocabulary
from benchmark.errors import Diverged, Skip
from benchmark.scores_only import ScoresOnly
from benchmark.setting_marks import AddedLater, Bounds, InputFile, Program

__all__ = [
    "AddedLater",
    "Bounds",
    "Computation",
    "Context",
    "Diverged",
    "Family",
    "InputFile",
    "LanguageModel",
    "ModelSize",
    "Operations",
    "OrderSize",
    "Program",
    "Reader",
    "RunLog",
    "ScoresOnly",
    "Skip",
    "TokenStream",
    "Vocabulary",
    "WritesArpa",
]

Context = Literal["sentence", "stream"]
#: How a model came by its probabilities: from counts, by training a network, or from both.
Family = Literal["count", "neural", "mixture"]


@dataclass(frozen=True)
class OrderSize:
    """The stored n-grams of one order, and the bytes of their arrays."""

    entries: int
    bytes_in_memory: int


@dataclass(frozen=True)
class ModelSize:
    """How big a fitted model is.

    `parameters`: trained floating-point numbers (None for counted models); `entries`: stored n-grams
    (None for neural models); `bytes_in_memory`: the arrays of the model, without what scoring a text needs
    beside them (None only where nobody knows, as of a model in another program); `orders`: an
    n-gram table by order, from 1 up (empty for any other model).
    """

    bytes_in_memory: int | None
    parameters: int | None = None
    entries: int | None = None
    orders: tuple[OrderSize, ...] = ()

    @classmethod
    def of_orders(cls, orders: Iterable[OrderSize]) -> ModelSize:
        """An n-gram table that has nothing but these orders."""
        orders = tuple(orders)
        return cls(
            bytes_in_memory=sum(order.bytes_in_memory for order in orders),
            entries=sum(order.entries for order in orders),
            orders=orders,
        )


@dataclass(frozen=True)
class Operations:
    """Floating-point operations of one token: in scoring, and in training with its gradients.

    Those of matrix products and convolutions are counted, a multiply-add as two. None: not counted.
    """

    score: float | None = None
    train: float | None = None


@dataclass(frozen=True)
class Computation:
    """On what, and in what arithmetic, a model computed.

    `device`: as torch names it (`cpu`, `cuda:0`). `dtype`: number format of the arithmetic (`float64`,
    `float32`, `tf32`, `bfloat16`); None where the model does not say. `batch`: sequences read side by
    side; None for a model that reads in no batches, or in batches of varying size.
    """

    device: str = "cpu"
    dtype: str | None = None
    batch: int | None = None

    @classmethod
    def of_several(cls, parts: Iterable[Computation]) -> Computation:
        """What several models together computed on: the first device that is not the CPU, every number
        format, and the batch if they share one."""
        parts = list(parts)
        devices = [part.device for part in parts if part.device != "cpu"]
        dtypes = dict.fromkeys(part.dtype for part in parts if part.dtype)
        batches = {part.batch for part in parts if part.batch is not None}
        return cls(
            device=devices[0] if devices else "cpu",
            dtype=" + ".join(dtypes) or None,
            batch=batches.pop() if len(batches) == 1 else None,
        )


class RunLog:
    """What a model says while it is fitted. This base class is silent, so that models work alone."""

    #: A folder that outlives the process, the same at the next attempt at this run: a model that trains
    #: for long keeps there what it needs to go on after an interruption, and makes it when it first does.
    #: None: nothing can be kept.
    workspace: Path | None = None

    def info(self, message: str) -> None:
        """A line for the log."""

    def progress(self, done: int, total: int, **figures: float) -> None:
        """`done` of `total` training tokens are processed; `figures` are shown beside the rate.

        The last `done` is what the training throughput is computed from. Cheap to call often.
        """

    def curve(self, **row: float) -> None:
        """One row of the training curve: `tokens`, and any of `train_loss` (nats a token),
        `valid_perplexity`, `learning_rate`, `gradient_norm`, … The harness adds the `seconds` of training."""

    def resumed(self, seconds: float, tokens: int) -> None:
        """Training goes on where an earlier process was cut off: it had spent so many seconds and tokens."""

    @contextmanager
    def evaluation(self) -> Iterator[None]:
        """Work inside this block (validation) does not count as training: neither its time nor its energy."""
        yield

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Work inside this block trains a component. It counts as training, and is recorded by itself."""
        yield


class Reader:
    """Reads a text token by token, as a keyboard or a decoder does, and predicts each next token.

    This one asks the model's `next_log_probs` with the whole history each time.
    """

    def __init__(self, model: LanguageModel):
        self._model = model
        self._ids, self._length = np.empty(64, dtype=np.int64), 0

    def next_log_probs(self) -> np.ndarray:
        """Natural log-probability of every token after what was read: float32 [vocabulary]."""
        row: np.ndarray = self._model.next_log_probs([self._ids[: self._length]])[0]
        return row

    def read(self, token: int) -> None:
        """Go on by the id of a token."""
        if self._length == len(self._ids):
            self._ids = np.concatenate([self._ids, self._ids])
        self._ids[self._length] = token
        self._length += 1


class LanguageModel(ABC):
    """A distribution over the next token given the tokens before it.

    The history of a target is the ids before it in its stream. `context` says how much of it the
    model uses: `sentence` stops at the last `</s>`, `stream` carries on across lines. Before the
    first id of a stream stands nothing: a model treats it as it treats the place after a `</s>`.
    """

    family: Family
    #: False for a score that does not sum to one (stupid backoff): kept apart, no perplexity printed.
    normalised: bool = True
    context: Context = "sentence"
    #: Whether only the last few tokens of a context count, so that `next_log_probs` is as fast after a long
    #: one as after a short one.
    short_memory: bool = False

    #: How the model was trained or estimated, and how it computes its scores; read after `fit`.
    trained_on: Computation = Computation()
    scored_on: Computation = Computation()
    #: What a reader must know beside its figures, a sentence each, such as whose program estimated it; read
    #: after `fit`.
    notes: tuple[str, ...] = ()
    #: Set by a model that has no distribution. It is never asked for `next_log_probs` or what rests on it.
    #: Unless it computes its scores, it is asked for those of the validation and the test text and of their
    #: fronts alone.
    scores_only: ScoresOnly | None = None
    #: Set by a model that another process computes. Its memory is not seen, and its size may be unknown.
    outside: bool = False
    #: False for one that was trained elsewhere: what that took is unknown; `save` may hold a part only.
    trained_here: bool = True

    def match(self, valid: TokenStream, test: TokenStream) -> None:
        """Find the scores of these two texts. Called before `fit`, of a model with `scores_only` alone.

        Raises UserError where the scores are not those of the texts.
        """
        raise NotImplementedError(f"{type(self).__name__} sets scores_only, so it must implement match")

    @abstractmethod
    def fit(self, train: TokenStream, valid: TokenStream, log: RunLog) -> None:
        """Learn from `train`; choose settings and stop by `valid`. Raises Skip or Diverged."""

    @abstractmethod
    def log_probs(self, stream: TokenStream) -> np.ndarray:
        """Natural log-probability of each id of `stream` given those before it: float32 [targets]."""

    def log_probs_by_line(self, stream: TokenStream) -> np.ndarray:
        """The same, each line of `stream` as a text of its own with nothing before it: float32 [targets].

        In `sentence` context, where `</s>` ends the lines, `log_probs` does this. In any other case the lines
        are scored one by one; a model that can read them side by side overrides this method.
        """
        if self.context == "sentence" and stream.vocabulary.end is not None:
            return self.log_probs(stream)
        scores = [self.log_probs(line) for line in stream.each_line()]
        return np.concatenate(scores) if scores else np.empty(0, dtype=np.float32)

    @abstractmethod
    def next_log_probs(self, contexts: Sequence[np.ndarray]) -> np.ndarray:
        """Natural log-probability of every token after each context: float32 [contexts, vocabulary].

        A context is a whole history: the ids from the beginning of a stream, possibly none.
        """

    def distributions(self, stream: TokenStream, places: np.ndarray, rows: int) -> Iterator[np.ndarray]:
        """ln p of every token at some places of a stream, each given all ids before it.

        `places` are indices of targets, ascending. Yields blocks float32 [at most `rows`, vocabulary] with
        one row per place, in order, so that memory is bounded. This default asks `next_log_probs`; a model
        that would read the stream anew for every context overrides it.
        """
        ids = np.asarray(stream.ids)
        for first in range(0, len(places), rows):
            yield self.next_log_probs([ids[:place] for place in places[first : first + rows]])

    def reader(self) -> Reader:
        """Begins a text that is read token by token. A model that carries a state overrides this."""
        return Reader(self)

    @abstractmethod
    def size(self) -> ModelSize:
        """How big the fitted model is."""

    def operations(self) -> Operations | None:
        """How much the fitted model computes for a token; None: not counted.

        This default counts nothing, which suits models that look their probabilities up.
        """
        return None

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write everything `load` needs into an existing, empty folder. Never pickle."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path, vocabulary: Vocabulary) -> Self:
        """The model that `save` wrote, with identical scores."""


@runtime_checkable
class WritesArpa(Protocol):
    """A fitted model that an ARPA file can hold: stored n-grams and backoff weights."""

    def write_arpa(self, path: Path) -> None:
        """Write the file, packed by gzip if the path ends in `.gz`. Raises UserError where it cannot be."""


def after_last_end(context: np.ndarray, vocabulary: Vocabulary) -> np.ndarray:
    """The part of a context behind its last `</s>`: the history of a `sentence` model."""
    if vocabulary.end is None:
        return context
    ends = np.flatnonzero(np.asarray(context) == vocabulary.end)
    return context[ends[-1] + 1 :] if len(ends) else context
