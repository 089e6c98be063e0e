"""A model made of others is called by its components, also in records from before that."""

from __future__ import annotations

import pytest

from benchmark.record.labels import telling_label
from benchmark.record.result import Result

KN = {"label": "Modified Kneser-Ney 5-gram"}
CACHE = {"label": "3-gram cache"}
INFINITY = {"label": "∞-gram with Modified Kneser-Ney 5-gram"}
CLASSES = {"label": "Class-based 5-gram (200 classes)"}
GATED = "Linear mixture, weights by history"


@pytest.mark.parametrize(
    ("label", "components", "shown"),
    [
        (GATED, {"kneser_ney": KN, "cache": CACHE}, "Kneser-Ney 5-gram + cache, weights by history"),
        ("Linear mixture", {"cache": CACHE, "kneser_ney": KN}, "Kneser-Ney 5-gram + cache"),
        ("Log-linear mixture", {"k": KN, "c": CACHE}, "Kneser-Ney 5-gram + cache, log-linear"),
        ("Linear mixture", {"i": INFINITY, "c": CLASSES}, "∞-gram + Class-based 5-gram"),
        ("My mixture", {"kneser_ney": KN, "cache": CACHE}, "My mixture"),
        ("Linear mixture", {"kneser_ney": KN, "cache": {"order": 3}}, "Linear mixture"),
        ("Linear mixture", {}, "Linear mixture"),
        ("Linear mixture", None, "Linear mixture"),
        ("Linear mixture", "unreadable", "Linear mixture"),
    ],
)  # fmt: skip
def test_a_mixture_is_called_by_its_components(label, components, shown):
    assert telling_label(label, {"components": components, "label": label}) == shown


def test_a_recorded_label_is_read_as_it_would_be_recorded_today():
    settings = {"components": {"kneser_ney": KN, "cache": CACHE}, "label": GATED}
    recorded = {"run_id": "0" * 12, "status": "ok", "model": "gated_mixture", "label": GATED, "corpus": "ptb"}
    assert Result.from_json(recorded | {"model_settings": settings}).label.startswith("Kneser-Ney 5-gram + ")
    assert Result.from_json(recorded).label == GATED
