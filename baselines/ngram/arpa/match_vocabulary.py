"""The model of an ARPA file over the vocabulary of a corpus, which may differ from that of the file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log as ln

import numpy as np

from baselines.ngram.arpa.index_rows import NgramRows, RepeatedNgram, index_rows
from baselines.ngram.arpa.precision import Precision
from baselines.ngram.arpa.read import ArpaFile
from baselines.ngram.table.unpacked import (
    UnpackedOrder,
    event_probabilities,
    log,
    normalise,
    select,
    with_implied,
)
from benchmark.corpus import END, UNKNOWN, Vocabulary
from benchmark.corpus.marks import START
from benchmark.errors import UserError

#: How far from 1 the arithmetic of the tool that wrote a file may put the sum of its probabilities …
TOLERANCE = 1e-4
#: … and how far a sum may be from 1 for the probabilities to be taken as they are: what the contract allows.
_PROPER = 2e-4
#: Probability mass that counts as none.
_NOTHING = 1e-9


@dataclass(frozen=True)
class MatchedModel:
    """A file's model over a vocabulary, whether its probabilities sum to one, and remarks on its words."""

    orders: list[UnpackedOrder]
    normalised: bool
    remarks: list[str]


def match_vocabulary(file: ArpaFile, vocabulary: Vocabulary) -> MatchedModel:
    """The model of `file` over the words of `vocabulary`. If the file's model sums to one, so does this one.

    A word that only the file has is `<unk>` here: p(<unk> | h) is the sum over all such words and the
    file's `<unk>`. A word that cannot occur here is left out, and p(w | h) is divided by the remaining
    probability: `</s>` if the vocabulary has none, and words that only the file has if the vocabulary has no
    `<unk>`. n-grams with such words in their history never match and are dropped.

    Words that only the vocabulary has share the 1-gram probability of the file's `<unk>`, and the
    vocabulary's `<unk>` gets an equal share; backoff weights are then recomputed. Their probability is 0 if
    the file has no `<unk>`, and after a context that lists all words of the file.

    `<s>` occurs only in histories, as in KenLM and SRILM. If the 1-grams sum to one with it rather than
    without (IRSTLM), it is an event that is left out.

    Sums may differ from one as far as the written digits allow: 1 lies between the sums of the least and of
    the greatest numbers that are rounded to those in the file. Such a model is normalised if that takes more
    than the contract's tolerance. Raises UserError for an n-gram that is listed twice, and for a file without
    any word of the vocabulary.
    """
    words = _Words(file, vocabulary)
    orders = _indexed(file, words)
    remarks = words.remarks()
    off = _furthest_from_one(orders)
    normalised = off <= TOLERANCE or _rounded_from_one(orders, file.precision)
    if normalised and off > _PROPER:
        orders = _summing_to_one(orders)
        remarks.append(
            f"the numbers of the file have {file.precision.decimals} decimals, so that its probabilities "
            f"sum to one only within {off:.1g}: the backoff weights are computed anew"
        )
    if len(words.missing):
        orders = _shared(orders, words)
    if words.as_unknown.any():
        orders = _gathered(orders, words)
    if normalised:
        orders = _without(orders, words, file)
    ours = [order.last_words < words.size for order in orders]
    ours[0] = np.arange(len(orders[0])) <= words.size
    orders = select(orders, ours)
    if normalised and len(words.missing):
        orders = normalise(orders)
    return MatchedModel(orders, normalised, remarks)


