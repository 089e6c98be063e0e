"""Showing a comparison of the time of one next token."""

from __future__ import annotations

from benchmark import text
from benchmark.peers.latency.record import LatencyRecord
from benchmark.peers.table import Column, Presentation, describe_machine, unmeasured

#: Distributions that differ by more than this share do not belong to the same model.
SAME = 0.001


class LatencyPresentation(Presentation[LatencyRecord]):
    """A row for each library and text, ours included."""

    shows_ours = True
    columns = (
        Column("text", "Text", lambda pair: pair.its.case.corpus),
        Column("order", "Order", lambda pair: pair.its.case.order, text.amount),
        Column("library", "Library", lambda pair: pair.its.title),
        Column("tokens", "Training tokens", lambda pair: pair.its.case.tokens, text.amount),
        Column("vocabulary", "Words", lambda pair: pair.its.case.vocabulary, text.amount),
        Column("seconds", "One next token", lambda pair: pair.its.median("seconds"), text.latency),
        Column("seconds_p99", "99th percentile", lambda pair: pair.its.median("seconds_p99"), text.latency),
        Column("seconds_least", "Least", lambda pair: min(pair.its.figures("seconds")), text.latency, "more"),
        Column("seconds_most", "Most", lambda pair: max(pair.its.figures("seconds")), text.latency, "more"),
        Column("readings", "Readings", lambda pair: sum(pair.its.figures("readings")), text.amount, "more"),
        Column("ratio", "Ours ÷ it", lambda pair: pair.ratio("seconds"), text.times),
    )
    notes = (
        "One next token: the time to read a token and to give the probability of every word that may follow. "
        "A library that scores one word at a time is asked for each word in a Python loop.",
        "KenLM's module has the same model as ours. nltk.lm has Lidstone's, which asks it for the least work "
        "(its Kneser-Ney searches all contexts for each word), and is measured on small texts only.",
    )

    def heading(self, record: LatencyRecord) -> str:
        return f"One next token: {record.name}"

    def conditions(self, record: LatencyRecord) -> str:
        rounds = text.plural(record.rounds, "turn")
        return f"{describe_machine(record.machine)}; medians of {rounds} of each library, in one process"

    def remarks(self, record: LatencyRecord) -> list[str]:
        differing = [
            f"{row.case.title}: {row.title}'s probabilities differ from ours by up to "
            f"{100 * row.difference_from_ours:.2g}%: this is not the same model"
            for row in record.rows
            if row.difference_from_ours is not None and row.difference_from_ours > SAME
        ]
        return [*differing, *unmeasured(record.rows)]
