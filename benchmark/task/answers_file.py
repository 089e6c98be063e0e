"""Every test item with what a model answered: a file of a run's folder, a JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.record.folder import ANSWERS
from benchmark.record.result import Result
from benchmark.storage.files import write_text
from benchmark.storage.reading import Unreadable, read_text
from benchmark.task.item_losses import recorded_losses
from benchmark.task.items import Items
from benchmark.task.tasks import task_named

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnsweredItem:
    """The tokens of a test item, the labels that are right, and those that the model gave."""

    input: Labels
    right: Labels
    answer: Labels


def write_answers(folder: Path, items: Items, answers: Iterable[Labels]) -> None:
    """Write the items with the model's answers, in order."""
    lines = [
        json.dumps({"input": item.input.tokens, "right": item.target, "answer": answer}, ensure_ascii=False)
        for item, answer in zip(items, answers, strict=True)
    ]
    write_text(folder / ANSWERS, "\n".join(lines) + "\n")


def read_answers(folder: Path, result: Result) -> list[AnsweredItem]:
    """What `write_answers` wrote for the run with this record.

    Raises Unreadable for a file that is missing, damaged or another run's.
    """
    path = folder / ANSWERS
    try:
        lines = read_text(path).split("\n")
    except FileNotFoundError:
        raise Unreadable(f"{path} is missing: make it again with force=true") from None
    if lines.pop() or len(lines) != result.test_items:
        raise Unreadable(f"{path} holds {len(lines):,} items, and the run's record {result.test_items}")
    found = [_item(line, f"{path}, line {number}") for number, line in enumerate(lines, start=1)]
    _check_record(path, found, result)
    return found


def _item(line: str, where: str) -> AnsweredItem:
    """The item in a line. Raises Unreadable."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        data = None
    names = ("input", "right", "answer")
    if not isinstance(data, dict) or data.keys() != set(names) or not all(map(_is_labels, data.values())):
        raise Unreadable(f"{where}: no object with input, right and answer, each a list of text")
    return AnsweredItem(*(tuple(data[name]) for name in names))


def _is_labels(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _check_record(path: Path, found: Sequence[AnsweredItem], result: Result) -> None:
    """Raises Unreadable where an answer is right by this file, but not by the losses of the run's items."""
    task = task_named(str(result.task), "the record's task")
    losses = recorded_losses(path.parent, result, task.main)
    if losses is None:
        return
    right = np.array([each.answer == each.right for each in found])
    if losses[0][right].any():
        raise Unreadable(f"{path} does not hold the answers of this run's record")
