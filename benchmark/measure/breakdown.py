"""Where a loss comes from: the test targets in groups, by several criteria, with the loss of each group.

The groups of a criterion are disjoint and hold every target, so their losses add up to the total.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.corpus.kept import Keep, not_kept
from benchmark.corpus.marks import END
from benchmark.corpus.parts_of_speech import CLASSES
from benchmark.corpus.stream import TokenStream
from benchmark.measure.frequency import EDGES, bucket_of
from benchmark.measure.seen import longest_seen
from benchmark.record.losses import GroupLoss

#: Of the groups that are kept with a corpus: raise it when an edit puts targets into other groups.
VERSION = 1


@dataclass(frozen=True)
class Criterion:
    """How targets are put into groups. `groups` are the names, in order."""

    key: str
    #: What a group's name says, as the label of an axis.
    title: str
    #: How targets are grouped, to go on from "the loss".
    phrase: str
    #: Which targets a group holds; `{}` stands for its name, or several.
    said: str
    groups: tuple[str, ...]
    #: The index of each test target's group, from the training and the test stream; None where the corpus
    #: has nothing to tell by.
    of: Callable[[TokenStream, TokenStream], np.ndarray | None]
    #: Whether the order of the groups means something.
    ordered: bool = True
    #: Whether the groups are kept with the corpus, because they take long to find.
    kept: bool = False


def names_from(edges: Sequence[int]) -> tuple[str, ...]:
    """`1`, `2–3`, `4–7`, `8+` of the lower bounds 1, 2, 4, 8."""
    names = []
    for low, after in zip(edges, [*edges[1:], None], strict=True):
        if after is None:
            names.append(f"{low:,}+")
        else:
            names.append(f"{low:,}" if after == low + 1 else f"{low:,}–{after - 1:,}")
    return tuple(names)


def _group_of(values: np.ndarray, edges: Sequence[int]) -> np.ndarray:
    return np.searchsorted(edges, values, side="right") - 1


#: Lower bounds, in targets of a line and in tokens.
PLACES = (1, 2, 3, 5, 9, 17, 33)
DISTANCES = (1, 10, 100, 1_000, 10_000)
#: The group of targets that have not occurred before.
NEVER = "never"


def _by_place(train: TokenStream, test: TokenStream) -> np.ndarray | None:
    """By place in the line; a text without line ends has no lines."""
    if test.vocabulary.end is None:
        return None
    starts = np.repeat(test.lines[:-1], np.diff(test.lines))
    return _group_of(np.arange(len(test)) - starts + 1, PLACES)


def _by_distance(train: TokenStream, test: TokenStream) -> np.ndarray:
    """By tokens since the target's last occurrence in the test text; the last group has had none."""
    ids = np.asarray(test.ids, dtype=np.int64)
    order = np.argsort(ids, kind="stable")
    distance = np.zeros(len(ids), dtype=np.int64)
    again = ids[order[1:]] == ids[order[:-1]]
    distance[order[1:][again]] = np.diff(order)[again]
    return np.where(distance == 0, len(DISTANCES), _group_of(distance, DISTANCES))


TRAINING_COUNT = Criterion(
    "training_count",
    "occurrences in training",
    "by how often the target occurs in the training text",
    "words seen {} times",
    names_from(EDGES),
    lambda train, test: bucket_of(test),
)
LONGEST_SEEN = Criterion(
    "longest_seen",
    "longest n-gram seen in training",
    "by the longest n-gram, up to five words, that ends with the target and occurs in the training text",
    "targets whose longest n-gram seen in training has {} words",
    ("0", "1", "2", "3", "4", "5+"),
    longest_seen,
    kept=True,
)
CRITERIA = (
    TRAINING_COUNT,
    LONGEST_SEEN,
    Criterion(
        "place_in_line",
        "place in the line",
        "by the target's place in its line",
        "targets at place {} of a line",
        names_from(PLACES),
        _by_place,
    ),
    Criterion(
        "last_occurrence",
        "tokens since the last occurrence",
        "by how many tokens ago the target last occurred in the test text",
        "targets that last occurred {} tokens ago",
        (*names_from(DISTANCES), NEVER),
        _by_distance,
    ),
    Criterion(
        "part_of_speech",
        "part of speech",
        "by the target's part of speech",
        "{}",
        (*CLASSES, END),
        lambda train, test: test.tags,
        ordered=False,
    ),
)


def groups_of(
    criterion: Criterion, train: TokenStream, test: TokenStream, keep: Keep = not_kept
) -> np.ndarray | None:
    """The index of each test target's group; None where the corpus has nothing to tell by."""
    if not criterion.kept:
        return criterion.of(train, test)

    def find() -> np.ndarray:
        groups = criterion.of(train, test)
        assert groups is not None
        return groups

    return keep(f"{criterion.key}-{VERSION}", len(test), find)


def group_losses(
    scores: np.ndarray, train: TokenStream, test: TokenStream, keep: Keep = not_kept
) -> list[GroupLoss]:
    """The loss of each group of each criterion, from ln p of the test targets.

    `keep`, that of the streams' corpus, spares looking for groups that an earlier run has found.
    """
    losses = -scores.astype(np.float64)
    found = []
    for criterion in CRITERIA:
        groups = groups_of(criterion, train, test, keep)
        if groups is None:
            continue
        most = len(criterion.groups)
        targets = np.bincount(groups, minlength=most).tolist()
        totals = np.bincount(groups, weights=losses, minlength=most).tolist()
        found += [
            GroupLoss(criterion.key, name, n, nll)
            for name, n, nll in zip(criterion.groups, targets, totals, strict=True)
        ]
    return found
