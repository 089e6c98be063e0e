"""Where every row comes from: commit, machine, versions, and the command that makes it again."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from typing import Any

from benchmark import text
from benchmark.record.folder import RunRecord
from benchmark.report.blocks import Block, Definitions, Fold, Section
from benchmark.report.context import Context, letter
from benchmark.report.rows import Row, number_of
from benchmark.report.tables import Cell, Column, Group, Table, TableRow, number_cell, text_cell

ORDER = 100
#: More runs than this are left to the CSV, the best rows' last.
MOST = 300

COLUMNS = (
    Column("corpus", "Corpus", level="data"),
    Column("label", "Model"),
    Column("seed", "Seed", "right"),
    Column("test_perplexity", "Test perplexity", "right", "data"),
    Column("command", "Command that makes it again", mono=True),
    Column("run_id", "Run", mono=True),
    Column("commit", "Commit", mono=True),
    Column("environment", "Made on"),
    Column("computed", "Computed with", level="more"),
    Column("device", "Device", level="data"),
    Column("threads", "Threads", level="data"),
    Column("dtype", "Numbers", level="data"),
    Column("score_batch", "Scoring batch", level="data"),
    Column("started", "Started", level="more"),
    Column("version", "nextword", level="data"),
)


def build(context: Context) -> Section | None:
    environments = {id(run): _environment(run) for row in context.rows for run in row.runs}
    letters = {key: letter(i) for i, key in enumerate(sorted({e for e in environments.values() if e}))}
    groups: dict[str, list[TableRow]] = defaultdict(list)
    ranks = {row.number: row.rank or 0 for group in context.ranked_groups for row in group.rows}
    for row in sorted(
        context.rows, key=lambda row: (row.corpus, ranks.get(row.number, math.inf), row.number)
    ):
        corpus = row.shared("corpus_title") or row.corpus or "unnamed corpus"
        groups[corpus] += [_run(row, run, letters.get(environments[id(run)], "")) for run in row.runs]
    titled = tuple(Group(tuple(rows), corpus) for corpus, rows in groups.items())
    caption = f"Every run behind this report: {text.plural(len(environments), 'run')}."
    table = Table("provenance", caption, COLUMNS, titled, head=1, sortable=True, most=MOST)
    blocks: list[Block] = [table]
    used: dict[str, int] = defaultdict(int)
    for environment in environments.values():
        used[environment] += 1
    for key, name in letters.items():
        items = tuple(sorted(json.loads(key).items()))
        blocks.append(Fold(f"Made on {name}: {text.plural(used[key], 'run')}", (Definitions(items),)))
    return Section("provenance", "Provenance", (Fold("Every run, and how to make it again", tuple(blocks)),))


def _run(row: Row, run: RunRecord, environment: str) -> TableRow:
    result = run.result
    seed = result.get("seed")
    cells = (
        text_cell(row.shared("corpus_title") or row.corpus),
        text_cell(row.label),
        Cell(text.NONE if seed is None else text.clean(seed), number_of(result, "seed")),
        number_cell(number_of(result, "test_perplexity") if row.normalised else None, text.perplexity),
        text_cell(result.get("command")),
        text_cell(result.get("run_id") or run.folder.name),
        text_cell(_commit(result)),
        text_cell(environment or None),
        text_cell(_computed(result)),
        text_cell(result.get("device")),
        number_cell(number_of(result, "threads"), text.amount),
        text_cell(result.get("dtype")),
        number_cell(number_of(result, "score_batch"), text.amount),
        Cell(_moment(result), text.clean(result.get("started") or "")),
        text_cell(result.get("version")),
    )
    return TableRow(cells, row.number, row.family)


def _computed(result: dict[str, Any]) -> str | None:
    """Device, threads, number format and scoring batch in one phrase."""
    threads, batch = number_of(result, "threads"), number_of(result, "score_batch")
    said = [
        str(result.get("device") or ""),
        text.plural(int(threads), "thread") if threads else "",
        str(result.get("dtype") or ""),
        f"batch {batch:.0f}" if batch else "",
    ]
    return ", ".join(part for part in said if part) or None


def _moment(result: dict[str, Any]) -> str:
    """`2025-06-01 10:00` of an ISO time."""
    return text.clean(result.get("started") or text.NONE).replace("T", " ")[:16]


def _commit(result: dict[str, Any]) -> str | None:
    commit = result.get("commit")
    return f"{str(commit)[:10]}{' + changes' if result.get('commit_dirty') else ''}" if commit else None


def _environment(run: RunRecord) -> str:
    """What `environment.json` says of machine and versions, as sorted JSON; empty where it is missing."""
    try:
        data = json.loads((run.folder / "environment.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    if not isinstance(data, dict):
        return ""
    shown = {
        text.clean(key).replace("_", " ").capitalize(): _said(value)
        for key, value in data.items()
        if not str(key).startswith("commit") and value is not None
    }
    return json.dumps(shown, sort_keys=True, ensure_ascii=False)


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{text.clean(key)} {text.clean(item)}" for key, item in sorted(value.items()))
    return text.clean(value)
