"""Where the documents of a split begin among its targets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmark.corpus.document import Span


def document_offsets(
    spans: Sequence[Span], newlines: Sequence[int], line_ends: np.ndarray
) -> np.ndarray | None:
    """The offset of each document's first target, then the number of targets: int64 [documents + 1].

    `newlines` says how many there are in the text of each span; every span but the last ends with one.
    `line_ends` (int64 [lines + 1]) holds the offsets at which lines of the text end, then the number of
    targets. Neighbouring spans of one document count as one, a document without targets does not count. None
    if there are fewer than two documents, or if the lines are not those of the spans (a subword may hold
    several newlines).
    """
    found = len(line_ends) - 1
    if sum(newlines) not in (found, found - 1):  # a newline may have been added to end the last line
        return None
    before = np.cumsum([0, *newlines[:-1]])
    begins = np.where(before > 0, line_ends[before - 1], 0)
    first = [
        place
        for place, span in enumerate(spans)
        if place == 0 or span.document is not spans[place - 1].document
    ]
    offsets = np.unique(np.append(begins[first], line_ends[-1]))
    return offsets if len(offsets) > 2 else None
