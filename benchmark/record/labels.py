"""What a model is called where its label leaves that to its components or to its settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from benchmark.record.setting_words import label_by_settings

#: Labels that every mixture of a kind has, and what stands behind its components instead.
GENERIC = {
    "Linear mixture": "",
    "Linear mixture, weights by history": ", weights by history",
    "Log-linear mixture": ", log-linear",
}
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
    names = [part.get("label") if isinstance(part, Mapping) else None for part in components.values()]
    if not names or not all(names):
        return label
    return " + ".join(sorted(map(_short, map(str, names)), key=_rank)) + GENERIC[label]


def _short(label: str) -> str:
    """`Kneser-Ney 5-gram` for `Modified Kneser-Ney 5-gram`, `cache` for `3-gram cache`."""
    if _CACHE.match(label):
        return "cache"
    return _DETAIL.sub("", label.removeprefix("Modified "))


def _rank(name: str) -> bool:
    """Caches stand last: they adapt the others."""
    return name == "cache"
