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

    A finished run is called `LSTM, 2 × 200 (finished run)` and scores `Scores in test.txt`: where they lie is
    no part of it.

    `model` holds the settings of the model, with the labels of its components. A label that somebody chose
    stays as it is, and so does one whose components have no labels, as in older records. Other models are
    called by their settings (see `setting_words`).
    """
    if not isinstance(model, Mapping):
        return label
    if (called := label_by_settings(label, model)) is not None:
        return called
    if (run := _run(label, model)) is not None:
        return f"{_label_of(run)} (finished run)"
    if files := _files(label, model):
        return f"{_SCORES}{files}"
    label = _without_paths(label, model)
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
    label = str(part.get("label") or "")
    if (run := _run(label, part)) is not None:
        return _short(_label_of(run))
    if files := _files(label, part):
        return f"{_SCORES[0].lower()}{_SCORES[1:]}{files}"
    return _short(label)


def _without_paths(label: str, model: Mapping[str, Any]) -> str:
    """`LSTM, 2 × 200 with a neural cache`, where the label is made of that of a finished run or of scores."""
    for part in model.values():
        inner = str(part.get("label") or "") if isinstance(part, Mapping) else ""
        if inner and (_run(inner, part) is not None or _files(inner, part)):
            label = label.replace(inner, _name(part))
    return label


def _run(label: str, model: Mapping[str, Any]) -> Path | None:
    """The run of a model that is a finished run and is called so by itself."""
    run = model.get("run")
    return Path(run) if label.startswith(_FINISHED) and isinstance(run, str) else None


def _files(label: str, model: Mapping[str, Any]) -> str:
    """The names of the files of a model that is scores and is called so by itself; empty for others."""
    scores = model.get("test")
    if not scores or label != f"{_SCORES}{scores}":
        return ""
    return ", ".join(Path(str(file)).name for file in (scores if isinstance(scores, list) else [scores]))


def _label_of(run: Path) -> str:
    """The label of a finished run; the name of its model where the run is gone, or its own where that has
    none."""
    record = or_empty(lambda: read_json_object(run / "result.json"))
    return str(record.get("label") or run.parent.name or run.name)


def _short(label: str) -> str:
    """`Kneser-Ney 5-gram` for `Modified Kneser-Ney 5-gram`, `cache` for `3-gram cache`."""
    if _CACHE.match(label):
        return "cache"
    return _DETAIL.sub("", label.removeprefix("Modified "))


def _rank(name: str) -> bool:
    """Caches stand last: they adapt the others."""
    return name == "cache"
