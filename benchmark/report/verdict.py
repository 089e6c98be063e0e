"""The answer: the best counted model beside the best neural one, and what each costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmark.report import text
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
        text.significant,
    ),
)


def ratio(above: float | None, below: float | None) -> float | None:
    """A quotient, or None where it says nothing."""
    return above / below if above is not None and below and below > 0 else None


def said(value: float | None, noun: str) -> str:
    """A ratio in words: `2.1 times the memory`, `31 % of the memory`, `about the same memory`."""
    if value is None:
        return ""
    if 0.95 < value < 1.05:
        return f"about {noun.replace('the ', 'the same ', 1)}"
    if value < 1:
        return f"{text.significant(100 * value, 2)} % of {noun}"
    return f"{text.significant(value, 2)} times {noun}"


def sentence(events: Events) -> tuple[str | Strong, ...]:
    """The verdict on one corpus, in one or two sentences."""
    counted, neural = events.best("count"), events.best("neural")
    if counted and neural:
        return _duel(events, counted, neural)
    found, missing = (counted, "neural") if counted else (neural, "counted")
    found = found or next(iter(events.rows))
    return (
        f"On {events.title} the best model so far is ",
        Strong(f"{found.label}"),
        f" with a test perplexity of {text.perplexity(found.perplexity)}; no {missing} model has been run.",
    )


def _duel(events: Events, counted: Row, neural: Row) -> tuple[str | Strong, ...]:
    ours, theirs = neural.perplexity or 1.0, counted.perplexity or 1.0
    change = ours / theirs - 1
    start = f"On {events.title} the best neural model, "
    names = (start, Strong(neural.label), f" (test perplexity {text.perplexity(ours)}), ")
    rival = (Strong(counted.label), f" ({text.perplexity(theirs)})")
    if abs(change) < 0.005:
        verdict = ("draws level with the best counted one, ", *rival, ". ")
    elif change < 0:
        verdict = (f"is {text.percent(-change, 0)} below the best counted one, ", *rival, ". ")
    else:
        verdict = (f"stays {text.percent(change, 0)} above the best counted one, ", *rival, ". ")
    return (*names, *verdict, _price(counted, neural))


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
