"""What the models say: the likeliest next words and sampled continuations of the same prompts."""

from __future__ import annotations

import math
from typing import Any

from benchmark import text
from benchmark.report.blocks import Block, Fold, Quotes, Section, about
from benchmark.report.context import Context
from benchmark.report.ranking import RankedGroup
from benchmark.report.rows import Row
from benchmark.report.tables import Cell, Column, Group, Table, TableRow, text_cell
from benchmark.storage.reading import or_empty, read_json_object

ORDER = 90
#: How many models are quoted, continuations of each, and next words: enough to compare and few to read.
MODELS, SAMPLES, WORDS = 5, 2, 6
#: Models whose next words are on the page; the CSV has those of every model.
DRAWN = 12
#: Longest continuation, in characters.
LENGTH = 320


def build(context: Context) -> Section | None:
    blocks = tuple(block for group in context.ranked_groups for block in about(group.corpus, _corpus(group)))
    return Section("samples", "What the models say", blocks) if blocks else None


def samples_of(row: Row) -> dict[str, dict[str, Any]]:
    """The first seed's samples, by prompt; empty if the file is missing or cannot be read."""
    path = row.runs[0].folder / "samples.json"
    prompts = or_empty(lambda: read_json_object(path)).get("prompts")
    items = prompts if isinstance(prompts, list) else []
    return {text.clean(item["prompt"]): item for item in items if isinstance(item, dict) and "prompt" in item}


def _asked(group: RankedGroup) -> list[tuple[Row, dict[str, dict[str, Any]]]]:
    """The rows with samples: first those that are drawn, the best of each family among them."""
    found = [(row, samples) for row in group.rows if (samples := samples_of(row))]
    leaders = {row.family: row.number for row, _ in reversed(found)}
    found.sort(key=lambda pair: pair[0].number not in leaders.values())
    first, rest = found[:DRAWN], found[DRAWN:]
    quoted = {row.number for row, _ in found[:MODELS]}
    first.sort(key=lambda pair: (pair[0].number not in quoted, pair[0].rank or 0))
    return first + rest


def _corpus(group: RankedGroup) -> list[Block]:
    everyone = _asked(group)
    prompts = list(dict.fromkeys(prompt for _, samples in everyone for prompt in samples))
    blocks: list[Block] = []
    for index, prompt in enumerate(prompts, start=1):
        asked = [(row, samples[prompt]) for row, samples in everyone if prompt in samples]
        inside: list[Block] = []
        if any(_next(item) for _, item in asked):
            inside.append(_next_words(f"next_words_{group.file}_{index}", prompt, asked))
        quoted = [(row, sample) for row, item in asked[:MODELS] for sample in _texts(item)[:SAMPLES]]
        if quoted:
            quotes = tuple((row.label, prompt, _continuation(prompt, sample)) for row, sample in quoted)
            inside.append(Quotes(quotes, tuple(row.number for row, _ in quoted)))
        if inside:
            title = f"{group.title}: after “{text.clean(prompt, 80) or 'nothing'}”"
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
    """The sample without the prompt, which it may or may not repeat."""
    line = text.clean(sample)
    return text.clean(line.removeprefix(prompt), LENGTH)


def _next_words(name: str, prompt: str, asked: list[tuple[Row, dict[str, Any]]]) -> Table:
    """A row for each model, likeliest word first. In the CSV, probabilities have columns of their own."""
    places = range(1, WORDS + 1)
    columns = [Column("label", "Model")]
    columns += [Column(f"word_{place}", f"{place}.") for place in places]
    columns += [Column(f"probability_{place}", f"p {place}", "right", "data") for place in places]
    rows = []
    for row, item in asked:
        pairs = _next(item)
        if pairs:
            pairs += [("", math.nan)] * (WORDS - len(pairs))
            likely = [Cell(f"{word} {text.percent(p)}" if word else text.NONE, word) for word, p in pairs]
            shares = [Cell(text.percent(p), None if math.isnan(p) else p) for _, p in pairs]
            rows.append(TableRow((text_cell(row.label), *likely, *shares), row.number, row.family))
    caption = f"The likeliest next words after “{text.clean(prompt, 80)}”, with their probabilities."
    return Table(name, caption, tuple(columns), (Group(tuple(rows)),), most=DRAWN)
