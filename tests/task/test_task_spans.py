"""Spans of BIO tags, against seqeval, which follows the shared tasks' conlleval."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.task.items import Input, Item
from benchmark.task.measures import SPAN_F1, SPAN_PRECISION, SPAN_RECALL, Answered
from benchmark.task.spans import spans

TAG = st.sampled_from(["O", "B-NP", "I-NP", "B-VP", "I-VP"])
PAIRS = st.lists(st.lists(st.tuples(TAG, TAG), min_size=1, max_size=8), min_size=1, max_size=5)


@given(tags=st.lists(TAG, min_size=1, max_size=12))
def test_spans_are_those_of_seqeval_also_where_tags_are_ill_formed(tags: list[str]) -> None:
    labelling = pytest.importorskip("seqeval.metrics.sequence_labeling")
    expected = {(kind, first, last + 1) for kind, first, last in labelling.get_entities(tags)}
    assert spans(tags) == expected


@given(sentences=PAIRS)
def test_f1_precision_and_recall_are_those_of_seqeval(sentences: list[list[tuple[str, str]]]) -> None:
    metrics = pytest.importorskip("seqeval.metrics")
    right = [[pair[0] for pair in sentence] for sentence in sentences]
    found = [[pair[1] for pair in sentence] for sentence in sentences]
    items = [Item(Input(("w",) * len(tags)), tuple(tags)) for tags in right]
    answered = Answered(items, [tuple(tags) for tags in found], frozenset())
    for measure, name in ((SPAN_F1, "f1"), (SPAN_PRECISION, "precision"), (SPAN_RECALL, "recall")):
        expected = getattr(metrics, f"{name}_score")(right, found, zero_division=0)
        # Where there is nothing to count, seqeval says 0, and the measure that there is no number.
        assert (measure.value(measure.losses(answered)) or 0.0) == pytest.approx(expected)
