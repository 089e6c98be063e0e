"""The speeds of models, each beside how it varied and the arithmetic that it was measured in."""

from __future__ import annotations

from benchmark.measure.measure import Measure
from benchmark.measure.measures import BY_KEY
from benchmark.report.arithmetic import computed
from benchmark.report.context import Context
from benchmark.report.fields import LABEL, Field, cells_of, columns_of, number_field, text_field
from benchmark.report.rows import Row, machine_of
from benchmark.report.tables import Group, Table, TableRow

#: Rows that are drawn; the CSV has all.
MOST = 60

_TRAINING, _SCORING = BY_KEY["train_tokens_per_second"], BY_KEY["score_tokens_per_second"]
#: The field that says over how many parts of a run a speed was taken, and what they are called.
_PARTS = {
    _TRAINING.key: ("train_stretches", "{} stretches"),
    _SCORING.key: ("score_readings", "{} readings"),
}
#: Further columns, with their titles here.
_FURTHER = {
    "train_peak_share": "Of the peak, training",
    "score_peak_share": "Of the peak, scoring",
    "score_operations": "Operations a token",
    "next_token_seconds": "One next token",
    "next_token_seconds_p99": "99th percentile",
    "generated_tokens_per_second": "Generation, tokens/s",
}


def spread(row: Row, speed: Measure) -> str | None:
    """The lowest and the highest speed over a row's seeds, or, of a single run, within it.

    Within a run these are the lowest and the highest reading in scoring, and the quartiles of the stretches
    in training. None if there is one reading, or if nobody kept the others.
    """
    timed = [run.result for run in row.runs if machine_of(run.result) == row.machine]
    over_seeds = row.values(speed)
    if len(over_seeds) > 1:
        low, high, over = min(over_seeds), max(over_seeds), f"{len(over_seeds)} seeds"
    else:
        counter, name = _PARTS[speed.key]
        low, high = (getattr(timed[0], f"{speed.key}_{end}") for end in ("low", "high"))
        parts = getattr(timed[0], counter) or 0
        if low is None or high is None or parts < 2:
            return None
        over = name.format(parts)
    return f"{speed.show(low)}–{speed.show(high)}, {over}"


def _column(measure: Measure, title: str) -> Field[Row]:
    """The column of a measure, in every form of the table."""
    return number_field(measure.key, title, lambda row: row.mean(measure), measure.show)


def timings(context: Context) -> Table | None:
    """Every ranked row that was timed, by corpus; None if none was."""
    groups = [(group, [row for row in group.rows if row.values(_SCORING)]) for group in context.ranked_groups]
    found = [row for _, rows in groups for row in rows]
    if not found:
        return None
    fields = _fields(found, context)
    caption = (
        "How fast the models are. A spread goes from the lowest to the highest of several seeds, or, of a "
        "single run, of the readings of the test text. In training, that of a single run is the middle half "
        "of the stretches between two points of the training curve."
    )
    return Table(
        "timings",
        caption,
        columns_of(fields),
        tuple(
            Group(
                tuple(TableRow(cells_of(fields, row), row.number, row.family) for row in rows),
                group.title,
                corpus=group.corpus,
            )
            for group, rows in groups
            if rows
        ),
        most=MOST,
    )


def _fields(rows: list[Row], context: Context) -> tuple[Field[Row], ...]:
    return (
        LABEL,
        _column(_TRAINING, _TRAINING.title),
        text_field("train_spread", "Its spread", lambda row: spread(row, _TRAINING)),
        _column(_SCORING, _SCORING.title),
        text_field("score_spread", "Its spread", lambda row: spread(row, _SCORING)),
        text_field("computed", "Arithmetic", lambda row: computed(row.first)),
        *(
            _column(BY_KEY[key], title)
            for key, title in _FURTHER.items()
            if any(row.mean(BY_KEY[key]) is not None for row in rows)
        ),
        text_field(
            "machine",
            "Machine",
            context.machine_of,
            "key" if len(context.machines) > 1 else "data",
        ),
    )
