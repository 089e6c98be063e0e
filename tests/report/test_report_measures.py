"""Every measure is in the comparison, in the page's definitions and, by its level, in each output."""

from __future__ import annotations

import csv

import pytest

from benchmark.measure.measure import Measure
from benchmark.measure.measures import COSTS, MEASURES
from benchmark.record.folder import read_runs
from benchmark.report.context import context_of
from benchmark.report.sections import how_to_read
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
    in_comparison = page.partition('id="table-comparison"')[2].partition("</table>")[0]
    assert (f'data-key="{measure.key}"' in in_comparison) == (measure.level != "data")
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
    monkeypatch.setattr("benchmark.report.context.MEASURES", (*MEASURES, doubled))
    run("kn", "KN", "count", 140.0)
    context = context_of(read_runs(tmp_path))
    assert comparison(context).columns[-3].key == "doubled"
    assert "280.0" in plain_table(context)
    assert explanation(doubled) == "Twice the perplexity. (Lower is better; “doubled” in CSV files.)"


OF_SOME_MACHINES = {"peak_device_bytes", "score_peak_device_bytes", "train_joules", "score_joules"}


def test_what_only_some_machines_measure_is_shown_only_where_it_was_measured(run, tmp_path):
    run("rnn", "RNN", "neural", 140.0)
    before = context_of(read_runs(tmp_path))
    run("lstm", "LSTM", "neural", 120.0, train_joules=1500.0, train_joules_of="GPU board")
    after = context_of(read_runs(tmp_path))
    shown = [[column.key for column in comparison(context).columns] for context in (before, after)]
    assert {measure.key for measure in MEASURES if measure.optional} >= OF_SOME_MACHINES
    assert not OF_SOME_MACHINES & set(shown[0])
    assert set(shown[1]) - set(shown[0]) == {"train_joules", "energy_of"}
    assert "Training energy" not in str(how_to_read.build(before))
    assert "Training energy" in str(how_to_read.build(after))


def test_energies_stand_beside_what_they_were_counted_for(run, tmp_path):
    run("kn", "KN", "count", 140.0, train_joules=90.0, train_joules_of="CPU package")
    both = {"train_joules_of": "GPU board and CPU package", "score_joules_of": "CPU package"}
    run("lstm", "LSTM", "neural", 120.0, train_joules=1500.0, score_joules=2.0, **both)
    table = comparison(context_of(read_runs(tmp_path)))
    keys = [column.key for column in table.columns]
    cells = [[row.cells[keys.index(key)].shown for key in keys[-5:]] for row in table.groups[0].rows]
    assert keys[-5:] == ["train_joules", "score_joules", "energy_of", "machine", "machine_name"]
    assert [row[:3] for row in cells] == [
        ["1.50 kJ", "2.00 J", "GPU board and CPU package; CPU package"],
        ["90.0 J", "–", "CPU package"],
    ]


def test_costs_are_in_the_answer(built):
    header = (built / "tables" / "answer.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    costs = [cost.key for cost in COSTS]
    sure = ["test_perplexity", *(f"test_perplexity_{end}" for end in ("interval", "low", "high")), "seeds"]
    assert header[:3] == ["corpus", "best", "label"]
    assert header[3:] == [*sure, *costs, "settings_tried", "settings_seconds", "search_core_seconds"]


def test_the_length_of_the_text_is_told_or_why_no_code_of_it_is(run, tmp_path):
    run("kn", "KN", "count", 140.0)
    told = str(how_to_read.build(context_of(read_runs(tmp_path))))
    assert "449,945 characters, 449,945 bytes, 76,500 bits to spell the unknown words" in told
    assert "Bits per byte" in told


def test_what_is_copied_from_training_is_told_where_it_is_known(run, tmp_path):
    run("kn", "KN", "count", 140.0, test_perplexity_new=None)  # as in an older record
    before = context_of(read_runs(tmp_path))
    assert "Copied from training" not in str(how_to_read.build(before))
    assert "test_perplexity_new" not in {column.key for column in comparison(before).columns}
    copied = {"valid_copied": 0.081, "test_copied": 0.005, "test_perplexity_new": 125.0}
    run("lstm", "LSTM", "neural", 120.0, **copied, valid_documents_copied=0.02, test_documents_copied=0.0)
    after = context_of(read_runs(tmp_path))
    told = str(how_to_read.build(after))
    assert "8.1% of the validation targets and 0.5% of the test targets stand in lines of 11 words" in told
    assert "2.0% of the validation documents and 0.0% of the test documents are in it as a whole" in told
    keys = [column.key for column in comparison(after).columns]
    shown = [row.cells[keys.index("test_perplexity_new")].shown for row in comparison(after).groups[0].rows]
    assert shown == ["125.0", "–"]


def test_without_a_code_there_is_a_reason_and_no_column(run, tmp_path):
    run("kn", "KN", "count", 140.0, spelling_bits=None)
    context = context_of(read_runs(tmp_path))
    assert "no bits per character: <unk> stands in the text itself" in str(how_to_read.build(context))
    assert "bits_per_byte" not in {column.key for column in comparison(context).columns}