class _Words:
    """The file's words by id: those of the vocabulary, then `<s>`, then those that only the file has."""

    def __init__(self, file: ArpaFile, vocabulary: Vocabulary) -> None:
        self.size, self.unknown = len(vocabulary), vocabulary.unknown
        names = list(file.words)
        for mark in (UNKNOWN, START, END):  # some tools write <UNK>, <S>, </S>
            if mark not in names and mark.upper() not in vocabulary.ids:
                names = [mark if name == mark.upper() else name for name in names]
        known = {**vocabulary.ids, START: self.size}
        extra = [name for name in names if name not in known]
        known.update({name: self.size + 1 + at for at, name in enumerate(extra)})
        self.ids = np.array([known[name] for name in names], dtype=np.int64)
        self.of_unknown = known[UNKNOWN] if UNKNOWN in names else None
        self.total = self.size + 1 + len(extra)
        #: Words of the vocabulary that the file lacks.
        self.missing = np.setdiff1d(np.arange(self.size), self.ids)
        #: Words that count as <unk> here, and words that cannot occur.
        self.as_unknown = np.zeros(self.total, dtype=bool)
        self.left_out = np.zeros(self.total, dtype=bool)
        (self.left_out if self.unknown is None else self.as_unknown)[self.size + 1 :] = True
        if END in extra:
            self.as_unknown[known[END]], self.left_out[known[END]] = False, True
        self.left_out[self.size] = True

    def remarks(self) -> list[str]:
        said = []
        if count := int(self.as_unknown.sum()):
            said.append(f"{count:,} words of the file are not in the vocabulary: here they are {UNKNOWN}")
        if count := len(self.missing):
            lot = "have probability 0" if self.of_unknown is None else f"share that of the file's {UNKNOWN}"
            said.append(f"{count:,} words of the vocabulary are not in the file: they {lot}")
        return said


def _indexed(file: ArpaFile, words: _Words) -> list[UnpackedOrder]:
    """The file's n-grams that can match, over all ids, with an h <unk> for each h w that counts as such."""
    rows, lines, wanted = [], [], []
    for n, section in enumerate(file.sections[1:], 2):
        ids = words.ids[section.words]
        some = (ids[:, 0] <= words.size) & (ids[:, 1:-1] < words.size).all(axis=1)
        ids = ids[some]
        weights = np.where(
            ids[:, -1] < words.size, section.log10_backoffs[some], 0
        )  # otherwise it is never a context
        rows.append(NgramRows(ids, section.log10_probs[some] * ln(10), weights * ln(10)))
        lines.append(section.lines[some])
        unknown = ids[words.as_unknown[ids[:, -1]]]
        unknown[:, -1] = words.unknown if words.unknown is not None else 0
        wanted.append(unknown if len(unknown) else np.zeros((0, n), dtype=np.int64))
    try:
        return index_rows(_unigrams(file, words), rows, wanted)
    except RepeatedNgram as found:
        line = lines[found.order - 2][found.row]
        raise UserError(
            f"{file.path}, line {line}: this {found.order}-gram is listed a second time"
        ) from None


def _unigrams(file: ArpaFile, words: _Words) -> UnpackedOrder:
    log_probs, log_backoffs = np.full(words.total, -np.inf), np.zeros(words.total)
    ids = words.ids[file.sections[0].words[:, 0]]
    log_probs[ids] = file.sections[0].log10_probs * ln(10)
    log_backoffs[ids] = np.where(ids <= words.size, file.sections[0].log10_backoffs, 0) * ln(10)
    start = log_probs[words.size]
    log_probs[words.size] = -np.inf
    total = np.exp(log_probs).sum()
    if abs(total + np.exp(start) - 1) < abs(total - 1):
        log_probs[words.size] = start
    none = np.zeros(words.total, dtype=np.int64)
    return UnpackedOrder(none, np.arange(words.total), none, log_probs, log_backoffs, none > 0)


def _furthest_from_one(orders: list[UnpackedOrder]) -> float:
    """How far the sum of the probabilities after a context is from 1, at most."""
    return max(float(np.abs(each - 1).max(initial=0)) for each in _sums(orders))


def _sums(orders: list[UnpackedOrder]) -> list[np.ndarray]:
    return event_probabilities(orders, np.ones(len(orders[0]), dtype=bool))


def _rounded_from_one(orders: list[UnpackedOrder], precision: Precision) -> bool:
    """Whether every sum can have been 1 before the numbers were rounded.

    A sum grows with every number in it. So it was between the sums of the least and of the greatest numbers
    that are rounded to these.
    """
    least, greatest = (_sums(_moved(orders, precision, by)) for by in (-1, 1))
    return all(
        bool(((low <= 1 + TOLERANCE) & (high >= 1 - TOLERANCE)).all())
        for low, high in zip(least, greatest, strict=True)
    )


