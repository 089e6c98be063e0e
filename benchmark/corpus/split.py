"""Cutting documents into training, validation and test parts, by position or interleaved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import Literal

import numpy as np

from benchmark.corpus.document import PIECE, Document, Span
from benchmark.corpus.word_numbering import NEWLINE, SEPARATORS
from benchmark.errors import UserError

Unit = Literal["documents", "lines", "words", "characters"]
Shares = Sequence[int | float | None]


def by_position(documents: Sequence[Document], unit: Unit, shares: Shares) -> list[list[Span]]:
    """Consecutive parts: the first units, the next units, and so on. Shares are fractions or counts of units.

    Raises UserError if the shares do not fit, or leave a part without a unit.
    """
    totals = np.array([_count(document, unit) for document in documents], dtype=np.int64)
    stops = _stops(int(totals.sum()), unit, shares)
    cuts = [_place(documents, totals, unit, stop) for stop in stops[:-1]]
    cuts = [(0, 0), *cuts, (len(documents), 0)]
    return [_between(documents, begin, end) for begin, end in pairwise(cuts)]


def interleaved(documents: Sequence[Document], unit: Unit, shares: Shares) -> list[list[Span]]:
    """Parts spread evenly. With shares 0.8, 0.1, 0.1, the first eight of every ten units go to the first
    part, the ninth to the second, the tenth to the third.

    Raises UserError as `by_position` does, and for units other than documents and lines.
    """
    if unit not in ("documents", "lines"):
        raise UserError(f"corpus.split_unit={unit} cannot be interleaved: take documents or lines")
    if any(share is None or share >= 1 for share in shares):
        raise UserError("corpus.split of an interleaved corpus takes fractions, as in [0.8,0.1,0.1]")
    pattern = owners_of_a_cycle(shares)
    cycle = len(pattern)
    parts: list[list[Span]] = [[] for _ in shares]
    done = 0
    for document in documents:
        if unit == "documents":
            parts[pattern[done % cycle]].append(Span(document))
            done += 1
            continue
        starts = np.concatenate(list(_starts(document, unit)) or [np.empty(0, dtype=np.int64)])
        owners = pattern[(done + np.arange(len(starts))) % cycle]
        done += len(starts)
        for owner, start, stop in _runs(starts, owners):
            parts[owner].append(Span(document, start, stop))
    if not all(parts):
        raise UserError(f"corpus.split={list(shares)} leaves a part empty: there are {done} {unit}")
    return parts


def owners_of_a_cycle(shares: Shares) -> np.ndarray:
    """The part that each unit of a cycle goes to: with shares 0.8, 0.1, 0.1 these are eight 0s, a 1 and a 2.

    Raises UserError for shares that do not add up to 1, or are not above 0.
    """
    fractions = _fractions(shares)
    cycle = lcm(*(fraction.denominator for fraction in fractions))
    return np.repeat(np.arange(len(shares)), [int(fraction * cycle) for fraction in fractions])


def _runs(starts: np.ndarray, owners: np.ndarray) -> Iterator[tuple[int, int, int | None]]:
    """Neighbouring units with one owner, together: owner, first byte, byte behind the last."""
    first = np.flatnonzero(np.diff(owners, prepend=-1))
    begins = starts[first].tolist()
    yield from zip(owners[first].tolist(), begins, [*begins[1:], None], strict=True)


def _fractions(shares: Shares) -> list[Fraction]:
    # By way of the decimal digits: 0.7 + 0.2 + 0.1 is 1 as written, not as added in binary.
    fractions = [Fraction(str(share)) for share in shares]
    if sum(fractions) != 1:
        raise UserError(f"corpus.split={list(shares)} adds up to {float(sum(fractions)):g}, not 1")
    if min(fractions) <= 0:
        raise UserError(f"corpus.split={list(shares)} leaves a part empty: give each part a share")
    return fractions


def _stops(total: int, unit: Unit, shares: Shares) -> list[int]:
    """How many units precede the end of each part."""
    if all(share is not None and share < 1 for share in shares):
        fractions = _fractions(shares)
        stops = [int(total * sum(fractions[: part + 1])) for part in range(len(fractions))]
    else:
        stops = _counted_stops(total, unit, shares)
    if min(np.diff([0, *stops])) <= 0:
        raise UserError(f"corpus.split={list(shares)} leaves a part empty: there are {total} {unit}")
    return stops


def _counted_stops(total: int, unit: Unit, shares: Shares) -> list[int]:
    counts = [share for share in shares if share is not None]
    if any(share != int(share) or share < 1 for share in counts) or len(counts) < len(shares) - 1:
        raise UserError(
            f"corpus.split={list(shares)} is not usable: give fractions, or whole numbers of {unit} "
            "(one of them may be null for what is left)"
        )
    left = total - int(sum(counts))
    if left < 0 or (left and len(counts) == len(shares)):
        raise UserError(f"corpus.split={list(shares)} does not fit: there are {total} {unit}")
    return np.cumsum([left if share is None else int(share) for share in shares]).tolist()


def _between(documents: Sequence[Document], begin: tuple[int, int], end: tuple[int, int]) -> list[Span]:
    """Spans from one (document, byte) to another."""
    spans = []
    for index in range(begin[0], min(end[0], len(documents) - 1) + 1):
        start = begin[1] if index == begin[0] else 0
        stop = end[1] if index == end[0] else None
        if stop is None or stop > start:
            spans.append(Span(documents[index], start, stop))
    return spans


def _place(documents: Sequence[Document], totals: np.ndarray, unit: Unit, number: int) -> tuple[int, int]:
    """The document and the byte in it at which unit `number` (from 0) begins."""
    before = np.cumsum(totals) - totals
    index = int(np.searchsorted(before, number, side="right")) - 1
    within = number - int(before[index])
    if unit == "documents" or within == 0:
        return index, 0
    for starts in _starts(documents[index], unit):
        if within < len(starts):
            return index, int(starts[within])
        within -= len(starts)
    raise AssertionError("a unit beyond the end of its document")


def _count(document: Document, unit: Unit) -> int:
    return 1 if unit == "documents" else sum(len(starts) for starts in _starts(document, unit))


def _starts(document: Document, unit: Unit) -> Iterator[np.ndarray]:
    """The bytes at which the units of a document begin (int64), one piece of the document at a time."""
    offset, previous = 0, NEWLINE
    with document.open() as file:
        while data := file.read(PIECE):
            codes = np.frombuffer(data, dtype=np.uint8)
            shifted = np.concatenate([[np.uint8(previous)], codes[:-1]])
            if unit == "lines":
                begins = shifted == NEWLINE
            elif unit == "words":
                begins = SEPARATORS[shifted] & ~SEPARATORS[codes]
            else:
                begins = (codes & 0xC0) != 0x80
            yield np.flatnonzero(begins) + offset
            offset, previous = offset + len(data), int(codes[-1])
