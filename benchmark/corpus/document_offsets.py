"""Where the documents of a split begin among its targets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from benchmark.corpus.document import Span, pieces


def document_offsets(
    spans: Sequence[Span], newlines: Sequence[int], line_ends: np.ndarray, heading: str | None = None
) -> np.ndarray | None:
    """The offset of each document's first target, then the number of targets: int64 [documents + 1].

    `newlines` says how many there are in the text of each span; every span but the last ends with one.
    `line_ends` (int64 [lines + 1]) holds the offsets at which lines of the text end, then the number of
    targets. Neighbouring spans of one document count as one, a document without targets does not count. With
    a `heading`, a document also begins above every line that is one (see `heading_lines`).

    None if there are fewer than two documents, or if the lines are not those of the spans (a subword may hold
    several newlines).
    """
    found = len(line_ends) - 1
    if sum(newlines) not in (found, found - 1):  # a newline may have been added to end the last line
        return None
    before = np.cumsum([0, *newlines[:-1]])
    first = [
        int(before[place])
        for place, span in enumerate(spans)
        if place == 0 or span.document is not spans[place - 1].document
    ]
    if heading is not None:
        for begin, span in zip(before.tolist(), spans, strict=True):
            first += [begin + line for line in heading_lines(span, heading)]
    lines = np.array(first, dtype=np.int64)
    begins = np.where(lines > 0, line_ends[lines - 1], 0)
    offsets = np.unique(np.append(begins, line_ends[-1]))
    return offsets if len(offsets) > 2 else None


def heading_lines(span: Span, heading: str) -> list[int]:
    """Where the documents within a span begin: numbers of lines, from 0.

    A heading is a line that the regular expression matches as a whole, and that stands alone: between blank
    lines, or at an end of the span. Its document begins with the blank lines above it.
    """
    pattern = re.compile(heading)
    found: list[int] = []
    begin, above, waiting = 0, True, False  # `waiting`: a heading was read, and not yet the line below it
    for number, line in enumerate(_lines(span)):
        blank = not line.strip()
        if waiting and blank:
            found.append(begin)
        waiting = above and not blank and pattern.fullmatch(line) is not None
        if blank and not above:
            begin = number
        above = blank
    return [*found, begin] if waiting else found


def _lines(span: Span) -> Iterator[str]:
    rest = b""
    for piece in pieces([span]):
        *lines, rest = (rest + piece).split(b"\n")
        yield from (line.decode() for line in lines)
    if rest:
        yield rest.decode()
