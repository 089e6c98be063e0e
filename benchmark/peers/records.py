"""The recorded measurements of a results folder."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

#: Comparisons with the peers, n-gram and neural, and the growth of ours: `peers/NAME-DATE/…` below the
#: results folder.
COMPARISON, NEURAL, GROWTH = "peers.json", "neural.json", "growth.json"


def _texts(record: dict[str, Any]) -> bool:
    return all(record["texts"][split]["words"] for split in ("train", "test"))


#: Where each holds what was measured, under which key a row has it, and what must be said of the texts.
KEYS = {
    COMPARISON: ("rows", "seconds", _texts),
    NEURAL: ("rows", "train_ratio", lambda record: all(text["vocabulary"] for text in record["texts"])),
    GROWTH: ("points", "seconds", _texts),
}


def recorded(results_dir: Path | None, file: str) -> list[dict[str, Any]]:
    """The newest record of each text and processor.

    Left out are damaged ones and those in which nothing could be measured.
    """
    rows, key, described = KEYS[file]
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for path in sorted(results_dir.glob(f"peers/*/{file}")) if results_dir else []:
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            same = (str(record["name"]), str(record["machine"]["processor"]))
            whole = described(record)
            started, measured = record["started"], any(key in row for row in record[rows])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if whole and measured and (same not in newest or started >= newest[same]["started"]):
            newest[same] = record
    return [record for _, record in sorted(newest.items())]


def without_folders(text: str) -> str:
    """A text for the record, where the folders of this machine would say nothing: names alone."""
    return re.sub(r"[^\s='\"(]*/([^\s/='\"]+)", r"\1", text)
