"""Who wins on rare words: negative log-likelihood by how often the target occurs in the training text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from benchmark import text
from benchmark.report.blocks import Figure, Section
from benchmark.report.context import Context
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import Column, TableRow, data_table, number_cell, text_cell

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

ORDER = 60
#: Lines that can be told apart; the families share them evenly.
LINES = 6
#: Rows with more than this many times the perplexity of the reference would flatten all others.
REACH = 2.0

#: Nats per target, by index of the bucket; buckets without targets are left out.
Losses = dict[int, float]
COLUMNS = (
    Column("label", "Model"),
    Column("training_count", "Training count", "right"),
    Column("targets", "Test targets", "right"),
    Column("nll", "Nats per target", "right"),
    Column("difference", "Difference from the reference", "right"),
)


@dataclass(frozen=True)
class Buckets:
    """The frequency buckets: their names, and the number of test targets in each."""

    names: tuple[str, ...]
    targets: tuple[float, ...]


def build(context: Context) -> Section | None:
    figures = tuple(
        drawn for group in context.ranked_groups if group.has_several_models and (drawn := _figure(group))
    )
    return Section("rare-words", "Rare words", figures) if figures else None


def losses(row: Row) -> list[Losses]:
    """Mean negative log-likelihood (nats per target) by bucket, for each seed that recorded it."""
    found = []
    for run in row.runs:
        totals, targets = run.result.bucket_nll, run.result.bucket_targets
        if totals and len(totals) == len(targets):
            pairs = enumerate(zip(totals, targets, strict=True))
            found.append({i: total / count for i, (total, count) in pairs if count > 0})
    return [loss for loss in found if loss]


def bucket_names(edges: Sequence[float]) -> list[str]:
    """`0`, `1–9`, `10–99`, …, `1,000+`."""
    names = []
    for low, high in zip(edges, [*edges[1:], None], strict=True):
        if high is None:
            names.append(f"{_short(low)}+")
        else:
            names.append(_short(low) if high == low + 1 else f"{_short(low)}–{_short(high - 1)}")
    return names


def _short(count: float) -> str:
    """1,000 as 1k and 99,999 as 99k, so that the names fit below the axis."""
    return f"{count:.0f}" if count < 1000 else f"{int(count / 1000)}k"


def mean_losses(row: Row) -> Losses:
    """The mean over seeds, for the buckets that every seed has."""
    seeds = losses(row)
    shared = set.intersection(*(set(seed) for seed in seeds)) if seeds else set()
    return {bucket: sum(seed[bucket] for seed in seeds) / len(seeds) for bucket in sorted(shared)}


def _figure(group: RankedGroup) -> Figure | None:
    families = [name for name in FAMILY_NAMES if any(losses(row) for row in group.family(name))]
    each = min(LINES // len(families), 3) if families else 0
    found = [row for name in families for row in group.distinct(name, each, 0.005) if losses(row)]
    rows = [row for row in found if (row.perplexity or 0.0) < REACH * (found[0].perplexity or 0.0)]
    edges = rows[0].first.bucket_edges if rows else []
    rows = [row for row in rows if row.first.bucket_edges == edges]
    if len(rows) < 2 or not edges or len(edges) != len(rows[0].first.bucket_targets):
        return None
    buckets = Buckets(tuple(bucket_names(edges)), tuple(rows[0].first.bucket_targets))
    verdict = _verdict(group, buckets)
    caption = (
        f"Negative log-likelihood per target on {group.title}, by how often the target occurs in the "
        f"training text, as the difference from {rows[0].label}: below zero is better. Each range extends to "
        f"the next one; below it is its share of the test targets. {verdict}"
    )
    alt = f"Line chart of the loss by training frequency for {len(rows)} models on {group.title}. {verdict}"
    name = f"rare_words_{group.file}"
    data = data_table(name, COLUMNS, [line for row in rows for line in _data(row, rows[0], buckets)])
    return Figure(name, caption.strip(), alt.strip(), partial(_draw, group.title, rows, buckets), data)


def _from(name: str) -> str:
    """`10–99` as `10+`, which fits below the axis."""
    low, dash, _ = name.partition("–")
    return f"{low}+" if dash else name


def _verdict(group: RankedGroup, buckets: Buckets) -> str:
    """At which frequencies the best n-gram model is ahead of the best neural one."""
    ngram, neural = group.best("count"), group.best("neural")
    if not ngram or not neural:
        return ""
    ours, theirs = mean_losses(ngram), mean_losses(neural)
    shared = sorted(set(ours) & set(theirs))
    ahead = [buckets.names[i] for i in shared if ours[i] < theirs[i]]
    if not shared:
        return ""
    if not ahead:
        return f"{neural.label} is ahead of {ngram.label} at every frequency."
    if len(ahead) == len(shared):
        return f"{ngram.label} is ahead of {neural.label} at every frequency."
    seen = text.listed(ahead)
    return f"{ngram.label} is ahead of {neural.label} on words seen {seen} times and behind on the others."


def _data(row: Row, reference: Row, buckets: Buckets) -> list[TableRow]:
    base = mean_losses(reference)
    return [
        TableRow(
            (
                text_cell(row.label),
                text_cell(buckets.names[bucket]),
                number_cell(buckets.targets[bucket], text.amount),
                number_cell(value, lambda v: text.decimals(v, 3)),
                number_cell(value - base[bucket] if bucket in base else None, lambda v: text.decimals(v, 3)),
            ),
            row.number,
            row.family,
        )
        for bucket, value in mean_losses(row).items()
    ]


def _draw(title: str, rows: list[Row], buckets: Buckets) -> Drawing:
    from benchmark.report.figures.lines import Line, line_chart

    base = mean_losses(rows[0])
    place = {bucket: float(x) for x, bucket in enumerate(sorted(base))}
    lines = [
        Line(
            row.number,
            row.label,
            row.family,
            tuple(
                tuple((place[b], v - base[b]) for b, v in seed.items() if b in place) for seed in losses(row)
            ),
        )
        for row in rows
    ]
    drawing, axes = line_chart(
        f"{title}: loss by frequency of the target",
        lines,
        xlabel="occurrences in training; share of targets",
        ylabel="nats per target, difference",
        marked=True,
        bottom=58,
    )
    total = sum(buckets.targets)
    shares = [text.percent(buckets.targets[bucket] / total, 0) for bucket in place]
    axes.set_xticks(
        range(len(place)), [f"{_from(buckets.names[b])}\n{s}" for b, s in zip(place, shares, strict=True)]
    )
    return drawing
