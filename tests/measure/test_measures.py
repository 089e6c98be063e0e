"""The table of measures: every entry is whole, reads a record, and appears wherever measures are shown."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields

import pytest

from benchmark.measure.measure import Measure
from benchmark.measure.measures import COSTS, MEASURES, TEST_PERPLEXITY
from benchmark.record.result import Result

FIELDS = {field.name for field in fields(Result)}


def result(**more: object) -> Result:
    return Result.from_json(
        {"run_id": "0", "status": "ok", "model": "kn", "label": "KN", "corpus": "ptb", **more}
    )


def test_keys_and_titles_are_unique():
    assert len({measure.key for measure in MEASURES}) == len(MEASURES)
    assert len({measure.title for measure in MEASURES}) == len(MEASURES)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.key)
def test_every_entry_is_whole_and_reads_a_bare_record(measure: Measure):
    assert measure.definition.endswith(".")
    assert measure.of is not None or measure.key in FIELDS
    assert measure.read(result()) is None
    assert isinstance(measure.show(1234.5), str)


def test_a_value_is_the_field_of_its_key():
    assert TEST_PERPLEXITY.read(result(test_perplexity=120.5)) == 120.5
    assert {cost.key: cost.read(result(**{cost.key: 3})) for cost in COSTS} == {c.key: 3 for c in COSTS}


def test_scores_that_are_no_probabilities_have_no_perplexity():
    assert TEST_PERPLEXITY.read(result(test_perplexity=120.5, normalised=False)) is None


def test_axes_say_what_the_ticks_leave_out():
    axes = {measure.key: measure.axis for measure in MEASURES}
    assert axes["score_tokens_per_second"] == "scoring speed, tokens/s (higher is better)"
    assert axes["bytes_in_memory"] == "memory (lower is better)"
    assert axes["parameters"] == "number of parameters"


def test_the_table_needs_no_library():
    code = (
        "import sys, benchmark.measure.measures as m\nprint({'numpy', 'torch', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
