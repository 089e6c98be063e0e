"""The options of verbs that compute something more for finished runs, and need data for it."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Sequence
from pathlib import Path


def runs_parser(verb: str, description: str | None, *, again: str, data: str) -> argparse.ArgumentParser:
    """A parser of runs, of `--again` with its help, and of the folders of runs and `data`."""
    parser = argparse.ArgumentParser(f"nextword {verb}", description=description)
    add = parser.add_argument
    add(
        "runs", nargs="+", metavar="RUN", help="a run folder, the start of a run id, a model, or CORPUS/MODEL"
    )
    add("--again", action="store_true", help=again)
    add("--results-dir", type=Path, default=Path("results"), help="folder of the runs")
    add(
        "--corpora-dir",
        type=Path,
        default=_folder("NEXTWORD_CORPORA"),
        help=f"folder with the {data} you have (default: $NEXTWORD_CORPORA)",
    )
    add(
        "--cache-dir",
        type=Path,
        default=_folder("NEXTWORD_CACHE"),
        help="folder for downloads (default: $NEXTWORD_CACHE, or the platform's cache folder)",
    )
    return parser


def with_options(arguments: Sequence[str]) -> list[str]:
    """Folders may also be given in the syntax of `nextword run`: `results_dir=FOLDER`."""
    folders = re.compile(r"^(results_dir|corpora_dir|cache_dir)=")
    return [folders.sub(lambda m: f"--{m[1].replace('_', '-')}=", argument) for argument in arguments]


def _folder(variable: str) -> Path | None:
    return Path(value) if (value := os.environ.get(variable)) else None
