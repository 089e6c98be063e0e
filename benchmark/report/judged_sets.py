"""BLiMP set by set: a row for each set, phenomenon and all, and for each model a column."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark import text
from benchmark.judge.published import PHENOMENA
from benchmark.judge.record import PairCounts
from benchmark.report.fields import Field, cells_of, columns_of, number_field, text_field
from benchmark.report.judged_rows import JudgedGroup, JudgedRow, accuracy, means
from benchmark.report.tables import Group, Level, Table, TableRow
from benchmark.statistics.share import wilson

#: Models whose accuracy is on the page; the CSV has all, with ties, intervals and known pairs.
DRAWN = 6


@dataclass(frozen=True)
class Part:
    """Some sets of BLiMP that are counted together: one of them, those of a phenomenon, or all."""

    name: str
    phenomenon: str
    sets: frozenset[str]


def sets_table(group: JudgedGroup) -> Table:
    """The judgements of a group's models. How many words are unknown depends on the vocabulary alone."""
    models = group.blimp
    fields: list[Field[Part]] = [
        text_field("set", "Set", lambda part: part.name, mono=True),
        text_field("phenomenon", "Phenomenon", lambda part: part.phenomenon, "data"),
        number_field("pairs", "Pairs", lambda part: _first(models, part).pairs, text.amount, "more"),
        number_field(
            "unknown",
            "Pairs with unknown words",
            lambda part: _first(models, part).unknown / _first(models, part).pairs,
            text.percent,
        ),
        number_field(
            "identical", "Identical", lambda part: _first(models, part).identical, text.amount, "data"
        ),
    ]
    for place, model in enumerate(models, start=1):
        fields += _model(model, place)
    groups = [
        Group(tuple(TableRow(cells_of(fields, part)) for part in parts), title)
        for title, parts in _parts(group).items()
    ]
    caption = f"BLiMP on {group.title}, set by set: accuracy, ties counting half."
    return Table(f"blimp_sets_{group.file}", caption, columns_of(fields), tuple(groups), corpus=group.corpus)


def _model(model: JudgedRow, place: int) -> list[Field[Part]]:
    """A model's columns; numbered, since labels make no keys."""
    level: Level = "key" if place <= DRAWN else "data"

    def share(part: Part) -> float:
        return accuracy(model.counts(part.sets))

    def bound(end: int, part: Part) -> float:
        return wilson(share(part), _first([model], part).pairs)[end]

    def known(part: Part) -> float | None:
        return means(model.counts(part.sets), lambda one: one.known_accuracy)

    def ties(part: Part) -> float | None:
        return means(model.counts(part.sets), lambda one: one.ties / one.pairs)

    return [
        text_field(f"model_{place}", "Model", lambda part: model.row.label, "data"),
        number_field(f"accuracy_{place}", model.row.label, share, text.percent, level),
        number_field(f"low_{place}", "Lower bound", lambda part: bound(0, part), text.percent, "data"),
        number_field(f"high_{place}", "Upper bound", lambda part: bound(1, part), text.percent, "data"),
        number_field(f"ties_{place}", "Ties", ties, text.percent, "data"),
        number_field(f"accuracy_known_{place}", "Without unknown words", known, text.percent, "data"),
    ]


def _first(models: list[JudgedRow], part: Part) -> PairCounts:
    return models[0].counts(part.sets)[0]


def _parts(group: JudgedGroup) -> dict[str, list[Part]]:
    """By heading: the sets of each phenomenon after all of it, and last all sets."""
    sets = group.blimp[0].blimp[0].sets
    headed = {}
    for name in sorted({one.phenomenon for one in sets}):
        own = [one.name for one in sets if one.phenomenon == name]
        title = PHENOMENA.get(name, (text.clean(name),))[0]
        headed[title] = [Part("all of these", name, frozenset(own))]
        headed[title] += [Part(one, name, frozenset({one})) for one in own]
    return {**headed, "All phenomena": [Part("all", "all", frozenset(one.name for one in sets))]}
