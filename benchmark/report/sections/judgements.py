"""Judgements: minimal pairs (BLiMP) and last words (LAMBADA), as `nextword judge` left them in the runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from benchmark import text
from benchmark.judge.published import BLIMP, BLIMP_SOURCE, LAMBADA_SOURCE, PHENOMENA
from benchmark.judge.record import LambadaJudgement, PairCounts
from benchmark.measure.perplexity import exp
from benchmark.report.blocks import Block, Definitions, Fold, Paragraph, Section
from benchmark.report.context import Context
from benchmark.report.fields import Field, cells_of, columns_of, interval_fields, number_field, text_field
from benchmark.report.judged_rows import JudgedGroup, JudgedRow, accuracy, judged_groups, means
from benchmark.report.judged_sets import sets_table
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.tables import Cell, Column, Group, Level, Table, TableRow, number_cell, text_cell
from benchmark.statistics.share import wilson

ORDER = 62

EXPLAINED = (
    "BLiMP asks whether a model gives an acceptable sentence a higher probability than one that differs from "
    "it a little and is not acceptable; chance is 50%. Every sentence is scored with nothing before it, and "
    "ties count half. Where a small vocabulary lacks a word, <unk> stands in its place, and the pair may no "
    "longer show what it tests: compare models on one corpus, and look at the pairs without unknown words."
)
PUBLISHED = (
    f"Published numbers: {BLIMP_SOURCE}. "
    "Those models were trained on other texts and have other vocabularies."
)
LAST_WORDS = (
    "LAMBADA asks for the last word of a passage, which people can tell from the whole passage but not from "
    "its last sentence. A model with sentence history sees only that sentence. Words that the vocabulary "
    "lacks count as wrong. In the paper, no model that it tested was right on more than 1% "
    f"({LAMBADA_SOURCE})."
)


def build(context: Context) -> Section | None:
    groups = judged_groups(context)
    if not groups:
        return None
    blocks: list[Block] = []
    if any(group.blimp for group in groups):
        blocks += [
            Paragraph((EXPLAINED,)),
            _blimp(groups),
            _phenomena(groups),
            Paragraph((PUBLISHED,), "note"),
        ]
        blocks.append(Fold("BLiMP, set by set", tuple(sets_table(g) for g in groups if g.blimp)))
    if any(group.lambada for group in groups):
        blocks += [Paragraph((LAST_WORDS,)), _lambada(groups)]
    blocks.append(Fold("How the text was read", tuple(map(_readings, groups))))
    return Section("judgements", "Judgements", tuple(blocks))


def _readings(group: JudgedGroup) -> Definitions:
    said = ((f"{task}, {group.title}", "; ".join(reading)) for task, reading in group.readings.items())
    return Definitions(tuple(said), group.corpus)


def _share(
    key: str, title: str, of: Callable[[JudgedRow], float | None], level: Level = "key"
) -> Field[JudgedRow]:
    return number_field(key, title, of, text.percent, level)


def _counted(
    key: str, title: str, of: Callable[[PairCounts], float | None], level: Level = "key"
) -> Field[JudgedRow]:
    """A column of a share of all pairs, the mean over seeds."""
    return _share(key, title, lambda row: means(row.overall, of), level)


def _interval(
    prefix: str, of: Callable[[JudgedRow], tuple[float | None, int]], digits: int = 1
) -> list[Field[JudgedRow]]:
    """The interval of a share of so many trials."""

    def bounds(row: JudgedRow) -> tuple[float, float] | None:
        share, trials = of(row)
        return None if share is None else wilson(share, trials)

    return interval_fields(prefix, bounds, lambda share: text.percent(share, digits))


COMMON: tuple[Field[JudgedRow], ...] = (
    text_field("corpus", "Corpus", lambda judged: judged.row.corpus, "data"),
    text_field("label", "Model", lambda judged: judged.row.label),
    text_field("family", "Family", lambda judged: FAMILY_NAMES.get(judged.row.family, judged.row.family)),
)
OVERALL: tuple[Field[JudgedRow], ...] = (
    *COMMON,
    _share("accuracy", "Accuracy", lambda row: accuracy(row.overall)),
    *_interval("accuracy", lambda row: (accuracy(row.overall), row.overall[0].pairs)),
    _counted("accuracy_known", "Without unknown words", lambda one: one.known_accuracy),
    *_interval(
        "accuracy_known",
        lambda row: (means(row.overall, lambda one: one.known_accuracy), row.overall[0].known),
    ),
    number_field("pairs_known", "Pairs without", lambda row: row.overall[0].known, text.amount),
    _counted("unknown", "Pairs with unknown words", lambda one: one.unknown / one.pairs),
    _counted("ties", "Ties", lambda one: one.ties / one.pairs),
    _counted("identical", "Identical but for unknown words", lambda one: one.identical / one.pairs, "more"),
    number_field("pairs", "Pairs", lambda row: row.overall[0].pairs, text.amount, "more"),
    number_field("seeds", "Seeds", lambda row: len(row.blimp), text.amount, "data"),
)


def _phenomenon(name: str) -> Field[JudgedRow]:
    return _share(name, PHENOMENA[name][1], lambda row: row.phenomena.get(name))


BY_PHENOMENON: tuple[Field[JudgedRow], ...] = (
    *COMMON[:2],
    _share("accuracy", "All", lambda row: accuracy(row.overall)),
    *map(_phenomenon, PHENOMENA),
)


def _blimp(groups: Iterable[JudgedGroup]) -> Table:
    caption = (
        "BLiMP: minimal pairs in which the acceptable sentence is the more probable one; higher is better. "
        "The interval is Wilson's, with the pairs as trials."
    )
    published = Group(
        tuple(_cited(OVERALL, row.label, {"accuracy": row.overall}) for row in BLIMP), "Published"
    )
    drawn = (_group(group, OVERALL, group.blimp) for group in groups if group.blimp)
    return Table("blimp", caption, columns_of(OVERALL), (*drawn, published), head=1, sortable=True)


def _phenomena(groups: Iterable[JudgedGroup]) -> Table:
    caption = "BLiMP by phenomenon: accuracy, ties counting half."
    cited = (_cited(BY_PHENOMENON, row.label, {"accuracy": row.overall, **row.phenomena}) for row in BLIMP)
    drawn = (_group(group, BY_PHENOMENON, group.blimp) for group in groups if group.blimp)
    published = Group(tuple(cited), "Published")
    columns = columns_of(BY_PHENOMENON)
    return Table("blimp_phenomena", caption, columns, (*drawn, published), head=1, sortable=True)


def _group(group: JudgedGroup, fields: Sequence[Field[JudgedRow]], rows: Iterable[JudgedRow]) -> Group:
    drawn = (TableRow(cells_of(fields, row), row.row.number, row.row.family) for row in rows)
    return Group(tuple(drawn), group.title, corpus=group.corpus)


def _cited(fields: Sequence[Field[JudgedRow]], label: str, shares: dict[str, float]) -> TableRow:
    """A row of the paper's table: its label, and the shares that it gives, by the column's key."""

    def cell(column: Column) -> Cell:
        if column.key == "label":
            return text_cell(label)
        return number_cell(shares[column.key], text.percent) if column.key in shares else Cell("")

    return TableRow(tuple(cell(field.column) for field in fields))


def _last_words(
    key: str, title: str, of: Callable[[LambadaJudgement], float | None], show: Callable[[float | None], str]
) -> Field[JudgedRow]:
    return number_field(key, title, lambda row: means(row.lambada, of), show)


def _perplexity(row: JudgedRow) -> float | None:
    if not row.row.normalised:
        return None
    return means(row.lambada, lambda one: exp(one.nll / one.known) if one.known else None)


def _rare(share: float | None) -> str:
    """A share of which most models have less than one per cent."""
    return text.percent(share, 2)


LAMBADA: tuple[Field[JudgedRow], ...] = (
    *COMMON,
    text_field("history", "History", lambda judged: judged.lambada[0].history),
    number_field("accuracy", "Accuracy", lambda row: accuracy(row.lambada), _rare),
    *_interval("accuracy", lambda row: (accuracy(row.lambada), row.lambada[0].passages), digits=2),
    _last_words("known", "Known last words", lambda one: one.known / one.passages, text.percent),
    _last_words("accuracy_known", "Accuracy on known", lambda one: one.known_accuracy, _rare),
    number_field("perplexity_known", "Perplexity of known", _perplexity, text.perplexity),
    _last_words("median_rank", "Median rank", lambda one: one.median_rank, text.amount),
    _last_words("mean_rank", "Mean rank", lambda one: one.mean_rank, text.amount),
    number_field("passages", "Passages", lambda row: row.lambada[0].passages, text.amount, "more"),
    number_field("seeds", "Seeds", lambda row: len(row.lambada), text.amount, "data"),
)


def _lambada(groups: Iterable[JudgedGroup]) -> Table:
    caption = (
        "LAMBADA: last words that are the most probable token; higher is better. Perplexity and ranks are of "
        "the last words that the vocabulary has, among all of its tokens; lower is better."
    )
    drawn = (_group(group, LAMBADA, group.lambada) for group in groups if group.lambada)
    return Table("lambada", caption, columns_of(LAMBADA), tuple(drawn), head=1, sortable=True)
