"""A side-by-side measurement as plain text."""

from __future__ import annotations

from typing import Any

from benchmark import text
from benchmark.peers.machine import described
from benchmark.terminal import Column, table

COLUMNS = (
    Column("order", right=True),
    Column("program", folds=True),
    Column("time", right=True),
    Column("least – most", right=True, spare=1),
    Column("CPU time", right=True, spare=4),
    Column("peak memory", right=True),
    Column("perplexity", right=True, spare=5),
    Column("known only", right=True, spare=2),
    Column("scored", right=True, spare=3),
    Column("ours ÷ it: time", right=True),
    Column("memory", right=True),
)
#: A machine that is busier than this before the first run has other work to do.
QUIET = 0.1
#: Perplexities further apart than this share are not those of the same model.
SAME = 0.001
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
    budget = f"a memory budget of {record['memory']}" if record["memory"] else "no memory budget"
    threads = text.plural(record["threads"], "thread")
    lines = [title, described(record["machine"]), f"{runs}; ours with {threads} and {budget}", ""]
    rows = [row for row in record["rows"] if "seconds" in row]
    if rows:
        lines += [table(COLUMNS, [_cells(row) for row in rows]), ""]
    lines += [*unmeasured(record["rows"]), *verdicts(record["rows"]), "", *NOTES]
    busy = record["machine"]["busy_before"]
    if busy is not None and busy > QUIET:
        lines.append(f"Others kept the machine {busy:.0%} busy before: these times are not fit to publish.")
    return "\n".join(lines)


def unmeasured(rows: list[dict[str, Any]]) -> list[str]:
    """Why there is no figure of a program, one line a reason."""
    orders: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        if row["status"] != "ok":
            key = (row["title"], row["status"], row["reason"])
            orders.setdefault(key, []).append(str(row["order"]))
    return [
        f"{title} at order {text.listed(found)}: {status}: {reason}"
        for (title, status, reason), found in orders.items()
    ]


def verdicts(rows: list[dict[str, Any]]) -> list[str]:
    """For each order, ours against the faster peer in time and against the larger one in memory."""
    said = []
    for order in sorted({row["order"] for row in rows}):
        peers = [row for row in rows if row["order"] == order and "time_ratio" in row]
        said += [_disagreement(order, row) for row in peers if abs(row["perplexity_ratio"] - 1) > SAME]
        peers = [row for row in peers if row["contestant"] != "ours"]
        if peers:
            fastest = max(peers, key=lambda row: row["time_ratio"])
            largest = min(peers, key=lambda row: row["memory_ratio"])
            said.append(
                f"order {order}: ours takes {text.significant(fastest['time_ratio'], 2)} of the time of the "
                f"fastest peer ({fastest['title']}), {text.significant(largest['memory_ratio'], 2)} of the "
                f"memory of the largest ({largest['title']})"
            )
    return said


def _disagreement(order: int, row: dict[str, Any]) -> str:
    return (
        f"order {order}: {row['title']} has another perplexity on known words than ours has "
        f"(by {100 * abs(row['perplexity_ratio'] - 1):.2g}%): not the same model, times do not compare"
    )


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
