"""The measures of tasks. Each is a mean: losses of items over what they are counted by.

That makes one definition serve the number, its interval and its tests (`benchmark.statistics.bootstrap`).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark import text
from benchmark.measure.perplexity import exp
from benchmark.task.edits import nearest
from benchmark.task.items import Items
from benchmark.task.spans import spans

#: No measure of answers is above this, unless it is infinite; a record that says so is wrong.
MOST = 1e9


@dataclass(frozen=True)
class Answered:
    """Items with a model's answers.

    `answers` are sequences of tags or symbols, or for classes float64 [items, classes] of ln p. `log_probs`
    [items] is, in transduction, ln p of the right sequence. `known` are the tokens of the training items.
    """

    items: Items
    answers: Any
    known: frozenset[str]
    classes: tuple[str, ...] = ()
    log_probs: np.ndarray | None = None


@dataclass(frozen=True)
class ItemMeasure:
    """A measure of answers.

    `losses` gives float64 [2, items]: the loss of each item, and what it is counted by. `shown` turns the
    mean loss, the ratio of their sums, into the number that is shown; it rises or falls throughout.
    """

    key: str
    title: str
    definition: str
    losses: Callable[[Answered], np.ndarray]
    shown: Callable[[float], float]
    higher_is_better: bool
    #: "%" for a share that is shown in hundredths, "" for a plain number.
    unit: str = "%"

    @property
    def is_share(self) -> bool:
        """Whether it lies between 0 and 1: one less a mean of losses that are 0 or 1."""
        return self.shown is _share_right

    def possible(self, value: float) -> bool:
        """Whether a record may hold this number: a share from 0 to 1, anything else from 0 up, and ∞ where
        an item may have probability 0."""
        return 0 <= value <= (1 if self.is_share else MOST) or (value == math.inf and not self.unit)

    @property
    def nonzero_key(self) -> str:
        """Where a record has its value over the items whose probability is above 0, if not all are."""
        return f"{self.key}_nonzero"

    def value(self, losses: np.ndarray) -> float | None:
        """The number over some items; None where nothing is counted."""
        total = float(losses[1].sum())
        return self.shown(float(losses[0].sum()) / total) if total else None

    @property
    def name(self) -> str:
        """What it is called in a sentence: its title without the unit."""
        name = self.title.partition(",")[0]
        return name if name[1:2].isdigit() else name[:1].lower() + name[1:]

    def said(self, value: float | None) -> str:
        """The number with its name and unit: `accuracy 93.84%`."""
        return f"{self.name} {self.text(value)}{self.unit}"

    def over_seeds(self, values: Sequence[float]) -> str:
        """The mean of several seeds with their standard deviation, as it stands in tables; ∞ has none."""
        mean = statistics.fmean(values) if values else None
        several = len(values) > 1 and mean != math.inf
        return self.text(mean) + (f" ± {self.text(statistics.stdev(values))}" if several else "")

    def text(self, value: float | None) -> str:
        """The number as it stands in tables."""
        if value is None:
            return "–"
        if value == math.inf:
            return "∞"
        return f"{100 * value:.2f}" if self.unit == "%" else f"{value:.3f}"

    @property
    def unit_of_differences(self) -> str:
        """What stands behind a difference, with a space before it: points of per cent, nats, or nothing."""
        unit = "points" if self.unit == "%" else self.title.partition(", ")[2]
        return f" {unit}" if unit else ""

    def signed(self, difference: float | None) -> str:
        """A difference of two values with its sign, in `unit_of_differences`."""
        if difference is None or self.unit != "%":
            return text.signed(difference)
        return text.signed(100 * difference, 2)


def _share_right(loss: float) -> float:
    return 1 - loss


def _as_it_is(loss: float) -> float:
    return loss


def _pairs(rows: Sequence[tuple[float, float]]) -> np.ndarray:
    return np.array(rows, dtype=np.float64).reshape(-1, 2).T


def _wrong_tags(answered: Answered) -> np.ndarray:
    pairs = zip(answered.items, answered.answers, strict=True)
    return _pairs(
        [(sum(a != b for a, b in zip(item.target, tags, strict=True)), len(tags)) for item, tags in pairs]
    )


def _wrong_unknown_tags(answered: Answered) -> np.ndarray:
    rows = []
    for item, tags in zip(answered.items, answered.answers, strict=True):
        unknown = [place for place, token in enumerate(item.input.tokens) if token not in answered.known]
        rows.append((sum(tags[place] != item.target[place] for place in unknown), len(unknown)))
    return _pairs(rows)


def _wrong_spans(answered: Answered) -> np.ndarray:
    rows = []
    for item, tags in zip(answered.items, answered.answers, strict=True):
        right, found = spans(item.target), spans(tags)
        rows.append((len(right ^ found), len(right) + len(found)))
    return _pairs(rows)


def _spurious_spans(answered: Answered) -> np.ndarray:
    pairs = zip(answered.items, answered.answers, strict=True)
    return _pairs([(len(spans(tags) - spans(item.target)), len(spans(tags))) for item, tags in pairs])


def _missed_spans(answered: Answered) -> np.ndarray:
    pairs = zip(answered.items, answered.answers, strict=True)
    return _pairs([(len(spans(item.target) - spans(tags)), len(spans(item.target))) for item, tags in pairs])


def right_classes(answered: Answered) -> np.ndarray:
    """The number of each item's class; −1 for one that training never saw."""
    numbers = {name: number for number, name in enumerate(answered.classes)}
    return np.array([numbers.get(item.target[0], -1) for item in answered.items])


