"""Notes below a comparison: infinite perplexities, what models say of themselves, and different events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from benchmark import text
from benchmark.measure.measures import PERPLEXITY_NONZERO, ZERO_PROBABILITIES
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row

#: Rows that a note names; of more, it gives the number.
MOST_NAMED = 6


class Note(NamedTuple):
    """A sentence or two, and the key of the corpus that they are about; empty if they are about several."""

    line: str
    corpus: str = ""


def ranking_notes(groups: list[RankedGroup]) -> list[Note]:
    """Everything a reader of the ranked groups should know beside the numbers."""
    rows = [row for group in groups for row in group.rows]
    return [
        *zero_probability_notes(groups),
        *map(Note, model_notes(rows)),
        *protocol_differences(groups),
        *map(Note, unchecked_notes(groups)),
    ]


def unchecked_notes(groups: list[RankedGroup]) -> list[str]:
    """Which rows are of runs from before runs held their scores to the contract; nothing if none is."""
    rows = [row for group in groups for row in group.rows]
    unchecked = [row for row in rows if any(run.result.checked_contexts is None for run in row.runs)]
    if not unchecked:
        return []
    which = text.listed([row.label for row in unchecked])
    if len(unchecked) > MOST_NAMED:
        which = f"{'all' if unchecked == rows else len(unchecked)} of the {len(rows)} rows"
    return [f"Recorded before runs checked their models (as nextword check does): {which}."]


def model_notes(rows: Sequence[Row]) -> list[str]:
    """What models say of themselves, once for all rows that say the same."""
    saying: dict[tuple[str, ...], dict[str, None]] = defaultdict(dict)
    for row in rows:
        for run in row.runs:
            if run.result.notes:
                saying[tuple(map(text.clean, run.result.notes))][row.label] = None
    return [f"{text.listed(list(labels))}: {' '.join(notes)}" for notes, labels in saying.items()]


def zero_probability_notes(groups: list[RankedGroup]) -> list[Note]:
    """For each group with rows that give some targets probability zero: how many, and how the rest fare."""
    found = [(group, [row for row in group.rows if row.mean(ZERO_PROBABILITIES)]) for group in groups]
    return [
        Note(
            f"On {group.title}, these models give some targets probability zero, which makes their "
            f"perplexity infinite: {'; '.join(map(_zero_probability_share, rows))}. The perplexity of the "
            "remaining targets cannot be compared with that of any other row.",
            group.corpus,
        )
        for group, rows in found
        if rows
    ]


def _zero_probability_share(row: Row) -> str:
    count, targets = row.mean(ZERO_PROBABILITIES) or 0.0, row.first.test_targets
    share = f", {text.percent(count / targets)}" if targets else ""
    rest = row.mean(PERPLEXITY_NONZERO)
    others = f" (the others: {text.perplexity(rest)})" if rest is not None else ""
    return f"{row.label}, {count:,.0f} targets{share}{others}"


def protocol_differences(groups: list[RankedGroup]) -> list[Note]:
    """For each corpus whose rows were scored on different events: which parts of the protocol differ."""
    by_corpus: dict[str, list[RankedGroup]] = defaultdict(list)
    for group in groups:
        by_corpus[group.corpus].append(group)
    return [Note(_protocol_difference(same), corpus) for corpus, same in by_corpus.items() if len(same) > 1]


def _protocol_difference(groups: list[RankedGroup]) -> str:
    names = sorted({part for group in groups for part in group.protocol_parts})
    differing = [n for n in names if len({group.protocol_parts.get(n, "") for group in groups}) > 1]
    sides = [
        f"{group.protocol[:6] or 'unnamed'} ("
        + "; ".join(f"{name}: {group.protocol_parts.get(name, text.NONE)}" for name in differing)
        + ")"
        for group in groups
    ]
    what = text.listed(differing) if differing else "a part that was not recorded"
    return (
        f"Rows of {groups[0].corpus} were scored on {len(groups)} different sets of targets, so they are "
        f"ranked separately. The sets differ in {what}: {text.listed(sides)}."
    )
