"""The recorded measurements of a results folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

#: A comparison with the peers, and the growth of ours: `peers/NAME-DATE/…` below the results folder.
COMPARISON, GROWTH = "peers.json", "growth.json"
#: Where each holds what was measured.
KEYS = {COMPARISON: "rows", GROWTH: "points"}


def recorded(results_dir: Path | None, file: str) -> list[dict[str, Any]]:
    """The newest record of each text and processor.

    Left out are damaged ones and those in which nothing could be measured.
    """
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for path in sorted(results_dir.glob(f"peers/*/{file}")) if results_dir else []:
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            same = (str(record["name"]), str(record["machine"]["processor"]))
            whole = all(record["texts"][split]["words"] for split in ("train", "test"))
            started, measured = record["started"], any("seconds" in row for row in record[KEYS[file]])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if whole and measured and (same not in newest or started >= newest[same]["started"]):
            newest[same] = record
    return [record for _, record in sorted(newest.items())]
