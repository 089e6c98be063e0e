"""What the models say: the likeliest next words and sampled continuations, for the same prompts."""

from __future__ import annotations

import json
from itertools import zip_longest
from typing import Any

from benchmark.report import text
from benchmark.report.blocks import Block, Cell, Column, Fold, Group, Quotes, Section, Table, TableRow
from benchmark.report.context import Context
from benchmark.report.events import Events
from benchmark.report.rows import Row

ORDER = 90
#: Models, next words and continuations shown: enough to compare, few enough to read.
MODELS, WORDS, SAMPLES = 5, 8, 2
#: Characters a continuation is cut at.
LENGTH = 320


def build(context: Context) -> Section | None:
    blocks = tuple(block for events in context.events for block in _corpus(events))
    return Section("samples", "What the models say", blocks) if blocks else None


def samples_of(row: Row) -> dict[str, dict[str, Any]]:
    """The first seed's samples, by prompt; empty where the file is missing or unreadable."""
    try:
        data = json.loads((row.runs[0].folder / "samples.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    prompts = data.get("prompts") if isinstance(data, dict) else None
    items = prompts if isinstance(prompts, list) else []
    return {text.clean(item["prompt"]): item for item in items if isinstance(item, dict) and "prompt" in item}


def _chosen(events: Events) -> list[tuple[Row, dict[str, dict[str, Any]]]]:
    """The best rows of each family that left samples, in the order of their rank."""
    found = [(row, samples) for row in events.rows if (samples := samples_of(row))]
    leaders = {row.family: row.number for row, _ in reversed(found)}
    found.sort(key=lambda pair: pair[0].number not in leaders.values())
    return sorted(found[:MODELS], key=lambda pair: pair[0].rank or 0)


def _corpus(events: Events) -> list[Block]:
    chosen = _chosen(events)
    prompts = list(dict.fromkeys(prompt for _, samples in chosen for prompt in samples))
    blocks: list[Block] = []
    for index, prompt in enumerate(prompts, start=1):
        asked = [(row, samples[prompt]) for row, samples in chosen if prompt in samples]
        inside: list[Block] = []
        if any(_next(item) for _, item in asked):
            inside.append(_next_words(f"next_words_{events.file}_{index}", prompt, asked))
        quotes = tuple(
            (row.label, prompt, _continuation(prompt, sample))
            for row, item in asked
            for sample in _texts(item)[:SAMPLES]
        )
        numbers = tuple(row.number for row, item in asked for _ in _texts(item)[:SAMPLES])
        if quotes:
            inside.append(Quotes(quotes, numbers))
        if inside:
            title = f"{events.title}: after “{text.clean(prompt, 80) or 'nothing'}”"
            blocks.append(Fold(title, tuple(inside)))
    return blocks


def _next(item: dict[str, Any]) -> list[tuple[str, float]]:
    pairs = item.get("next")
    if not isinstance(pairs, list):
        return []
    sound = (p for p in pairs if isinstance(p, list) and len(p) == 2 and isinstance(p[1], int | float))
    return [(text.clean(word), float(probability)) for word, probability in sound][:WORDS]


def _texts(item: dict[str, Any]) -> list[str]:
    samples = item.get("samples")
    return [str(sample) for sample in samples] if isinstance(samples, list) else []


def _continuation(prompt: str, sample: str) -> str:
    """What follows the prompt, whether or not the sample repeats it."""
    line = text.clean(sample)
    return text.clean(line.removeprefix(prompt), LENGTH)


def _next_words(name: str, prompt: str, asked: list[tuple[Row, dict[str, Any]]]) -> Table:
    columns = [Column("rank", "#", "right")]
    for index, (row, _) in enumerate(asked, start=1):
        columns.append(Column(f"word_{index}", row.label))
        columns.append(Column(f"probability_{index}", "p", "right"))
    rows = []
    for place, pairs in enumerate(zip_longest(*(_next(item) for _, item in asked)), start=1):
        cells = [Cell(str(place), float(place))]
        for pair in pairs:
            word, probability = pair or ("", None)
            cells += [Cell(word or text.NONE, word), Cell(text.percent(probability), probability)]
        rows.append(TableRow(tuple(cells)))
    caption = f"The likeliest next words after “{text.clean(prompt, 80)}”, with their probabilities."
    return Table(name, caption, tuple(columns), (Group(tuple(rows)),))
