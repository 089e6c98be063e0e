"""The answer: the best counted model beside the best neural one, and what each costs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from benchmark import text
from benchmark.report.blocks import Strong
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row


@dataclass(frozen=True)
class Cost:
    """Something a model costs or gives: how it is read from a row, shown, and said as a ratio."""

    key: str
    title: str
    noun: str
    of: Callable[[Row], float | None]
    show: Callable[[float | None], str]


COSTS = (
    Cost("bytes_in_memory", "Memory", "the memory", lambda row: row.mean("bytes_in_memory"), text.size),
    Cost(
        "train_seconds",
        "Training",
        "the training time",
        lambda row: row.timed("train_seconds"),
        text.duration,
    ),
    Cost(
        "score_tokens_per_second",
        "Scoring, tokens/s",
        "the scoring speed",
        lambda row: row.timed("score_tokens_per_second"),
        text.amount,
    ),
)


def quotient(above: float | None, below: float | None) -> float | None:
    """A quotient, or None where it says nothing."""
    return above / below if above is not None and below and below > 0 else None


def ratio_phrase(value: float | None, noun: str) -> str:
    """A ratio in words: `2.1 times the memory`, `31% of the memory`, `about the same memory`."""
    if value is None:
        return ""
    if 0.95 < value < 1.05:
        return f"about {noun.replace('the ', 'the same ', 1)}"
    if value < 1:
        return f"{text.significant(100 * value, 2)}% of {noun}"
    return f"{text.significant(value, 2)} times {noun}"


def verdict_sentence(group: RankedGroup) -> tuple[str | Strong, ...]:
    """The verdict on one corpus, in one or two sentences."""
    counted, neural = group.best("count"), group.best("neural")
    if counted and neural:
        return _both_families(group, counted, neural)
    found, missing = (counted, "neural") if counted else (neural, "counted")
    found = found or next(iter(group.rows))
    return (
        f"On {group.title}, the best model so far is ",
        Strong(f"{found.label}"),
        f" with a test perplexity of {text.perplexity(found.perplexity)}; no {missing} model has been run.",
    )


def single_family_sentence(groups: list[RankedGroup]) -> tuple[str | Strong, ...]:
    """Where only one side has been run: the best model of each corpus, in one sentence."""
    parts: list[str | Strong] = ["Only one family has been run on the other corpora. Best so far: "]
    for index, group in enumerate(groups):
        best = group.best("count") or group.best("neural") or group.rows[0]
        parts += ["; " if index else "", Strong(best.label)]
        parts.append(f" on {group.title}, {text.perplexity(best.perplexity)}")
    return (*parts, ".")


def summary_sentence(groups: list[RankedGroup]) -> str:
    """The verdict over several corpora: on how many each family wins, and by how much."""
    changes = [change for group in groups if (change := _relative_difference(group)) is not None]
    below = [-change for change in changes if change < 0]
    above = [change for change in changes if change >= 0]
    parts = []
    if below:
        parts.append(
            f"below the best counted one on {len(below)} of {len(changes)} corpora ({_range(below)})"
        )
    if above:
        parts.append(
            f"above it on {len(above)} ({_range(above)})"
            if below
            else f"above the best counted one on all {len(above)} corpora ({_range(above)})"
        )
    return f"The best neural model's test perplexity is {text.listed(parts)}."


def _relative_difference(group: RankedGroup) -> float | None:
    counted, neural = group.best("count"), group.best("neural")
    value = quotient(neural.perplexity, counted.perplexity) if counted and neural else None
    return None if value is None else value - 1


def _range(changes: list[float]) -> str:
    low, high = (text.percent(change, 0) for change in (min(changes), max(changes)))
    return f"by {low}" if low == high else f"by {low} to {high}"


def _both_families(group: RankedGroup, counted: Row, neural: Row) -> tuple[str | Strong, ...]:
    change = _relative_difference(group) or 0.0
    side = f"{text.percent(abs(change), 0)} {'below' if change < 0 else 'above'}"
    return (
        f"On {group.title}, the best neural model, ",
        Strong(neural.label),
        f", has a test perplexity of {text.perplexity(neural.perplexity)}, ",
        "level with" if abs(change) < 0.005 else side,
        " the best counted one, ",
        Strong(counted.label),
        f", at {text.perplexity(counted.perplexity)}. {_cost_sentence(counted, neural)}",
        *_mixture_sentence(group, min(counted.perplexity or math.inf, neural.perplexity or math.inf)),
    )


def _mixture_sentence(group: RankedGroup, alone: float) -> tuple[str | Strong, ...]:
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


def _cost_sentence(counted: Row, neural: Row) -> str:
    memory, training, speed = (quotient(cost.of(neural), cost.of(counted)) for cost in COSTS)
    if neural.machine != counted.machine:
        timings = ["the two were timed on different machines"]
        training = speed = None
    else:
        timings = [f"scores at {ratio_phrase(speed, 'the speed')}"] if speed else []
    costs = [
        ratio_phrase(value, cost.noun) for value, cost in ((memory, COSTS[0]), (training, COSTS[1])) if value
    ]
    clauses = [f"costs {text.listed(costs)}", *timings] if costs else timings
    return f"The neural model {', and '.join(clauses)}." if clauses and costs else ""