def _wrong_classes(answered: Answered) -> np.ndarray:
    right = right_classes(answered)
    return np.stack([answered.answers.argmax(axis=1) != right, np.ones(len(right))]).astype(np.float64)


def _log_loss(answered: Answered) -> np.ndarray:
    right = right_classes(answered)
    of_right = answered.answers[np.arange(len(right)), right]
    return np.stack([np.where(right < 0, np.inf, -of_right), np.ones(len(right))])


def _wrong_words(answered: Answered) -> np.ndarray:
    pairs = zip(answered.items, answered.answers, strict=True)
    return _pairs([(answer not in item.right, 1) for item, answer in pairs])


def _wrong_symbols(answered: Answered) -> np.ndarray:
    pairs = zip(answered.items, answered.answers, strict=True)
    return _pairs([nearest(answer, item.right) for item, answer in pairs])


def _symbol_losses(answered: Answered) -> np.ndarray:
    assert answered.log_probs is not None
    counts = [len(item.target) + 1 for item in answered.items]
    return np.stack([-answered.log_probs, np.array(counts, dtype=np.float64)])


ACCURACY = ItemMeasure(
    "accuracy", "Accuracy, %", "Share of tokens with the right tag.", _wrong_tags, _share_right, True
)
UNKNOWN_ACCURACY = ItemMeasure(
    "unknown_accuracy",
    "Accuracy on unknown words, %",
    "The same over the tokens that the training items do not have.",
    _wrong_unknown_tags,
    _share_right,
    True,
)
SPAN_F1 = ItemMeasure(
    "span_f1",
    "F1 of spans, %",
    "2 × right spans / (found + true spans); a span is right if its type and both ends are.",
    _wrong_spans,
    _share_right,
    True,
)
SPAN_PRECISION = ItemMeasure(
    "span_precision",
    "Precision, %",
    "Share of the found spans that are right.",
    _spurious_spans,
    _share_right,
    True,
)
SPAN_RECALL = ItemMeasure(
    "span_recall", "Recall, %", "Share of the true spans that are found.", _missed_spans, _share_right, True
)
CLASS_ACCURACY = ItemMeasure(
    "accuracy",
    "Accuracy, %",
    "Share of texts whose most probable class is right.",
    _wrong_classes,
    _share_right,
    True,
)
LOG_LOSS = ItemMeasure(
    "log_loss", "Log loss, nats", "Mean of −ln p of the right class.", _log_loss, _as_it_is, False, ""
)
WORD_ERROR = ItemMeasure(
    "word_error",
    "Word error, %",
    "Share of words whose output is none of the right ones.",
    _wrong_words,
    _as_it_is,
    False,
)
SYMBOL_ERROR = ItemMeasure(
    "symbol_error",
    "Phoneme error, %",
    "Edits to the nearest right output, over the length of that output.",
    _wrong_symbols,
    _as_it_is,
    False,
)
SYMBOL_PERPLEXITY = ItemMeasure(
    "symbol_perplexity",
    "Perplexity of a phoneme",
    "exp of −ln p of the right output over its length, its end included.",
    _symbol_losses,
    exp,
    False,
    "",
)

#: Confidences are compared with accuracies in this many groups of equal width.
BINS = 15


def calibration_error(log_probs: np.ndarray, right: np.ndarray) -> float:
    """The expected calibration error of class probabilities (Naeini et al. 2015; Guo et al. 2017).

    Texts fall into `BINS` groups by the probability of their most probable class. The error is the mean over
    texts of the difference between their group's mean probability and its share of right answers, from 0 to
    1.
    """
    confidence = np.exp(log_probs.max(axis=1))
    correct = log_probs.argmax(axis=1) == right
    group = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(group, weights=confidence - correct, minlength=BINS)
    return float(np.abs(gaps).sum() / len(right))
