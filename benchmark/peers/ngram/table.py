"""Showing a comparison of n-gram programs."""

from __future__ import annotations

from typing import Any

from benchmark import text
from benchmark.peers.ngram.record import NgramRecord
from benchmark.peers.record import OURS
from benchmark.peers.table import Column, Pair, Presentation, describe_machine, unmeasured

#: Perplexities that differ by more than this share do not belong to the same model.
SAME = 0.001


def _median(name: str) -> Any:
    return lambda pair: pair.its.median(name)


class NgramPresentation(Presentation[NgramRecord]):
    """A row for each program and order, ours included."""

    shows_ours = True
    columns = (
        Column("text", "Text", lambda pair: pair.record.name, level="data"),
        Column("order", "Order", lambda pair: pair.its.case.order, text.amount),
        Column("program", "Program", lambda pair: pair.its.title),
        Column("seconds", "Time", _median("seconds"), text.duration),
        Column(
            "seconds_least", "Least", lambda pair: min(pair.its.figures("seconds")), text.duration, "more"
        ),
        Column("seconds_most", "Most", lambda pair: max(pair.its.figures("seconds")), text.duration, "more"),
        Column("cpu_seconds", "CPU time", _median("cpu_seconds"), text.duration, "more"),
        Column("peak_bytes", "Peak memory", _median("peak_bytes"), text.size),
        Column("perplexity", "Perplexity", _median("perplexity"), text.perplexity),
        Column("perplexity_known", "Known words", _median("perplexity_known"), text.perplexity),
        Column("scored_per_second", "Scored a second", _median("scored_per_second"), text.amount),
        Column("time_ratio", "Ours ÷ it: time", lambda pair: pair.ratio("seconds"), text.times),
        Column("memory_ratio", "Memory", lambda pair: pair.ratio("peak_bytes"), text.times),
    )
    notes = (
        "Time: wall-clock time of whole processes from text to test perplexity, the median of all runs. "
        "Peak memory: that of the largest of these processes.",
        "Perplexity: unknown words are targets, as <unk> (KenLM's 'including OOVs'). Known words: without "
        "those targets (KenLM's 'excluding OOVs', and the only perplexity that MITLM prints).",
        "Scored a second: tokens, the model being loaded. KenLM's query reads its text meanwhile, with one "
        "thread; ours is the scoring stage alone.",
    )

    def heading(self, record: NgramRecord) -> str:
        return f"{record.name}: {record.train.words:,} training words, {record.test.words:,} test words"

    def conditions(self, record: NgramRecord) -> str:
        budget = f"a memory budget of {record.memory}" if record.memory else "no memory budget"
        threads = text.plural(record.threads, "thread")
        rounds = text.plural(record.rounds, "run")
        machine = describe_machine(record.machine)
        return f"{machine}; {rounds} of each program, taking turns; ours with {threads} and {budget}"

    def remarks(self, record: NgramRecord) -> list[str]:
        pairs = self.pairs(record)
        orders = sorted({pair.its.case.order for pair in pairs})
        verdicts = [
            line
            for order in orders
            for line in _verdicts(order, [pair for pair in pairs if pair.its.case.order == order])
        ]
        return [*verdicts, *unmeasured(record.rows)]


def _verdicts(order: int, pairs: list[Pair]) -> list[str]:
    """Ours compared with the faster peer in time and with the larger one in memory."""
    peers = [pair for pair in pairs if pair.ours and pair.its.contestant != OURS]
    if not peers:
        return []
    said = [_disagreement(order, pair) for pair in peers]
    fastest = max(peers, key=lambda pair: pair.ratio("seconds") or 0)
    largest = min(peers, key=lambda pair: pair.ratio("peak_bytes") or 0)
    said.append(
        f"order {order}: ours takes {text.significant(fastest.ratio('seconds'), 2)} times as long as the "
        f"fastest peer ({fastest.its.title}) and "
        f"{text.significant(largest.ratio('peak_bytes'), 2)} times the memory of the largest "
        f"({largest.its.title})"
    )
    return [line for line in said if line]


def _disagreement(order: int, pair: Pair) -> str:
    """That a peer has another perplexity than ours; empty if it has the same."""
    ratio = pair.ratio("perplexity_known") or 1.0  # where no target is a known word, there is none
    if abs(ratio - 1) <= SAME:
        return ""
    return (
        f"order {order}: {pair.its.title}'s perplexity on known words differs from ours by "
        f"{100 * abs(ratio - 1):.2g}%: this is not the same model, so the times do not compare"
    )
