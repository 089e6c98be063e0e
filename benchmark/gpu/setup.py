"""What a call of `nextword gpu` was told about the machine, and what all steps do with our own commands."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.peers.record import RecordT, newest_records

#: Seconds after which anything at toy size is stopped; it takes seconds on an idle CPU.
TOY_LIMIT = 600.0


@dataclass(frozen=True, kw_only=True)
class Setup:
    """Where to compute, at which size, and where things are; None: where the environment says.

    At `toy` size every step takes seconds on a CPU, and its figures mean nothing.
    """

    device: str
    toy: bool
    results_dir: Path
    corpora: Path | None = None
    #: `word_language_model` of pytorch/examples.
    word_language_model: Path | None = None
    #: Folder of KenLM's programs.
    kenlm: Path | None = None
    #: Repeat runs that are already finished.
    rerun: bool = False


def python(module: str, *arguments: str) -> Sequence[str]:
    """The command line of a module, by this interpreter."""
    return [sys.executable, "-m", module, *arguments]


def newest_named(results_dir: Path, kind: type[RecordT], name: str) -> RecordT | None:
    """The latest comparison of that name below a results folder in which something was measured."""
    records = [record for record in newest_records(results_dir, kind) if record.name == name]
    return max(records, key=lambda record: record.started, default=None)
