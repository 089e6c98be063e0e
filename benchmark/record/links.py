"""Links in a results folder, which may have come from anywhere: nothing is written through them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from benchmark.errors import UserError


def refuse_link(path: Path) -> None:
    """Raise UserError where a path, which is about to be written to, is a link."""
    if path.is_symlink():
        raise UserError(
            f"{path} is a link to {os.readlink(path)}, and through links in a results folder nothing is "
            "written: put a folder or a file in its place"
        )


def refuse_links(run: Path) -> None:
    """Raise UserError where a run's folder, one of those around it up to `runs`, anything in it or what
    stands beside it while it is written is a link."""
    around = list(run.parents[:3]) if run.parents[2:] and run.parents[2].name == "runs" else []
    for path in (*around, run, *_within(run)):
        refuse_link(path)


def _within(run: Path) -> Iterator[Path]:
    if not run.parent.is_dir():
        return
    for beside in run.parent.iterdir():
        if run.name in beside.name:  # it, or its repetition
            yield beside
            for folder, folders, files in os.walk(beside):
                yield from (Path(folder, name) for name in (*folders, *files))
