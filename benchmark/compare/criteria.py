"""Where runs may differ: the targets in groups, by the criteria of a run's losses and by n-grams seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmark import text
from benchmark.corpus.kept import Keep, not_kept
from benchmark.corpus.stream import TokenStream
from benchmark.measure.breakdown import CRITERIA, LONGEST_SEEN, groups_of

#: Lengths of n-grams that were seen or not.
ORDERS = (2, 3, 4, 5)


@dataclass(frozen=True)
class Grouping:
    """Targets in groups: `of` [targets] has the index of each target's name in `groups`."""

    key: str
    title: str
    groups: tuple[str, ...]
    of: np.ndarray


def groupings(train: TokenStream, test: TokenStream, keep: Keep = not_kept) -> Iterator[Grouping]:
    """Every grouping of the test targets: the criteria of `losses.csv`, and for n of 2 to 5 whether training
    has the n-gram that ends with the target.

    An n-gram may begin with the start of the line; where the line has fewer tokens before the target, there
    is none. `keep`, that of the streams' corpus, spares looking for groups that a run has found.
    """
    for criterion in CRITERIA:
        groups = groups_of(criterion, train, test, keep)
        if groups is not None:
            yield Grouping(criterion.key, text.capitalised(criterion.title), criterion.groups, groups)
    seen = groups_of(LONGEST_SEEN, train, test, keep)
    assert seen is not None
    starts = np.repeat(test.lines[:-1], np.diff(test.lines))
    place = np.arange(len(test)) - starts + 1
    for n in ORDERS:
        of = np.where(seen >= n, 0, np.where(place + 1 >= n, 1, 2))
        names = ("seen", "not seen", "too near the start of the line")
        yield Grouping(f"seen_{n}", f"The {n}-gram that ends with the target, in training", names, of)
