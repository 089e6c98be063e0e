"""The verdict in words: an n-gram model beside a neural one, and what each costs.

Both are those with the lowest validation perplexity of their family. The test text only reports.
"""

from __future__ import annotations

import math

from benchmark import text
from benchmark.measure.measure import Measure
from benchmark.measure.measures import COSTS
from benchmark.report.blocks import Strong
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.statistics import shown_to_differ

#: Running text, some of it strong.
Sentences = tuple[str | Strong, ...]


def quotient(above: float | None, below: float | None) -> float | None:
    """A quotient; None where one of the two is missing or the divisor is not above zero."""
    return above / below if above is not None and below and below > 0 else None


def cost_quotient(cost: Measure, above: Row, below: Row) -> float | None:
    """The quotient of a cost of two rows; None where it was timed on two machines."""
    if cost.timed and above.machine != below.machine:
        return None
    return quotient(above.mean(cost), below.mean(cost))


def ratio_phrase(value: float, noun: str) -> str:
    """A ratio in words: `2.1 times the memory`, `31% of the memory`, `about the same memory`."""
    if 0.95 < value < 1.05:
        return f"about the same {noun}"
    if value < 1:
        return f"{text.significant(100 * value, 2)}% of the {noun}"
    return f"{text.significant(value, 2)} times the {noun}"


def verdict_sentences(group: RankedGroup) -> Sentences:
    """The verdict on one corpus."""
    ngram, neural = _best_two(group)
    if ngram and neural:
        return _both_families(group, ngram, neural)
    found, missing = (ngram, "neural") if ngram else (neural, "n-gram")
    found = found or group.rows[0]
    return (
        f"On {group.title}, the best model so far (by validation perplexity) is ",
        Strong(f"{found.label}"),
        f" with a test perplexity of {text.perplexity(found.perplexity)}; no {missing} model has been run.",
    )


def single_family_sentence(groups: list[RankedGroup]) -> Sentences:
    """The best model of each corpus on which only one family has been run."""
    parts: list[str | Strong] = ["Only one family has been run on the other corpora. Best so far: "]
    for index, group in enumerate(groups):
        best = group.best("count") or group.best("neural") or group.rows[0]
        parts += ["; " if index else "", Strong(best.label)]
        parts.append(f" on {group.title}, {text.perplexity(best.perplexity)}")
    return (*parts, ".")


def summary_sentence(groups: list[RankedGroup]) -> str:
    """The verdict over several corpora: on how many of them each family wins, and by how much."""
    compared = [(group, change) for group in groups if (change := _relative_difference(group)) is not None]
    sure = [(group, change) for group, change in compared if _differ(group, *_best_two(group))]
    below = [-change for _, change in sure if change < 0]
    above = [change for _, change in sure if change >= 0]
    open_ = len(compared) - len(sure)
    theirs = "that of the best n-gram model"
    parts = []
    if below:
        parts.append(f"below {theirs} on {len(below)} of {len(compared)} corpora ({_range(below)})")
    if above and below:
        parts.append(f"above it on {len(above)} ({_range(above)})")
    elif above:
        every = f"all {len(above)}" if len(above) == len(compared) else f"{len(above)} of {len(compared)}"
        parts.append(f"above {theirs} on {every} corpora ({_range(above)})")
    if open_:
        parts.append(f"not shown to differ from {'it' if parts else theirs} on {open_}")
    return (
        f"The best neural model's test perplexity is {text.listed(parts)}. "
        "The best model of a family was chosen by validation perplexity."
    )


def _best_two(group: RankedGroup) -> tuple[Row | None, Row | None]:
    """The best n-gram model and the best neural one."""
    return group.best("count"), group.best("neural")


def _relative_difference(group: RankedGroup) -> float | None:
    """How far the best neural perplexity is from the best n-gram one, as a share of the latter."""
    ngram, neural = _best_two(group)
    value = quotient(neural.perplexity, ngram.perplexity) if ngram and neural else None
    return None if value is None else value - 1


def _differ(group: RankedGroup, ngram: Row | None, neural: Row | None) -> bool:
    """Whether the two differ: by the p-value, or, where losses by block are not kept, by their values."""
    if not group.uncertainty or not ngram or not neural:
        return True
    p, ratio = group.uncertainty.p(neural, ngram), group.ratio(neural, ngram)
    return p is None or ratio is None or shown_to_differ(math.log(ratio.value), p)


def _range(changes: list[float]) -> str:
    low, high = (text.percent(change, 0) for change in (min(changes), max(changes)))
    return f"by {low}" if low == high else f"by {low} to {high}"


def _both_families(group: RankedGroup, ngram: Row, neural: Row) -> Sentences:
    change = _relative_difference(group) or 0.0
    side = f"{text.percent(abs(change), 0)} {'below' if change < 0 else 'above'}"
    sure = how_sure(group, ngram, neural)
    return (
        f"On {group.title}, the best neural model, ",
        Strong(neural.label),
        f", has a test perplexity of {text.perplexity(neural.perplexity)}, ",
        "level with" if abs(change) < 0.005 else side,
        " the best n-gram model, ",
        Strong(ngram.label),
        f", at {text.perplexity(ngram.perplexity)}{f' ({sure})' if sure else ''}. "
        f"Both were chosen by validation perplexity.{_cost_sentence(ngram, neural)}",
        *_mixture_sentence(group, min(ngram.perplexity or math.inf, neural.perplexity or math.inf)),
    )


def how_sure(group: RankedGroup, ngram: Row, neural: Row) -> str:
    """The interval of the quotient of two perplexities, in words; empty if it is not known."""
    ratio = group.ratio(neural, ngram)
    if ratio is None:
        return ""
    low, high = (text.signed_percent(value - 1) for value in (ratio.low, ratio.high))
    shown = "" if _differ(group, ngram, neural) else "; the two are not shown to differ"
    return f"95% interval of the difference: {low} to {high}{shown}"


def _cost_sentence(ngram: Row, neural: Row) -> str:
    """What the neural model costs as a share of the n-gram model, preceded by a space; empty if unknown."""
    ratios = [(cost, ratio) for cost in COSTS if (ratio := cost_quotient(cost, neural, ngram))]
    needs = [ratio_phrase(ratio, cost.noun) for cost, ratio in ratios if cost.better == "lower"]
    gains = [ratio_phrase(ratio, cost.noun) for cost, ratio in ratios if cost.better == "higher"]
    clauses = [f"needs {text.listed(needs)}"] if needs else []
    clauses += [f"has {text.listed(gains)}"] if gains else []
    if not clauses:
        return ""
    machines = "; the two were timed on different machines" if ngram.machine != neural.machine else ""
    return f" The neural model {' and '.join(clauses)}{machines}."


def _mixture_sentence(group: RankedGroup, alone: float) -> Sentences:
    """What the best mixture of both reaches, beside the better of the two alone."""
    mixed = group.best("mixture")
    change = quotient(mixed.perplexity, alone) if mixed else None
    if not mixed or change is None:
        return ()
    side = "lower" if change < 1 else "higher"
    return (
        " The best mixture, ",
        Strong(mixed.label),
        f", reaches {text.perplexity(mixed.perplexity)}, {text.percent(abs(1 - change), 0)} {side} than the "
        "better of the two.",
    )
