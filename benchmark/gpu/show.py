"""The summary for people: tables on the terminal, and the page `gpu.md`. Both are made from `gpu.json`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark import text
from benchmark.console import terminal
from benchmark.gpu.plan import Column, Step
from benchmark.gpu.summary import PAGE, Figures, PartState, StepState, Summary
from benchmark.storage.files import write_text

NOTES = (
    "Training, scoring: tokens a second. A ratio above ×1 is in our favour.",
    "Losses and perplexities are scored in float32 throughout; a number format is that of training.",
)
#: The first columns of a table, which even the narrowest terminal shows.
ALWAYS_SHOWN = 4


@dataclass(frozen=True)
class Table:
    """A title, what it shows, columns (whether they are numbers), rows, and lines below."""

    title: str
    remark: str
    columns: Sequence[tuple[str, bool]]
    rows: Sequence[Sequence[str]]
    lines: Sequence[str] = ()


def heading(summary: Summary) -> list[str]:
    """What was measured where, a line each."""
    machine = summary.machine
    lines = []
    if summary.toy:
        lines.append("A rehearsal at toy size: it shows that the steps work, and its figures mean nothing.")
    device = [machine.get("device"), text.size(_number(machine.get("device_bytes")))]
    called = {"torch": "torch", "cuda": "CUDA", "cudnn": "cuDNN"}
    versions = [f"{name} {machine[key]}" for key, name in called.items() if machine.get(key)]
    cores = f"{machine.get('cores')} cores"
    lines.append(", ".join(str(part) for part in device if part and part != text.NONE) or "CPU only")
    python = f"Python {machine.get('python')}"
    parts = [machine.get("processor"), cores, machine.get("system"), python, *versions]
    lines.append(", ".join(str(part) for part in parts if part))
    commit = f" ({str(machine['commit'])[:10]})" if machine.get("commit") else ""
    calls = text.plural(len(summary.calls), "call")
    spent = text.duration(sum(call.seconds for call in summary.calls))
    lines.append(f"nextword {machine.get('nextword')}{commit}; {calls}, {spent}")
    return lines


def overview(summary: Summary) -> Table:
    """A row for each step."""
    rows = [
        (state.name, state.status, text.duration(state.seconds or None), state.proves)
        for state in summary.steps
    ]
    return Table("", "", [("Step", False), ("Status", False), ("Time", True), ("What it shows", False)], rows)


def tables(summary: Summary, steps: Sequence[Step]) -> list[Table]:
    """The figures of each step that has some."""
    states = {state.name: state for state in summary.steps}
    made = [_of_step(states[step.name], step.columns) for step in steps if step.name in states]
    return [table for table in made if table.rows or table.lines]


def problems(summary: Summary, names: Sequence[str]) -> list[str]:
    """A line for each part that failed, among the steps named."""
    return [
        f"failed: {state.name}, {part.name}: {part.reason}" + (f" (log: {part.log})" if part.log else "")
        for state in summary.steps
        if state.name in names
        for part in state.parts
        if part.status == "failed"
    ]


def terminal_text(summary: Summary, steps: Sequence[Step]) -> str:
    """All of it for standard output."""
    blocks = ["\n".join(heading(summary)), _plain(overview(summary))]
    for table in tables(summary, steps):
        parts = [f"{table.title}: {table.remark}", _plain(table) if table.rows else "", *table.lines]
        blocks.append("\n".join(part for part in parts if part))
    return "\n\n".join(blocks)


def write_page(summary: Summary, steps: Sequence[Step], results_dir: Path) -> None:
    """Write `gpu.md`. Raises UserError."""
    from benchmark.report.markdown import escape

    lines = ["# What this GPU does with nextword" if not summary.toy else "# Rehearsal of nextword gpu", ""]
    lines += [f"{escape(line)}  " for line in heading(summary)]
    lines += ["", *_markdown(overview(summary)), ""]
    for table in tables(summary, steps):
        lines += [
            f"## {escape(table.title)}",
            "",
            escape(f"{text.capitalised(table.remark)}."),
            "",
        ]
        lines += [*_markdown(table), ""] if table.rows else []
        lines += [*(f"- {escape(line)}" for line in table.lines), ""] if table.lines else []
    lines += [*(f"{note}  " for note in NOTES), ""]
    write_text(results_dir / PAGE, "\n".join(lines))


def _of_step(state: StepState, columns: Sequence[Column]) -> Table:
    """A row for each row of figures; a part without figures has one all the same."""
    parts = [part for part in state.parts if part.status != "waiting"]
    figures = [row for part in parts for row in part.rows]
    shown = [column for column in columns if any(row.get(column.key) is not None for row in figures)]
    rows = [
        (*(_of_part(part) if not number else ("", "", "")), *(_cell(column, row) for column in shown))
        for part in parts
        for number, row in enumerate(part.rows or [{}])
    ]
    lines = [f"{state.status}: {state.reason}"] if state.reason else []
    for part in parts:
        if part.reason:
            lines.append(f"{part.name}: {part.status}: {part.reason}")
        lines += [f"{part.name}: {line}" for line in part.details]
    if waiting := [part for part in state.parts if part.status == "waiting" and part.reason]:
        names = f": {'; '.join(part.name for part in waiting)}" if len(state.parts) > 1 else ""
        lines.append(f"not started for lack of time ({waiting[0].reason}){names}")
    titles = [("Part", False), ("Status", False), ("Time", True)]
    titles += [(column.title, column.show is not None) for column in shown]
    return Table(state.name, state.proves, titles, rows, lines)


def _of_part(part: PartState) -> tuple[str, str, str]:
    return part.name, part.status, text.duration(part.seconds)


def _cell(column: Column, row: Figures) -> str:
    value = row.get(column.key)
    return str(value or "") if column.show is None else column.show(value)


def _plain(table: Table) -> str:
    """On a narrow terminal the first or last column folds, then figures are left out from the right."""
    last = len(table.columns) - 1
    columns = [
        terminal.Column(
            title,
            right=number,
            folds=not number and place in (0, last),
            spare=last - place + 1 if place >= ALWAYS_SHOWN else 0,
        )
        for place, (title, number) in enumerate(table.columns)
    ]
    return terminal.table(columns, table.rows)


def _markdown(table: Table) -> list[str]:
    from benchmark.report.markdown import escape

    return [
        "| " + " | ".join(escape(title) for title, _ in table.columns) + " |",
        "|" + "|".join("---:" if number else ":---" for _, number in table.columns) + "|",
        *("| " + " | ".join(escape(cell) for cell in row) + " |" for row in table.rows),
    ]


def _number(value: str | int | None) -> float | None:
    return value if isinstance(value, int) else None
