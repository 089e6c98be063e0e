"""Titles of corpora that tell them apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from benchmark.record.folder import RunRecord


def with_distinct_titles(records: Sequence[RunRecord]) -> list[RunRecord]:
    """The records, with the name of the corpus behind each title that several corpora have.

    A corpus that is run under a second name (`corpus.name=`) keeps its title, but has runs of its own.
    """
    names: dict[str | None, set[str]] = defaultdict(set)
    for record in records:
        names[record.result.corpus_title].add(record.result.corpus)
    return [record if len(names[record.result.corpus_title]) == 1 else _named(record) for record in records]


def _named(record: RunRecord) -> RunRecord:
    result = record.result
    if result.corpus_title is None:  # it goes by its name anyway
        return record
    title = f"{result.corpus_title} ({result.corpus})"
    return replace(record, result=replace(result, corpus_title=title))
