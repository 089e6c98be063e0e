"""Where every row comes from: commit, machine, versions, and the command that makes it again."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from typing import Any

from benchmark import text
from benchmark.record.folder import RunRecord
from benchmark.record.result import Result
from benchmark.report.blocks import Block, Definitions, Fold, Section
from benchmark.report.context import Context, letter
from benchmark.report.rows import Row
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
    Column("threads", "Threads", level="data"),
    Column("train_device", "Training device", level="data"),
    Column("train_dtype", "Training arithmetic", level="data"),
    Column("train_batch", "Training batch", level="data"),
    Column("score_device", "Scoring device", level="data"),
    Column("score_dtype", "Scoring arithmetic", level="data"),
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
    cells = (
        text_cell(row.shared("corpus_title") or row.corpus),
        text_cell(row.label),
        Cell(text.NONE if result.seed is None else str(result.seed), result.seed),
        number_cell(result.test_perplexity if row.normalised else None, text.perplexity),
        text_cell(result.command),
        text_cell(result.run_id),
        text_cell(_commit(result)),
        text_cell(environment or None),
        text_cell(_computed(result)),
        number_cell(result.threads, text.amount),
        text_cell(result.train_device),
        text_cell(result.train_dtype),
        number_cell(result.train_batch, text.amount),
        text_cell(result.score_device),
        text_cell(result.score_dtype),
        number_cell(result.score_batch, text.amount),
        Cell(_moment(result), text.clean(result.started or "")),
        text_cell(result.version),
    )
    return TableRow(cells, row.number, row.family)


def _computed(result: Result) -> str | None:
    """Threads, and the device, number format and batch of training and of scoring, in one phrase."""
    trained = _arithmetic(result.train_device, result.train_dtype, result.train_batch)
    scored = _arithmetic(result.score_device, result.score_dtype, result.score_batch)
    threads = text.plural(result.threads, "thread") if result.threads else ""
    said = [threads, f"trained: {trained}" if trained else "", f"scored: {scored}" if scored else ""]
    return "; ".join(part for part in said if part) or None


def _arithmetic(device: str | None, dtype: str | None, batch: int | None) -> str:
    return ", ".join(part for part in (device, dtype, f"batch {batch}" if batch else "") if part)


def _moment(result: Result) -> str:
    """`2025-06-01 10:00` of an ISO time."""
    return text.clean(result.started or text.NONE).replace("T", " ")[:16]


def _commit(result: Result) -> str | None:
    changed = " + changes" if result.commit_dirty else ""
    return f"{result.commit[:10]}{changed}" if result.commit else None


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
