"""Rows of the comparison with their judgements by BLiMP and LAMBADA, by corpus and protocol."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from benchmark.judge.record import (
    BlimpJudgement,
    Judgements,
    LambadaJudgement,
    PairCounts,
    Task,
    read_judgements,
)
from benchmark.record.folder import RunRecord
from benchmark.report.context import Context
from benchmark.report.rows import Row
from benchmark.storage.reading import or_warn

Judged = TypeVar("Judged")


@dataclass(frozen=True)
class JudgedRow:
    """A row, and the judgements of those of its seeds that were judged."""

    row: Row
    judgements: tuple[Judgements, ...]

    @cached_property
    def blimp(self) -> list[BlimpJudgement]:
        return [j.blimp for j in self.judgements if j.blimp is not None]

    @cached_property
    def lambada(self) -> list[LambadaJudgement]:
        return [j.lambada for j in self.judgements if j.lambada is not None]

    @cached_property
    def overall(self) -> list[PairCounts]:
        """The counts of all pairs, of each seed."""
        return [one.overall for one in self.blimp]

    @cached_property
    def phenomena(self) -> dict[str, float]:
        """The mean accuracy by phenomenon."""
        found = [one.phenomena for one in self.blimp]
        return {name: accuracy([seed[name] for seed in found if name in seed]) for name in found[0]}

    def counts(self, sets: Collection[str]) -> list[PairCounts]:
        """The counts of some sets together, of each seed."""
        return [PairCounts.total(s for s in judged.sets if s.name in sets) for judged in self.blimp]


@dataclass(frozen=True)
class JudgedGroup:
    """Judged rows of one corpus and protocol: their vocabulary, and so their unknown words, are the same."""

    title: str
    corpus: str
    file: str
    rows: tuple[JudgedRow, ...]

    @property
    def readings(self) -> dict[str, list[str]]:
        """By task, how text became the tokens of the vocabulary."""
        tasks: dict[str, list[Task]] = {
            "BLiMP": [judged for row in self.rows for judged in row.blimp],
            "LAMBADA": [judged for row in self.rows for judged in row.lambada],
        }
        return {name: judged[0].reading for name, judged in tasks.items() if judged}

    @property
    def blimp(self) -> list[JudgedRow]:
        """Those judged by BLiMP, the most accurate first."""
        rows = [row for row in self.rows if row.blimp]
        return sorted(rows, key=lambda row: (-accuracy(row.overall), row.row.number))

    @property
    def lambada(self) -> list[JudgedRow]:
        """Those judged by LAMBADA, the most accurate first."""
        rows = [row for row in self.rows if row.lambada]
        return sorted(rows, key=lambda row: (-accuracy(row.lambada), row.row.number))


def judged_groups(context: Context) -> list[JudgedGroup]:
    """The judged rows, those of the corpora that are ranked first in their order."""
    titles = {(g.corpus, g.protocol): (g.title, g.file) for g in context.ranked_groups}
    found: dict[tuple[str, str], list[JudgedRow]] = {key: [] for key in titles}
    for row in context.rows:
        judged = tuple(filter(None, map(_read, row.runs))) if row.done else ()
        if any(one.blimp or one.lambada for one in judged):
            found.setdefault((row.corpus, row.protocol_id), []).append(JudgedRow(row, judged))
    groups = []
    for (corpus, protocol), rows in found.items():
        if rows:
            title, file = titles.get(
                (corpus, protocol), (rows[0].row.corpus_title, f"{corpus}_{protocol[:6]}")
            )
            groups.append(JudgedGroup(title, corpus, file, tuple(rows)))
    return groups


def _read(run: RunRecord) -> Judgements | None:
    return or_warn(lambda: read_judgements(run), None)


def means(seeds: Sequence[Judged], of: Callable[[Judged], float | None]) -> float | None:
    """The mean over seeds; None where no seed has a value."""
    values = [value for seed in seeds if (value := of(seed)) is not None]
    return math.fsum(values) / len(values) if values else None


def accuracy(seeds: Sequence[PairCounts] | Sequence[LambadaJudgement]) -> float:
    """The mean over seeds of the share that is right."""
    return math.fsum(seed.accuracy for seed in seeds) / len(seeds)
