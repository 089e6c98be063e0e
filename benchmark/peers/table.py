"""A side-by-side measurement as plain text."""

from __future__ import annotations

from typing import Any

from benchmark.peers.machine import described
from benchmark.report import text
from benchmark.report.terminal import aligned

HEADERS = (
    "order",
    "program",
    "time",
    "least – most",
    "CPU time",
    "peak memory",
    "perplexity",
    "known only",
    "scored",
    "ours ÷ it: time",
    "memory",
)
RIGHT = (True, False, *(True,) * 9)
#: A machine that is busier than this before the first run has other work to do.
QUIET = 0.1
NOTES = (
    "time: wall clock, whole processes from text to test perplexity; medians. peak memory: the largest of "
    "its processes.",
    "perplexity: unknown words are targets, as <unk> (ours, KenLM's 'including OOVs'). known only: without "
    "those targets (ours, KenLM's 'excluding OOVs', MITLM's only one).",
    "scored: tokens a second, model loaded. KenLM's query reads its text meanwhile, one thread; ours is the "
    "scoring stage alone.",
)


def comparison(record: dict[str, Any]) -> str:
    """The table with the text and the machine above it, the verdicts and what the columns mean below."""
    train, test = record["texts"]["train"], record["texts"]["test"]
    title = f"{record['name']}: {train['words']:,} training words, {test['words']:,} test words"
    runs = f"{text.plural(record['repeats'], 'run')} each, taking turns"
    budget = f"memory budget {record['memory']}, {text.plural(record['threads'], 'thread')} for ours"
    lines = [title, described(record["machine"]), f"{runs}; {budget}", ""]
    rows = [row for row in record["rows"] if "seconds" in row]
    if rows:
        lines += [*aligned([HEADERS, *(_cells(row) for row in rows)], RIGHT), ""]
    lines += [
        f"order {row['order']}, {row['title']}: {row['status']}: {row['reason']}"
        for row in record["rows"]
        if row["status"] != "ok"
    ]
    lines += [*(verdicts(record["rows"])), "", *NOTES]
    busy = record["machine"]["busy_before"]
    if busy is not None and busy > QUIET:
        lines.append(f"Others kept the machine {busy:.0%} busy before: these times are not fit to publish.")
    return "\n".join(lines)


def verdicts(rows: list[dict[str, Any]]) -> list[str]:
    """For each order, ours against the faster peer in time and against the larger one in memory."""
    said = []
    for order in sorted({row["order"] for row in rows}):
        peers = [row for row in rows if row["order"] == order and "time_ratio" in row]
        peers = [row for row in peers if row["contestant"] != "ours"]
        if peers:
            fastest = max(peers, key=lambda row: row["time_ratio"])
            largest = min(peers, key=lambda row: row["memory_ratio"])
            said.append(
                f"order {order}: ours takes {text.times(fastest['time_ratio'])} the time of the fastest peer "
                f"({fastest['title']}), {text.times(largest['memory_ratio'])} the memory of the largest "
                f"({largest['title']})"
            )
    return said


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    rate = row["scored_per_second"]
    return (
        str(row["order"]),
        row["title"],
        text.duration(row["seconds"]),
        f"{text.significant(row['seconds_least'])} – {text.significant(row['seconds_most'])}",
        text.duration(row["cpu_seconds"]),
        text.size(row["peak_bytes"]),
        text.decimals(row["perplexity"], 2),
        text.decimals(row["perplexity_known"], 2),
        text.NONE if rate is None else f"{text.amount(rate)}/s",
        text.times(row.get("time_ratio")),
        text.times(row.get("memory_ratio")),
    )
