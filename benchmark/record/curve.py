"""`curve.csv` of a run: what was seen during training, one row per report or validation."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.storage.files import write_text
from benchmark.storage.reading import Unreadable, read_text

FILE = "curve.csv"


@dataclass(frozen=True)
class Validation:
    """A validation during training: after so many tokens, its perplexity on the whole validation split.

    `seconds` is the training time until then, without evaluations; None in runs from before it was kept.
    """

    tokens: float
    perplexity: float
    seconds: float | None = None


def write_curve(folder: Path, rows: Sequence[dict[str, float]]) -> None:
    """Keep the rows of a training curve in a run's folder; a cell that a row lacks, or that is not a number,
    is empty."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: f"{value:.6g}" for name, value in row.items() if not math.isnan(value)})
    write_text(folder / FILE, text.getvalue())


def read_curve(folder: Path) -> list[dict[str, float]]:
    """The rows in a run's folder, each with the cells that are finite numbers; none if there is no such file.

    Raises Unreadable for a damaged one.
    """
    try:
        rows = [_numbers(row) for row in csv.DictReader(io.StringIO(read_text(folder / FILE), newline=""))]
    except FileNotFoundError:
        return []
    except csv.Error as error:
        raise Unreadable(f"cannot read {folder / FILE}: {error}") from None
    if not any(rows):
        raise Unreadable(f"cannot read {folder / FILE}: it holds no training curve")
    return rows


def validations(folder: Path) -> list[Validation]:
    """The validations in a run's folder, in order of tokens.

    Those on a part of the split are left out: they have another name, `valid_head_perplexity`. Raises
    Unreadable for a damaged curve.
    """
    found = [
        Validation(row["tokens"], row["valid_perplexity"], row.get("seconds"))
        for row in read_curve(folder)
        if "tokens" in row and row.get("valid_perplexity", 0.0) > 0
    ]
    return sorted(found, key=lambda each: each.tokens)


def _numbers(row: dict[str, str]) -> dict[str, float]:
    numbers = {}
    for name, cell in row.items():
        try:
            value = float(cell)
        except (TypeError, ValueError):  # cut off, or too long
            continue
        if math.isfinite(value):
            numbers[name] = value
    return numbers
