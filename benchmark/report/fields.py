"""A table's columns together with the functions that fill them, so that headings and cells stay paired."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from benchmark.measure.measure import Format, Measure
from benchmark.record.result import Result
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.rows import Row
from benchmark.report.tables import Cell, Column, Level, number_cell, text_cell

Item = TypeVar("Item")


@dataclass(frozen=True)
class Field(Generic[Item]):
    """A column of a table whose rows are items, and how the cell of an item is made."""

    column: Column
    cell: Callable[[Item], Cell]


def text_field(
    key: str, title: str, of: Callable[[Item], object], level: Level = "key", *, mono: bool = False
) -> Field[Item]:
    """A column of text."""
    return Field(Column(key, title, level=level, mono=mono), lambda item: text_cell(of(item)))


def number_field(
    key: str, title: str, of: Callable[[Item], float | None], show: Format, level: Level = "key"
) -> Field[Item]:
    """A column of numbers."""
    return Field(Column(key, title, "right", level), lambda item: number_cell(of(item), show))


def interval_fields(
    key: str, of: Callable[[Item], tuple[float, float] | None], show: Format, level: Level = "key"
) -> list[Field[Item]]:
    """The 95% interval of what the column before shows: as one column, and in the CSV as two."""

    def shown(item: Item) -> Cell:
        found = of(item)
        return text_cell(None if found is None else " to ".join(map(show, found)))

    def end(place: int) -> Callable[[Item], float | None]:
        return lambda item: None if (found := of(item)) is None else found[place]

    return [
        Field(Column(f"{key}_interval", "95% interval", "right", level), shown),
        number_field(f"{key}_low", "Lower bound", end(0), show, "data"),
        number_field(f"{key}_high", "Upper bound", end(1), show, "data"),
    ]


def measure_field(measure: Measure) -> Field[Row]:
    """The column of a measure: the mean over a row's seeds."""
    field: Field[Row] = number_field(
        measure.key, measure.title, lambda row: row.mean(measure), measure.show, measure.level
    )
    return replace(field, column=replace(field.column, better=measure.better))


def run_measure_field(
    measure: Measure, result_of: Callable[[Item], Result], level: Level = "key"
) -> Field[Item]:
    """The column of a measure where each item stands for a single run."""
    return number_field(
        measure.key, measure.title, lambda item: measure.read(result_of(item)), measure.show, level
    )


def columns_of(fields: Sequence[Field[Item]]) -> tuple[Column, ...]:
    """The fields' columns."""
    return tuple(field.column for field in fields)


def cells_of(fields: Sequence[Field[Item]], item: Item, best: Collection[str] = ()) -> tuple[Cell, ...]:
    """An item's cells, one in each of the fields' columns, those of the columns `best` marked as the best."""
    cells = [(field.cell(item), field.column.key in best) for field in fields]
    return tuple(replace(cell, best=True) if leads else cell for cell, leads in cells)


def comparable_keys(measures: Sequence[Measure], rows: Sequence[Row]) -> set[str]:
    """The columns of measures that can have a best: of times and speeds only where one machine took them."""
    several = len({row.machine for row in rows}) > 1
    return {measure.key for measure in measures if not (several and measure.timed)}


CORPUS: Field[Row] = text_field("corpus", "Corpus", lambda row: row.corpus_title)
LABEL: Field[Row] = text_field("label", "Model", lambda row: row.label)
FAMILY: Field[Row] = text_field("family", "Family", lambda row: FAMILY_NAMES.get(row.family, row.family))
HISTORY: Field[Row] = text_field("context", "History", lambda row: row.first.context)
