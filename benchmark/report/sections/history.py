"""What a longer history brings, and who leads when both families have the same."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from dataclasses import dataclass
from operator import attrgetter

from benchmark import text
from benchmark.report.blocks import Block, Paragraph, Section, Strong, about
from benchmark.report.context import Context
from benchmark.report.family_pairs import FamilyPair, pair_fields
from benchmark.report.fields import (
    Field,
    cells_of,
    columns_of,
    interval_fields,
    number_field,
    text_field,
)
from benchmark.report.palette import FAMILY_NAMES
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import Group, Table, TableRow
from benchmark.report.verdict import how_sure
from benchmark.statistics.bootstrap import Estimate

ORDER = 35

#: The histories, and what readers call them.
HISTORIES = {"sentence": "within the sentence", "stream": "across sentences"}

INTRODUCTION = (
    "A network usually reads on across sentences, while an n-gram model begins anew with each. Here both "
    "have the same history. Within the sentence, nothing before the present line is used. Across sentences, "
    "a network keeps its state, and an n-gram model may have a cache. The best of a family is chosen by "
    "validation perplexity; differences are those of test perplexity."
)


@dataclass(frozen=True, kw_only=True)
class EqualHistory(FamilyPair):
    """The best row of each family with the same history."""

    history: str


@dataclass(frozen=True)
class BothHistories:
    """A model that was run with both histories, and settings that are otherwise the same; `ratio` is that of
    its perplexity across sentences to the other, None where it has no interval."""

    sentence: Row
    stream: Row
    ratio: Estimate | None

    @property
    def gain(self) -> float:
        """By what share the longer history lowers the test perplexity."""
        return _gain(self.sentence, self.stream)

    @property
    def interval(self) -> tuple[float, float] | None:
        """The ends of the gain's interval."""
        return (1 - self.ratio.high, 1 - self.ratio.low) if self.ratio else None


HISTORY: Field[EqualHistory] = text_field("history", "History", lambda pair: HISTORIES[pair.history])
BOTH: tuple[Field[BothHistories], ...] = (
    text_field("label", "Model", lambda pair: pair.sentence.label),
    text_field("family", "Family", lambda p: FAMILY_NAMES.get(p.sentence.family, p.sentence.family)),
    number_field("sentence", "Within the sentence", lambda p: _value(p.sentence), text.perplexity),
    number_field("stream", "Across sentences", lambda p: _value(p.stream), text.perplexity),
    number_field("gain", "What the longer history brings", lambda pair: pair.gain, text.percent),
)
GAIN_INTERVAL = interval_fields("gain", attrgetter("interval"), text.percent)


def build(context: Context) -> Section | None:
    blocks: list[Block] = []
    for group in context.ranked_groups:
        blocks += about(group.corpus, _blocks(group))
    if not blocks:
        return None
    return Section("history", "Equal history", (Paragraph((INTRODUCTION,)), *blocks))


def equal_histories(group: RankedGroup) -> list[EqualHistory]:
    """For each history that both families have, the best row of each."""
    pairs = []
    for history in HISTORIES:
        ngram, neural = group.best("count", history), group.best("neural", history)
        if ngram and neural:
            pairs.append(
                EqualHistory(
                    history=history,
                    ngram=ngram,
                    neural=neural,
                    ngram_perplexity=_value(ngram),
                    neural_perplexity=_value(neural),
                    ratio=group.ratio(neural, ngram),
                )
            )
    return pairs


def both_histories(group: RankedGroup) -> list[BothHistories]:
    """The models that were run with both histories, in the order of their ranks."""
    found: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in group.rows:
        if row.perplexity is not None and math.isfinite(row.perplexity):
            settings = {key: value for key, value in row.settings.items() if key != "context"}
            key = json.dumps([row.model, settings], sort_keys=True, default=str)
            found[key].setdefault(row.history, row)
    return [
        BothHistories(**rows, ratio=group.ratio(rows["stream"], rows["sentence"]))
        for rows in found.values()
        if rows.keys() == HISTORIES.keys()
    ]


def _value(row: Row) -> float:
    return row.perplexity or math.nan


def _blocks(group: RankedGroup) -> list[Block]:
    equal, both = equal_histories(group), both_histories(group)
    if not both:
        return []
    blocks: list[Block] = []
    if len(equal) == len(HISTORIES):
        blocks.append(Paragraph(_verdict(group, *equal)))
    over = f" Intervals are over {group.uncertainty.blocks} of the test text." if group.uncertainty else ""
    if equal:
        fields: list[Field[EqualHistory]] = [HISTORY, *pair_fields(equal)]
        rows = tuple(TableRow(cells_of(fields, pair)) for pair in equal)
        caption = (
            f"The best model of each family on {group.title} with the same history; lower is better. A "
            f"negative difference means that the network is ahead.{over}"
        )
        blocks.append(Table(f"equal_history_{group.file}", caption, columns_of(fields), (Group(rows),)))
    gains = [*BOTH, *(GAIN_INTERVAL if any(pair.interval for pair in both) else [])]
    lines = tuple(TableRow(cells_of(gains, pair), pair.stream.number, pair.stream.family) for pair in both)
    caption = (
        f"Models that were run with both histories on {group.title}: test perplexity, lower is better.{over}"
    )
    blocks.append(Table(f"both_histories_{group.file}", caption, columns_of(gains), (Group(lines),)))
    return blocks


def _verdict(group: RankedGroup, sentence: EqualHistory, stream: EqualHistory) -> tuple[str | Strong, ...]:
    return (
        f"On {group.title}, within the sentence, the best network is ",
        Strong(_side(sentence.difference)),
        f" the best n-gram model ({_both(group, sentence)}). Across sentences, it is ",
        Strong(_side(stream.difference)),
        f" ({_both(group, stream)}). The longer history lowers the perplexity of the best "
        f"network by {text.percent(_gain(sentence.neural, stream.neural))} and that of the best n-gram model "
        f"by {text.percent(_gain(sentence.ngram, stream.ngram))}.",
    )


def _both(group: RankedGroup, pair: EqualHistory) -> str:
    """Both models with their perplexities, and how sure their difference is."""
    named = [f"{row.label}, {text.perplexity(_value(row))}" for row in (pair.neural, pair.ngram)]
    sure = how_sure(group, pair.ngram, pair.neural)
    return "; ".join([*named, *([sure] if sure else [])])


def _gain(sentence: Row, stream: Row) -> float:
    return 1 - _value(stream) / _value(sentence)


def _side(difference: float) -> str:
    """`7.1% below`, `3.0% above`, `level with`."""
    if abs(difference) < 0.0005:
        return "level with"
    return f"{text.percent(abs(difference))} {'below' if difference < 0 else 'above'}"
