"""What a model is called where its label leaves that to its components or to its settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.record.setting_words import label_by_settings
from benchmark.storage.reading import or_empty, read_json_object

#: Labels that every mixture of a kind has, and what stands behind its components instead.
GENERIC = {
    "Linear mixture": "",
    "Linear mixture, weights by history": ", weights by history",
    "Log-linear mixture": ", log-linear",
}
#: How the labels begin that finished runs and scores have by themselves.
_FINISHED, _SCORES = "Finished run ", "Scores in "
_CACHE = re.compile(r"^\d+-gram cache$")
_DETAIL = re.compile(r" \([^()]*\)$| with .*$")


def telling_label(label: str, model: Mapping[str, Any] | None) -> str:
    """`Kneser-Ney 5-gram + cache, weights by history` for `Linear mixture, weights by history`.

    `model` holds the settings of the model, with the labels of its components. A label that somebody chose
    stays as it is, and so does one whose components have no labels, as in older records. Other models are
    called by their settings (see `setting_words`).
    """
    if not isinstance(model, Mapping):
        return label
    if (called := label_by_settings(label, model)) is not None:
        return called
    components = model.get("components")
    if label not in GENERIC or not isinstance(components, Mapping):
        return label
    names = [_name(part) if isinstance(part, Mapping) else "" for part in components.values()]
    if not names or not all(names):
        return label
    return " + ".join(sorted(names, key=_rank)) + GENERIC[label]


def _name(part: Mapping[str, Any]) -> str:
    """What a component is called in the label of the whole; empty if it has no label.

    A finished run has the label in its record, and scores the names of their files: where either lies is no
    part of a label.
    """
    label, run, scores = str(part.get("label") or ""), part.get("run"), part.get("test")
    if label.startswith(_FINISHED) and isinstance(run, str):
        return _of_run(Path(run)) or label
    if scores and label == f"{_SCORES}{scores}":
        files = scores if isinstance(scores, list) else [scores]
        return "scores in " + ", ".join(Path(str(file)).name for file in files)
    return _short(label)


def _of_run(folder: Path) -> str:
    """The label of a finished run; the name of its model where the run is gone."""
    record = or_empty(lambda: read_json_object(folder / "result.json"))
    return _short(str(record.get("label") or folder.parent.name))


def _short(label: str) -> str:
    """`Kneser-Ney 5-gram` for `Modified Kneser-Ney 5-gram`, `cache` for `3-gram cache`."""
    if _CACHE.match(label):
        return "cache"
    return _DETAIL.sub("", label.removeprefix("Modified "))


def _rank(name: str) -> bool:
    """Caches stand last: they adapt the others."""
    return name == "cache"
