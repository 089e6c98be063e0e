"""Parsing the fields of many lines at once: a number, n words, and perhaps another number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from baselines.ngram.arpa.precision import Precision
from benchmark.corpus.word_numbering import NEWLINE, SPACE, WORD, WordNumberer

#: What separates the fields of a line, as KenLM and SRILM have it: a form feed may be part of a word.
SEPARATORS = np.zeros(256, dtype=bool)
SEPARATORS[[9, 10, 13, 32]] = True

#: Numbers with more bytes than this are refused.
_LONGEST = 40
#: log10 of zero: this and everything below (SRILM writes −99).
_ZERO = -99.0
#: log10 of a weight that no model has: beyond it, probabilities would overflow.
_LARGEST_WEIGHT = 30.0
#: How far above 0 rounding may have put a log-probability.
_ROUNDING = 1e-5
#: From so many numbers of a block it is seen how precisely a tool writes.
_SAMPLE = 1000

Fail = Callable[[int, str], Exception]


@dataclass(frozen=True)
class Fields:
    """n-grams in the order of their lines.

    `lines` int64 [m]: their line numbers. `words` int32 [m, n]: word types. `log10_probs`, `log10_backoffs`
    float64 [m]: −∞ for zero; log10 b is 0 if no weight is given. `precision` is that of their numbers.
    """

    lines: np.ndarray
    words: np.ndarray
    log10_probs: np.ndarray
    log10_backoffs: np.ndarray
    precision: Precision = field(default_factory=Precision)

    @classmethod
    def joined(cls, parts: list[Fields], n: int) -> Fields:
        """The n-grams of all parts."""
        none = np.zeros(0)
        parts = [*parts, cls(none.astype(np.int64), np.zeros((0, n), dtype=np.int32), none, none)]
        precision = Precision.highest(part.precision for part in parts)
        names = ("lines", "words", "log10_probs", "log10_backoffs")
        arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        return cls(**arrays, precision=precision)


def parse(text: bytes, first_line: int, n: int, numberer: WordNumberer, fail: Fail) -> Fields:
    """The n-grams of order `n` in `text`, whole lines that begin with line number `first_line`."""
    layout = _Layout(text)
    lines = first_line + layout.lines
    wrong = np.flatnonzero((layout.fields != n + 1) & (layout.fields != n + 2))
    if len(wrong):
        at = wrong[0]
        raise fail(
            int(lines[at]),
            f"{layout.fields[at]} fields for a {n}-gram; there must be a log-probability, {n} "
            f"word{'s' * (n > 1)} and at most a backoff weight",
        )
    weighted = np.flatnonzero(layout.fields == n + 2)
    numbers = (layout.first, layout.first[weighted] + n + 1)
    log10_probs = layout.floats(numbers[0], lines, fail)
    log10_backoffs = np.zeros(len(lines))
    log10_backoffs[weighted] = layout.floats(numbers[1], lines[weighted], fail)
    _refuse(log10_probs > _ROUNDING, log10_probs, lines, "is above 0, so it is not a log-probability", fail)
    _refuse(log10_backoffs > _LARGEST_WEIGHT, log10_backoffs, lines, "is not a backoff weight", fail)
    words, _ = numberer.number(layout.without(np.concatenate(numbers)))
    return Fields(
        lines,
        words.reshape(-1, n),
        np.where(log10_probs <= _ZERO, -np.inf, np.minimum(log10_probs, 0)),
        np.where(log10_backoffs <= _ZERO, -np.inf, log10_backoffs),
        layout.precision(layout.first),
    )


class _Layout:
    """Where the fields of some lines are.

    For each line that has any: its `first` field, its number of `fields`, and its index among the `lines`.
    """

    def __init__(self, text: bytes) -> None:
        padded = np.frombuffer(b" " + text + b" " * WORD, dtype=np.uint8)
        self.codes = padded[: len(text) + 2]
        self._loads = np.ndarray((len(self.codes),), dtype="<u8", buffer=padded.data, strides=(1,))
        separating = SEPARATORS[self.codes]
        edges = np.flatnonzero(separating[1:] != separating[:-1]) + 1
        self.starts, self.ends = edges[0::2], edges[1::2]
        before = np.searchsorted(self.starts, np.flatnonzero(self.codes == NEWLINE))
        fields = np.diff(before, prepend=0)
        self.lines = np.flatnonzero(fields)
        self.fields = fields[self.lines]
        self.first = before[self.lines] - self.fields

    def floats(self, places: np.ndarray, lines: np.ndarray, fail: Fail) -> np.ndarray:
        """The numbers in the fields `places`, one in each of `lines`: float64."""
        starts, lengths = self.starts[places], self.ends[places] - self.starts[places]
        loads = -(-min(int(lengths.max(initial=1)), _LONGEST) // WORD)
        packed = np.zeros((len(places), loads), dtype="<u8")
        for load in range(loads):
            rest = np.clip(lengths - WORD * load, 0, WORD)
            some = np.flatnonzero(rest)
            packed[some, load] = self._loads[starts[some] + WORD * load] & _BYTES[rest[some]]
        texts = packed.view(f"S{WORD * loads}").ravel()
        try:
            numbers = texts.astype(np.float64)
        except ValueError:
            numbers = np.array([_number(text) for text in texts.tolist()])
        wrong = np.flatnonzero(np.isnan(numbers) | (lengths > _LONGEST))
        if len(wrong):
            at = wrong[0]
            written = self.codes[starts[at] : starts[at] + lengths[at]].tobytes().decode(errors="replace")
            raise fail(int(lines[at]), f"{written!r} is not a number")
        return numbers

    def precision(self, places: np.ndarray) -> Precision:
        """That of the numbers in the first of the fields `places`."""
        begins, ends = self.starts[places[:_SAMPLE]].tolist(), self.ends[places[:_SAMPLE]].tolist()
        return Precision.of(self.codes[begin:end].tobytes() for begin, end in zip(begins, ends, strict=True))

    def without(self, places: np.ndarray) -> bytes:
        """The text with spaces in place of the fields `places`."""
        steps = np.zeros(len(self.codes) + 1, dtype=np.int8)
        steps[self.starts[places]] = 1
        steps[self.ends[places]] -= 1
        inside = np.cumsum(steps[:-1], dtype=np.int8).view(bool)
        return np.where(inside, np.uint8(SPACE), self.codes).tobytes()


#: For each number of bytes: a mask of so many low bytes of a 64-bit load.
_BYTES = np.array([(1 << 8 * n) - 1 for n in range(WORD + 1)], dtype=np.uint64)


def _number(text: bytes) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _refuse(wrong: np.ndarray, numbers: np.ndarray, lines: np.ndarray, why: str, fail: Fail) -> None:
    if wrong.any():
        at = int(wrong.argmax())
        raise fail(int(lines[at]), f"{numbers[at]:g} {why}")
