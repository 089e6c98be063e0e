"""`losses.csv` of a run: the loss of groups of test targets, one row per criterion and group."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from benchmark.storage.files import write_text
from benchmark.storage.reading import Unreadable, read_text

FILE = "losses.csv"


@dataclass(frozen=True)
class GroupLoss:
    """A group of test targets: how many, and their total negative log-likelihood in nats."""

    criterion: str
    group: str
    targets: int
    nll: float


COLUMNS = tuple(entry.name for entry in fields(GroupLoss))


def write_losses(folder: Path, losses: Sequence[GroupLoss]) -> None:
    """Keep losses in a run's folder."""
    lines = [",".join(COLUMNS)]
    lines += [f'{loss.criterion},"{loss.group}",{loss.targets},{loss.nll!r}' for loss in losses]
    write_text(folder / FILE, "\n".join(lines) + "\n")


def read_losses(folder: Path) -> list[GroupLoss]:
    """The losses kept in a run's folder; none if it has no such file. Raises Unreadable for a damaged one."""
    try:
        text = read_text(folder / FILE)
    except FileNotFoundError:
        return []
    try:
        header, *rows = csv.reader(io.StringIO(text, newline=""))
        losses = [GroupLoss(criterion, group, int(n), float(nll)) for criterion, group, n, nll in rows]
    except (csv.Error, TypeError, ValueError):
        header, losses = [], []
    if header != list(COLUMNS) or not all(loss.targets >= 0 and loss.nll >= 0 for loss in losses):
        raise Unreadable(f"cannot read {folder / FILE}: it holds no losses of groups")
    return losses
