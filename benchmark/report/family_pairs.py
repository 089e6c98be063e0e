"""A network beside an n-gram model: how far apart their perplexities are, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import TypeVar

from benchmark import text
from benchmark.report.fields import Field, interval_fields, number_field, text_field
from benchmark.report.rows import Row
from benchmark.statistics.bootstrap import Estimate


@dataclass(frozen=True, kw_only=True)
class FamilyPair:
    """The rows that represent both families, and the test perplexities that are shown of them.

    `ratio` is that of the network's perplexity to the n-gram model's; None where it has no interval.
    """

    ngram: Row
    neural: Row
    ngram_perplexity: float
    neural_perplexity: float
    ratio: Estimate | None

    @property
    def difference(self) -> float:
        """How far the network's perplexity is from that of the n-gram model, as a share of the latter."""
        return self.neural_perplexity / self.ngram_perplexity - 1

    @property
    def interval(self) -> tuple[float, float] | None:
        """The ends of the difference's interval."""
        return (self.ratio.low - 1, self.ratio.high - 1) if self.ratio else None


Pair = TypeVar("Pair", bound=FamilyPair)


def pair_fields(pairs: Sequence[Pair]) -> list[Field[Pair]]:
    """The columns of pairs; those of the interval if any of them has one."""
    ngram, neural = attrgetter("ngram_perplexity"), attrgetter("neural_perplexity")
    fields: list[Field[Pair]] = [
        text_field("ngram", "Best n-gram model", lambda pair: pair.ngram.label),
        number_field("ngram_perplexity", "Test perplexity", ngram, text.perplexity),
        text_field("neural", "Best network", lambda pair: pair.neural.label),
        number_field("neural_perplexity", "Test perplexity", neural, text.perplexity),
        number_field("difference", "Network's difference", attrgetter("difference"), text.signed_percent),
    ]
    if any(pair.interval for pair in pairs):
        fields += interval_fields("difference", attrgetter("interval"), text.signed_percent)
    return fields
