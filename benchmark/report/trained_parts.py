"""What the training of a model made of others took, component by component."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark import text
from benchmark.measure.parts import own_train_joules, own_train_seconds
from benchmark.record.result import Result
from benchmark.report.fields import Field, cells_of, columns_of, number_field, text_field
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import Group, Table, TableRow

#: Rows that are drawn; the CSV has all.
MOST = 60


@dataclass(frozen=True)
class _Part:
    """One component of a row's first run, what joins the components, or all together."""

    row: Row
    name: str
    seconds: float | None
    tokens: float | None
    joules: float | None

    @property
    def share(self) -> float | None:
        """Its part of the whole training time."""
        whole = self.row.first.train_seconds
        return self.seconds / whole if whole and self.seconds is not None else None


_FIELDS: tuple[Field[_Part], ...] = (
    text_field("label", "Model", lambda part: part.row.label),
    text_field("part", "Part", lambda part: part.name),
    number_field("seconds", "Training", lambda part: part.seconds, text.duration),
    number_field("share", "Share of time", lambda part: part.share, text.percent),
    number_field("tokens", "Tokens trained on", lambda part: part.tokens, text.amount),
)
_ENERGY: Field[_Part] = number_field("joules", "Training energy", lambda part: part.joules, text.energy)


def trained_parts(group: RankedGroup) -> Table | None:
    """The components of every model of a group that is made of others; None where no record has them."""
    found = [part for row in group.rows if row.first.part_names for part in _parts(row, row.first)]
    if not found:
        return None
    caption = (
        f"Models of {group.title} that are made of others: what training each component took, what joining "
        "them took, and all together, which is what the other tables have and what to compare. A component "
        "of an earlier run has the time and tokens of that run. What joins them learns from the validation "
        "text, whose tokens are not counted."
    )
    fields = (*_FIELDS, _ENERGY) if any(part.joules is not None for part in found) else _FIELDS
    rows = tuple(TableRow(cells_of(fields, part), part.row.number, part.row.family) for part in found)
    return Table(
        f"parts_{group.file}", caption, columns_of(fields), (Group(rows),), most=MOST, corpus=group.corpus
    )


def _parts(row: Row, result: Result) -> list[_Part]:
    joules = result.part_joules or [None] * len(result.part_names)
    named = zip(result.part_names, result.part_seconds, result.part_tokens, joules, strict=False)
    own = (result.train_tokens or 0) - sum(result.part_tokens)
    return [
        *(_Part(row, name, seconds, tokens, energy) for name, seconds, tokens, energy in named),
        _Part(row, "itself", own_train_seconds(result), own or None, own_train_joules(result)),
        _Part(row, "together", result.train_seconds, result.train_tokens, result.train_joules),
    ]
