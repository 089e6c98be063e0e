"""A comparison of neural training as plain text."""

from __future__ import annotations

from typing import Any

from benchmark import text
from benchmark.peers.machine import described
from benchmark.peers.neural.goal import reached
from benchmark.peers.neural.rows import case_of, case_title
from benchmark.peers.table import QUIET
from benchmark.terminal import Column, table

COLUMNS = (
    Column("network"),
    Column("text", folds=True),
    Column("words", right=True, spare=2),
    Column("threads", right=True, spare=3),
    Column("beside", folds=True),
    Column("training: ours", right=True, spare=6),
    Column("its", right=True, spare=7),
    Column("ours ÷ it", right=True),
    Column("scoring: ours", right=True, spare=4),
    Column("its", right=True, spare=5),
    Column("ours ÷ it", right=True),
    Column("losses apart", right=True, spare=1),
)
NOTES = (
    "training, scoring: tokens a second, medians; above 1, ours is faster. losses apart: the largest "
    "relative difference of the losses of 30 steps from the same weights, and of an exact scoring after "
    "them.",
    "The peers score as their main.py does, in 10 rows, each of which forgets what is before it and drops "
    "its remainder; ours scores one row, exactly.",
)


def comparison(record: dict[str, Any]) -> str:
    """The table with sizes and machine above it, what is missing and what the columns mean below."""
    lines = [f"{record['name']}: {settings(record)}", f"{described(record['machine'])}, {torch(record)}", ""]
    rows = [cells(ours, its) for ours, its in pairs(record)]
    if rows:
        lines += [table(COLUMNS, rows), ""]
    lines += [*unmeasured(record["rows"]), *to_goal(record), "", *NOTES]
    busy = record["machine"]["busy_before"]
    if busy is not None and busy > QUIET:
        lines.append(f"Others kept the machine {busy:.0%} busy before: these speeds are not fit to publish.")
    return "\n".join(lines)


def settings(record: dict[str, Any]) -> str:
    """`2 layers × 200, tied, no dropout, batch 20, unroll 35, on cpu, ours in float32, 5 rounds of …`"""
    sizes, speed = record["sizes"], record["speed"]
    width = str(sizes["hidden_size"])
    if sizes["embedding_size"] != sizes["hidden_size"]:
        width += f", embeddings of {sizes['embedding_size']}"
    return (
        f"{text.plural(sizes['layers'], 'layer')} × {width}, {'tied' if sizes['tied'] else 'not tied'}, "
        f"{'dropout ' + format(sizes['dropout'], 'g') if sizes['dropout'] else 'no dropout'}, "
        f"batch {sizes['batch']}, unroll {sizes['unroll']}, on {record['device']}, "
        f"ours in {speed['precision']}, "
        f"{text.plural(speed['rounds'], 'round')} of {text.plural(speed['steps'], 'step')}, taking turns"
    )


def torch(record: dict[str, Any]) -> str:
    """The version that all programs computed with."""
    found = {run["torch"] for row in record["rows"] for run in row["runs"] if run.get("torch")}
    return f"torch {text.listed(sorted(found))}" if found else "torch unknown"


def pairs(record: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Ours and a peer of each case in which both were measured."""
    ours = {case_of(row): row for row in record["rows"] if row["contestant"] == "ours"}
    peers = (row for row in record["rows"] if row["contestant"] != "ours" and "train_ratio" in row)
    return [(ours[case_of(row)], row) for row in peers]


def cells(ours: dict[str, Any], its: dict[str, Any]) -> tuple[str, ...]:
    """A line of the table."""
    rates = []
    for part in ("train", "score"):
        key = f"{part}_tokens_per_second"
        rates += [text.amount(ours[key]), text.amount(its[key]), text.times(its[f"{part}_ratio"])]
    apart = f"{its['loss_difference']:.1e}"
    who = (its["kind"], its["text"], text.amount(its["vocabulary"]), str(its["threads"]), its["title"])
    return (*who, *rates, apart)


def unmeasured(rows: list[dict[str, Any]]) -> list[str]:
    """Why there is no figure of a program, one line a reason."""
    cases: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        if row["status"] != "ok":
            key = (row["title"], row["status"], row["reason"])
            cases.setdefault(key, []).append(case_title(*case_of(row)))
    return [
        f"{title} ({'; '.join(found)}): {status}: {reason}"
        for (title, status, reason), found in cases.items()
    ]


def to_goal(record: dict[str, Any]) -> list[str]:
    """One line a program on the way to the goal, if there was one."""
    goal = record.get("goal")
    if not goal:
        return []
    where = f"{goal['kind']}, {goal['text']}, validation perplexity {goal['perplexity']:g}"
    return [f"{where}: {row['title']}: {reached(row)}" for row in goal["rows"]]
