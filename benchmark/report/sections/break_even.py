"""Break-even: where networks overtake n-gram models in tokens, seconds, bytes and joules."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmark import text
from benchmark.measure.measure import Measure
from benchmark.report.blocks import Block, Figure, Paragraph, Section
from benchmark.report.break_even import BreakEven
from benchmark.report.break_even_figures import envelope_figure, training_figure
from benchmark.report.break_even_pairs import (
    MOST,
    Pair,
    best_ngram,
    pairs_by_choice,
    pairs_in_training,
    pairs_over_text,
)
from benchmark.report.clocks import notes_of_elsewhere
from benchmark.report.context import Context
from benchmark.report.cost_curves import COSTS, RESOURCES, envelopes, trainings
from benchmark.report.fields import Field, cells_of, columns_of, number_field, text_field
from benchmark.report.learning_curves import learning_curves
from benchmark.report.ranking import RankedGroup
from benchmark.report.tables import Cell, Column, Group, Table, TableRow

ORDER = 46
#: Corpora with figures, those that compare most; every figure makes the page heavier.
DRAWN = 2

EXPLAINED = (
    "The cost from which a network has a lower perplexity than an n-gram model. Along “text”, the same "
    "two models are trained on more and more text and compared on the test text; between the amounts that "
    "were run, a curve is a straight line in the logarithms of cost and perplexity. Along “training”, a "
    "network is compared on the validation text while it is trained, with such lines between its "
    "validations; the n-gram model is finished, and in tokens it is the level to get below. Along "
    "“choice”, each family is represented, at every cost, by the run with the lowest validation "
    "perplexity among those that cost at most so much; these are compared on the test text, and nothing "
    "lies between two models."
)
NOTES = (
    "Of seconds, bytes and joules, a model may use less than it is given. “Not up to” means never within "
    "what was measured; “ahead from” means already at the least that was measured of both. In brackets is "
    "the 95% interval over the text and over seeds, where runs keep their losses by block; “start” is the "
    "least that was measured of both. Elsewhere, with several seeds, it is the range over single seeds; a "
    "range is no interval. Seconds and joules are compared only on one machine; along “choice”, on the one "
    "on which both families come closest to their own best validation perplexity."
)


def build(context: Context) -> Section | None:
    pairs: list[tuple[RankedGroup, list[Pair]]] = []
    figures: list[Figure | None] = []
    for group in context.groups_with_shares:
        curves = learning_curves(group)
        trained = trainings([row for row in group.family("neural") if row.train_share == 1], MOST)
        ngram = best_ngram(group, curves)
        chosen = {cost.key: envelopes(group, cost) for cost in RESOURCES}
        found = [*pairs_over_text(curves, group.uncertainty), *pairs_in_training(trained, ngram)]
        found += pairs_by_choice(chosen, group.uncertainty)
        found = [pair for pair in found if any(map(pair.of, COSTS))]
        if found:
            pairs.append((group, found))
        if found and len(pairs) <= DRAWN:
            figures += [envelope_figure(group, cost, chosen[cost.key]) for cost in RESOURCES]
            figures.append(training_figure(group, trained, ngram))
    if not pairs:
        return None
    blocks: list[Block] = [Paragraph((EXPLAINED,)), Paragraph((NOTES,), "note"), _table(pairs)]
    blocks += notes_of_elsewhere((group for group, _ in pairs), RESOURCES)
    return Section("break-even", "Break-even", (*blocks, *(figure for figure in figures if figure)))


def _table(pairs: list[tuple[RankedGroup, list[Pair]]]) -> Table:
    costs = [c for c in COSTS if any(pair.of(c) for _, found in pairs for pair in found)]
    fields: list[Field[Pair]] = [
        text_field("first", "Network", lambda pair: pair.first),
        text_field("second", "n-gram model", lambda pair: pair.second),
        text_field("along", "Along", lambda pair: pair.along),
        *(field for cost in costs for field in _fields(cost)),
    ]
    groups = tuple(
        Group(
            tuple(TableRow(cells_of(fields, pair), pair.row, "neural") for pair in found),
            group.title,
            corpus=group.corpus,
        )
        for group, found in pairs
    )
    caption = "Break-even of networks with n-gram models, for each cost."
    return Table("break_even", caption, columns_of(fields), groups)


def _fields(cost: Measure) -> list[Field[Pair]]:
    """What a reader sees of a cost, and for the CSV its numbers."""
    numbers: dict[str, Callable[[BreakEven], float | None]] = {
        "interval_low": lambda even: even.interval.low if even.interval else None,
        "interval_high": lambda even: even.interval.high if even.interval else None,
        "low": lambda even: even.range.low if even.range else None,
        "high": lambda even: even.range.high if even.range else None,
        "seeds": lambda even: even.range.seeds if even.range else None,
        "seeds_overtaking": lambda even: even.range.overtaking if even.range else None,
        "until": lambda even: even.until,
        "begin": lambda even: even.begin,
        "end": lambda even: even.end,
    }

    def number(of: Callable[[BreakEven], float | None], pair: Pair) -> float | None:
        even = pair.of(cost)
        return None if even is None else of(even)

    def outcome(pair: Pair) -> str | None:
        even = pair.of(cost)
        return None if even is None else even.outcome

    return [
        Field(
            Column(cost.key, cost.title),
            lambda pair: Cell(said(pair.of(cost), cost), number(lambda even: even.at, pair)),
        ),
        text_field(f"{cost.key}_outcome", "Outcome", outcome, "data"),
        *(
            number_field(f"{cost.key}_{name}", name, partial(number, of), cost.show, "data")
            for name, of in numbers.items()
        ),
    ]


def said(even: BreakEven | None, cost: Measure) -> str:
    """A break-even in a few words: `110 k (95%: 102 k to 118 k)`, `ahead from 3.64 MB`, `level`."""
    if even is None:
        return text.NONE
    until = cost.show(even.until) if even.until else ""
    match even.outcome:
        case "level":
            words = "level"
        case "never":
            words = f"not up to {cost.show(even.end)}"
        case "ahead":
            words = f"ahead up to {until}" if until else f"ahead from {cost.show(even.begin)}"
        case "overtakes":
            words = cost.show(even.at) + (f", until {until}" if until else "")
    if even.interval is not None:
        return words + even.interval.in_brackets(cost.show)
    seeds = even.range
    if seeds is None or not seeds.overtaking:
        return words
    span = f"{cost.show(seeds.low)}–{cost.show(seeds.high)}"
    part = "" if seeds.overtaking == seeds.seeds else f"{seeds.overtaking} of {seeds.seeds} seeds: "
    return f"{words} ({part}{span})"
