"""Where runs may differ: the targets in groups, by the criteria of a run's losses and by n-grams seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmark.corpus.stream import TokenStream
from benchmark.measure.breakdown import CRITERIA
from benchmark.measure.seen import longest_seen

#: Lengths of n-grams that were seen or not.
ORDERS = (2, 3, 4, 5)


@dataclass(frozen=True)
class Grouping:
    """Targets in groups: `of` [targets] has the index of each target's name in `groups`."""

    key: str
    title: str
    groups: tuple[str, ...]
    of: np.ndarray


def groupings(train: TokenStream, test: TokenStream) -> Iterator[Grouping]:
    """Every grouping of the test targets: the criteria of `losses.csv`, and for n of 2 to 5 whether training
    has the n-gram that ends with the target.

    An n-gram may begin with the start of the line; where the line has fewer tokens before the target, there
    is none.
    """
    for criterion in CRITERIA:
        groups = criterion.of(train, test)
        if groups is not None:
            title = criterion.title[0].upper() + criterion.title[1:]
            yield Grouping(criterion.key, title, criterion.groups, groups)
    seen = longest_seen(train, test, max(ORDERS))
    starts = np.repeat(test.lines[:-1], np.diff(test.lines))
    place = np.arange(len(test)) - starts + 1
    for n in ORDERS:
        of = np.where(seen >= n, 0, np.where(place + 1 >= n, 1, 2))
        names = ("seen", "not seen", "too near the start of the line")
        yield Grouping(f"seen_{n}", f"The {n}-gram that ends with the target, in training", names, of)
