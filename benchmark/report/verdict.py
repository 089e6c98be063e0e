"""The answer: the best counted model beside the best neural one, and what each costs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from benchmark import text
from benchmark.report.blocks import Strong
from benchmark.report.events import Events
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


def ratio(above: float | None, below: float | None) -> float | None:
    """A quotient, or None where it says nothing."""
    return above / below if above is not None and below and below > 0 else None


def said(value: float | None, noun: str) -> str:
    """A ratio in words: `2.1 times the memory`, `31% of the memory`, `about the same memory`."""
    if value is None:
        return ""
    if 0.95 < value < 1.05:
        return f"about {noun.replace('the ', 'the same ', 1)}"
    if value < 1:
        return f"{text.significant(100 * value, 2)}% of {noun}"
    return f"{text.significant(value, 2)} times {noun}"


def sentence(events: Events) -> tuple[str | Strong, ...]:
    """The verdict on one corpus, in one or two sentences."""
    counted, neural = events.best("count"), events.best("neural")
    if counted and neural:
        return _duel(events, counted, neural)
    found, missing = (counted, "neural") if counted else (neural, "counted")
    found = found or next(iter(events.rows))
    return (
        f"On {events.title}, the best model so far is ",
        Strong(f"{found.label}"),
        f" with a test perplexity of {text.perplexity(found.perplexity)}; no {missing} model has been run.",
    )


def lone(events: list[Events]) -> tuple[str | Strong, ...]:
    """Where only one side has been run: the best model of each corpus, in one sentence."""
    parts: list[str | Strong] = ["Only one family has been run on the other corpora. Best so far: "]
    for index, group in enumerate(events):
        best = group.best("count") or group.best("neural") or group.rows[0]
        parts += ["; " if index else "", Strong(best.label)]
        parts.append(f" on {group.title}, {text.perplexity(best.perplexity)}")
    return (*parts, ".")


def summary(events: list[Events]) -> str:
    """The verdict over several corpora: on how many each family wins, and by how much."""
    changes = [change for group in events if (change := _change(group)) is not None]
    below = [-change for change in changes if change < 0]
    above = [change for change in changes if change >= 0]
    parts = []
    if below:
        parts.append(f"below the best counted one on {len(below)} of {len(changes)} corpora ({_span(below)})")
    if above:
        parts.append(
            f"above it on {len(above)} ({_span(above)})"
            if below
            else f"above the best counted one on all {len(above)} corpora ({_span(above)})"
        )
    return f"The best neural model's test perplexity is {text.listed(parts)}."


def _change(events: Events) -> float | None:
    counted, neural = events.best("count"), events.best("neural")
    value = ratio(neural.perplexity, counted.perplexity) if counted and neural else None
    return None if value is None else value - 1


def _span(changes: list[float]) -> str:
    low, high = (text.percent(change, 0) for change in (min(changes), max(changes)))
    return f"by {low}" if low == high else f"by {low} to {high}"


def _duel(events: Events, counted: Row, neural: Row) -> tuple[str | Strong, ...]:
    change = _change(events) or 0.0
    side = f"{text.percent(abs(change), 0)} {'below' if change < 0 else 'above'}"
    return (
        f"On {events.title}, the best neural model, ",
        Strong(neural.label),
        f", has a test perplexity of {text.perplexity(neural.perplexity)}, ",
        "level with" if abs(change) < 0.005 else side,
        " the best counted one, ",
        Strong(counted.label),
        f", at {text.perplexity(counted.perplexity)}. {_price(counted, neural)}",
        *_together(events, min(counted.perplexity or math.inf, neural.perplexity or math.inf)),
    )


def _together(events: Events, alone: float) -> tuple[str | Strong, ...]:
    """What the best mixture of both reaches, beside the better of the two alone."""
    mixed = events.best("mixture")
    change = ratio(mixed.perplexity, alone) if mixed else None
    if not mixed or change is None:
        return ()
    side = "lower" if change < 1 else "higher"
    return (
        " The best mixture, ",
        Strong(mixed.label),
        f", reaches {text.perplexity(mixed.perplexity)}, {text.percent(abs(1 - change), 0)} {side} than the "
        "better of the two.",
    )


def _price(counted: Row, neural: Row) -> str:
    memory, training, speed = (ratio(cost.of(neural), cost.of(counted)) for cost in COSTS)
    if neural.machine != counted.machine:
        timings = ["the two were timed on different machines"]
        training = speed = None
    else:
        timings = [f"scores at {said(speed, 'the speed')}"] if speed else []
    costs = [said(value, cost.noun) for value, cost in ((memory, COSTS[0]), (training, COSTS[1])) if value]
    clauses = [f"costs {text.listed(costs)}", *timings] if costs else timings
    return f"The neural model {', and '.join(clauses)}." if clauses and costs else ""
