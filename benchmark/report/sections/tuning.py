"""How much every entry was tuned, and what that brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from benchmark import text
from benchmark.report.blocks import Block, Figure, Fold, Paragraph, Section, about
from benchmark.report.context import Context
from benchmark.report.fields import Field, cells_of, columns_of, number_field, text_field
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.ranking import file_name
from benchmark.report.tables import Group, Table, TableRow, data_table
from benchmark.report.tuned_entries import Entry, by_text
from benchmark.search.goal import Goal
from benchmark.search.record import Trial, chosen
from benchmark.search.space import literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

    from benchmark.report.figures.lines import Line

ORDER = 44
#: More lines of a family than this cannot be told apart; the tables have them all.
EACH = 3
#: Perplexities above this many times the lowest would flatten the lines that matter.
CEILING = 2
#: The numbers of trials after which the expected best is tabled.
COUNTS = (1, 2, 4, 8, 16)
#: Rows that are drawn of the table of all trials.
MOST = 20

INTRODUCTION = (
    "The entries of a table were tuned on the same validation split, each within the limits that the table "
    "says (nextword tune). A core-second is a second of one processor core in training or in scoring the "
    "validation split. Trials are drawn at random from the space that an entry's file declares, after a "
    "first one with its defaults, or are all points of a grid. What is not in the space was not tuned. Only "
    "the best trial of an entry, by the validation split, is ranked in the comparison. The gain is the share "
    "by which the best trial lowered the perplexity of the defaults, or their share of mistakes. A dash for "
    "the test split: the best run is not among the runs of this report; its record has the rest."
)


def settings_of(trial: Trial, space: Mapping[str, object]) -> str:
    """What a trial chose, under short names."""
    return ", ".join(f"{name} {literal(value)}" for name, value in chosen(trial, space).items())


def fields_of(goal: Goal) -> tuple[Field[Entry], ...]:
    """The columns of the entries that were tuned by this goal."""
    shown = goal.shown
    return (
        text_field("label", "Best model", lambda entry: entry.best.label),
        text_field("entry", "Entry", lambda entry: entry.search.name, "more", mono=True),
        text_field("family", "Family", lambda entry: FAMILY_NAMES.get(entry.family, entry.family)),
        text_field("limits", "At most", lambda entry: entry.search.limits),
        number_field("trials", "Trials", lambda entry: len(entry.search.ended), text.amount),
        number_field("failed", "Failed", lambda entry: len(entry.search.failed), text.amount, "more"),
        number_field("core_seconds", "Core-seconds", lambda entry: entry.search.spent, text.amount),
        number_field("default", "Defaults, validation", lambda e: shown(e.default_value), goal.short),
        number_field("best", "Best, validation", lambda e: shown(e.best_value), goal.short),
        number_field("gain", "Gain", lambda entry: entry.gain, text.percent),
        number_field("test", "Best, test", lambda e: e.test_value, goal.short),
        text_field("settings", "Settings of the best", lambda e: settings_of(e.best, e.search.space)),
        text_field("command", "Command", lambda entry: entry.search.command, "data"),
    )


def trial_fields(goal: Goal) -> tuple[Field[tuple[Entry, Trial]], ...]:
    """The columns of all trials."""
    return (
        text_field("entry", "Entry", lambda item: item[0].search.name),
        number_field("trial", "Trial", lambda item: item[1].number, text.amount),
        number_field(goal.key, "Validation", lambda item: goal.shown(item[1].value), goal.short),
        number_field("core_seconds", "Core-seconds", lambda item: item[1].core_seconds, text.amount),
        text_field("settings", "Settings", lambda item: settings_of(item[1], item[0].search.space)),
        text_field("state", "State", lambda item: item[1].state),
        text_field("run_id", "Run", lambda item: item[1].run_id, "more", mono=True),
        text_field("reason", "Reason", lambda item: item[1].reason, "data"),
        text_field("command", "Command", lambda item: item[1].command, "data"),
    )


def build(context: Context) -> Section | None:
    blocks: list[Block] = []
    taken: set[str] = set()
    for told_apart, entries in by_text(context):
        first = entries[0]
        file = file_name(first.corpus + told_apart, taken)
        taken.add(file)
        blocks += about(first.corpus, _blocks(first.title + told_apart, file, entries))
    if not blocks:
        return None
    return Section("tuning", "Equal effort", (Paragraph((INTRODUCTION,)), *blocks))


def _blocks(title: str, file: str, entries: list[Entry]) -> list[Block]:
    goal = entries[0].search.goal
    fields, of_trials = fields_of(goal), trial_fields(goal)
    lowest, better = entries[0], "higher" if goal.turned else "lower"
    caption = (
        f"Entries tuned on {title}, by the {goal.name} of their best trial; {better} is better. The best is "
        f"{text.clean(lowest.best.label)} with {goal.short(goal.shown(lowest.best_value))}."
    )
    rows = tuple(
        TableRow(
            tuple(
                replace(field.cell(entry), best=entry is lowest and field.column.key == "label")
                for field in fields
            ),
            entry.row,
            entry.family,
        )
        for entry in entries
    )
    summary = Table(f"tuning_{file}", caption, columns_of(fields), (Group(rows),), sortable=True)
    pairs = [(entry, trial) for entry in entries for trial in entry.search.trials]
    trials = Table(
        f"tuning_trials_{file}",
        f"Every trial of the entries tuned on {title}.",
        columns_of(of_trials),
        (Group(tuple(TableRow(cells_of(of_trials, pair), 0, pair[0].family) for pair in pairs)),),
        sortable=True,
        most=MOST,
    )
    drawn = [entry for entry in entries if len(entry.expected) > 1]
    figures = [_figure(title, file, goal, drawn)] if drawn else []
    expected = (
        [_expected(title, file, goal, tabled)] if (tabled := [e for e in entries if e.expected]) else []
    )
    return [summary, *expected, *figures, Fold(f"All trials on {title}", (trials,))]


def _expected(title: str, file: str, goal: Goal, entries: list[Entry]) -> Table:
    """The expected best of each entry after as many trials."""
    most = max(len(entry.expected) for entry in entries)

    def after(count: int, entry: Entry) -> float | None:
        return goal.shown(entry.expected[count - 1][2]) if count <= len(entry.expected) else None

    fields: tuple[Field[Entry], ...] = (
        text_field("label", "Best model", lambda entry: entry.best.label),
        text_field("entry", "Entry", lambda entry: entry.search.name, "data"),
        text_field("family", "Family", lambda entry: FAMILY_NAMES.get(entry.family, entry.family)),
        number_field("drawn", "Trials drawn", lambda entry: len(entry.expected), text.amount),
        *(
            number_field(f"after_{count}", text.plural(count, "trial"), partial(after, count), goal.short)
            for count in COUNTS
            if count <= most
        ),
    )
    caption = (
        f"What a search of so many trials on {title} could have been expected to reach: the expected best "
        f"{goal.name} of that many random draws from the trials of an entry (Dodge et al. 2019), without the "
        "one with its defaults. A dash: the entry has fewer trials."
    )
    rows = tuple(TableRow(cells_of(fields, entry), entry.row, entry.family) for entry in entries)
    return Table(f"tuning_expected_{file}", caption, columns_of(fields), (Group(rows),), sortable=True)


def _figure(title: str, file: str, goal: Goal, entries: list[Entry]) -> Figure:
    caption = (
        f"What a shorter search on {title} could have been expected to reach: the expected lowest "
        f"{goal.lowered} of as many random trials as the core-seconds pay for (Dodge et al. 2019); lower is "
        "better. A line that still falls at its end would gain from more trials. Trials that failed count as "
        "the worst of their entry."
    )
    alt = f"Line chart of the expected lowest {goal.lowered} by core-seconds of search on {title}."
    name = f"tuning_{file}"
    heading = f"{title}: expected best of a search"
    draw = partial(_draw, _lines(_drawn(entries)), goal.axis)
    return Figure(name, heading, caption, alt, draw, _data(name, entries))


def _drawn(entries: Sequence[Entry]) -> list[Entry]:
    """The best entries of each family."""
    return [
        entry
        for family in FAMILY_NAMES
        for entry in [each for each in entries if each.family == family][:EACH]
    ]


def _data(name: str, entries: Sequence[Entry]) -> Table:
    goal = entries[0].search.goal
    points = [(entry, *point) for entry in entries for point in entry.expected]
    fields: tuple[Field[tuple[Entry, int, float, float]], ...] = (
        text_field("entry", "Entry", lambda point: point[0].search.name),
        number_field("trials", "Trials", lambda point: point[1], text.amount),
        number_field("core_seconds", "Core-seconds", lambda point: point[2], text.amount),
        number_field("expected_best", "Expected best", lambda point: goal.shown(point[3]), goal.short),
    )
    rows = [TableRow(cells_of(fields, point), point[0].row, point[0].family) for point in points]
    return data_table(name, columns_of(fields), rows)


def _lines(entries: list[Entry]) -> list[Line]:
    from benchmark.report.figures.lines import Line

    return [
        Line(
            entry.row,
            text.clean(entry.best.label),
            entry.family,
            (
                tuple(
                    (max(seconds, 1e-3), entry.search.goal.on_axis(value))
                    for _, seconds, value in entry.expected
                ),
            ),
        )
        for entry in entries
    ]


def _draw(lines: list[Line], ylabel: str) -> Drawing:
    from benchmark.report.figures.lines import line_chart

    lowest = min(y for line in lines for y in line.ys)
    figure, _ = line_chart(
        lines,
        xlabel="core-seconds of search",
        ylabel=ylabel,
        log_x=True,
        log_y=lowest > 0,
        ceiling=CEILING * lowest,
    )
    return figure
