"""What every golden case, of a model or of the harness, comes to now."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from golden_cases import cases
from golden_file import entry
from golden_harness import HARNESS
from golden_scores import is_network, scores
from golden_tasks import task_cases, task_scores

from benchmark.errors import Skip
from benchmark.record.identity import current_versions
from benchmark.record.source import class_source
from benchmark.record.versions import SCORING, engine_of, versions_of

CONSTRAINTS = Path(__file__).parents[2] / "constraints.txt"


def names() -> list[str]:
    """The names of all cases."""
    return [*HARNESS, *cases(), *task_cases()]


def result(name: str, folder: Path) -> dict[str, Any]:
    """Scores and versions of a case. Raises Skip where it cannot be computed here; `folder` is empty."""
    if name in HARNESS:
        return entry(HARNESS[name](), versions_of([]))
    if name in task_cases():
        of_task = task_cases()[name]
        if "training" in of_task.settings:
            _check_torch()
        return entry(task_scores(of_task), current_versions(of_task.settings))
    case = cases()[name]
    if is_network(case):
        _check_torch()
    return entry(scores(case, folder), current_versions(case.settings))


def declared(name: str) -> str:
    """Which version is to be raised where the scores of a case move."""
    if name in HARNESS:
        return f"`VERSION` of {SCORING}"
    case = task_cases()[name] if name in task_cases() else cases()[name]
    target = case.settings["_target_"]
    source = class_source(target)
    assert source is not None
    engine = engine_of(source.module)
    return f"`version` of {source.module}.{source.node.name} (or `VERSION` of {engine} if that moved them)"


def _check_torch() -> None:
    """Raises Skip under another torch than the one that the scores were made with."""
    import torch

    pinned = re.search(r"^torch==(\S+)", CONSTRAINTS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert pinned
    if torch.__version__.partition("+")[0] != pinned[1]:
        raise Skip(f"made with torch {pinned[1]}; torch {torch.__version__} may draw and round otherwise")