def _moved(orders: list[UnpackedOrder], precision: Precision, by: int) -> list[UnpackedOrder]:
    """The n-grams with each number larger (or smaller: `by` is −1) by half a unit of its last place."""
    moved: list[UnpackedOrder] = []
    for order in orders:
        numbers = (
            each + by * ln(10) * precision.rounding(each / ln(10))
            for each in (order.log_probs, order.log_backoffs)
        )
        log_probs, log_backoffs = numbers
        order = replace(order, log_probs=log_probs, log_backoffs=log_backoffs)
        moved.append(with_implied(moved[-1], order) if moved else order)
    return moved


def _summing_to_one(orders: list[UnpackedOrder]) -> list[UnpackedOrder]:
    """The n-grams with probabilities that sum to one after every context, from ones that nearly do."""
    total = np.exp(orders[0].log_probs).sum()
    return normalise([replace(orders[0], log_probs=orders[0].log_probs - log(total)), *orders[1:]])


def _shared(orders: list[UnpackedOrder], words: _Words) -> list[UnpackedOrder]:
    """The n-grams with the 1-gram probability of the file's `<unk>` divided among the words it stands for."""
    if words.of_unknown is None:
        return orders
    log_probs = orders[0].log_probs.copy()
    heirs = np.append(words.missing, words.unknown) if words.unknown is not None else words.missing
    share = log_probs[words.of_unknown] - ln(len(heirs))
    log_probs[words.of_unknown] = -np.inf
    log_probs[heirs] = share
    return [replace(orders[0], log_probs=log_probs), *orders[1:]]


def _gathered(orders: list[UnpackedOrder], words: _Words) -> list[UnpackedOrder]:
    """The n-grams with p(<unk> | h) raised by the probability of all words that count as `<unk>`."""
    sums = event_probabilities(orders, words.as_unknown)
    made = []
    for order, raised in zip(orders, sums, strict=True):
        at = np.flatnonzero(order.last_words == words.unknown)
        log_probs, implied = order.log_probs.copy(), order.implied.copy()
        log_probs[at] = log(np.exp(log_probs[at]) + raised[order.contexts[at]])
        implied[at] &= order.sums(words.as_unknown[order.last_words], len(raised))[order.contexts[at]] == 0
        made.append(replace(order, log_probs=log_probs, implied=implied))
    return made


def _without(orders: list[UnpackedOrder], words: _Words, file: ArpaFile) -> list[UnpackedOrder]:
    """The n-grams, gathered, with p(w | h, w is not left out).

    p* is divided by the remaining probability, and b(h) multiplied by the ratio of what remains after h' to
    what remains after h. If nothing remains after h, p(w | h) is p(w | h'). What remains is added up from the
    words that do, since sums are one only as far as rounding allows; where no word is left out, it is 1.
    """
    gone = event_probabilities(orders, words.left_out)
    kept = event_probabilities(orders, ~words.left_out & ~words.as_unknown)  # `<unk>` has the share of those
    remains = [np.where(out > 0, rest, 1) for out, rest in zip(gone, kept, strict=True)]
    if remains[0][0] <= _NOTHING:
        raise UserError(f"{file.path} has no word of this corpus's vocabulary")
    made = [replace(orders[0], log_probs=orders[0].log_probs - log(remains[0][0]))]
    for order, below, here in zip(orders[1:], remains, remains[1:], strict=False):
        lower = made.pop()
        below = below[lower.suffixes] if len(made) else np.broadcast_to(below, len(lower))
        nothing = here <= _NOTHING
        divisor = log(np.where(nothing, 1, here))
        weights = lower.log_backoffs + log(np.maximum(below, 0)) - divisor
        lower = replace(lower, log_backoffs=np.where(nothing, 0, weights))
        order = replace(
            order,
            log_probs=order.log_probs - divisor[order.contexts],
            implied=order.implied | nothing[order.contexts],
        )
        made += [lower, with_implied(lower, order)]
    return made
