"""Every measure is in the comparison, in the page's definitions and, by its level, in each output."""

from __future__ import annotations

import csv

import pytest

from benchmark.measure.measure import Measure
from benchmark.measure.measures import COSTS, MEASURES
from benchmark.record.folder import read_runs
from benchmark.report.context import context_of
from benchmark.report.sections.comparison import comparison
from benchmark.report.sections.how_to_read import explanation
from benchmark.report.terminal import plain_table


@pytest.fixture(scope="module")
def page(built):
    return (built / "index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.key)
def test_a_measure_is_everywhere_its_level_says(measure: Measure, built, page):
    with (built / "tables" / "comparison.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert measure.key in rows[0]
    assert (f'data-key="{measure.key}"' in page) == (measure.level != "data")
    table = (built / "tables" / "comparison.md").read_text(encoding="utf-8")
    assert (f" {measure.title} |" in table) == (measure.level == "key")
    assert f"<dt>{measure.title}</dt>" in page
    if measure.cost:
        assert (built / "figures" / f"{measure.key}_ptb.svg").exists()


def test_a_new_entry_is_all_it_takes(run, tmp_path, monkeypatch):
    """An entry added to the table appears in the comparison and in the terminal."""
    doubled = Measure(
        key="doubled",
        title="Doubled",
        noun="doubled perplexity",
        unit="",
        definition="Twice the perplexity.",
        show=str,
        better="lower",
        level="key",
        of=lambda result: 2 * result.test_perplexity,
    )
    monkeypatch.setattr("benchmark.report.sections.comparison.MEASURES", (*MEASURES, doubled))
    run("kn", "KN", "count", 140.0)
    context = context_of(read_runs(tmp_path))
    assert comparison(context).columns[-3].key == "doubled"
    assert "280.0" in plain_table(context)
    assert explanation(doubled) == "Twice the perplexity. (Lower is better; “doubled” in CSV files.)"


def test_costs_are_in_the_answer(built):
    header = (built / "tables" / "answer.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    assert header == ["corpus", "best", "label", "test_perplexity", *(cost.key for cost in COSTS)]
