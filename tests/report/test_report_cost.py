"""The tables of what models take: n-grams and bytes by order."""

from __future__ import annotations

from benchmark.record.folder import read_runs
from benchmark.report.blocks import all_blocks
from benchmark.report.context import context_of
from benchmark.report.sections import cost
from benchmark.report.sections.comparison import comparison
from benchmark.report.tables import Table

FOOTPRINT = (
    "start_seconds",
    "load_seconds",
    "base_resident_bytes",
    "load_resident_bytes",
    "score_resident_bytes",
    "footprint_targets",
)


def tables_of(results) -> dict[str, list[list[str]]]:
    """What a reader sees in the tables of the section, by the table's name."""
    section = cost.build(context_of(read_runs(results)))
    blocks = all_blocks(section.blocks) if section else ()
    return {
        block.name: [[cell.shown for cell in row.cells] for group in block.groups for row in group.rows]
        for block in blocks
        if isinstance(block, Table)
    }


def test_each_order_of_a_table_has_its_ngrams_and_its_share_of_the_bytes(run, tmp_path):
    run("kn", "KN", "count", 140.0, order_entries=[1_000, 20_000], order_bytes=[8_000, 120_000])
    run("lstm", "LSTM", "neural", 120.0)
    assert tables_of(tmp_path)["order_sizes_ptb"] == [
        ["KN", "1", "1,000", "8.00 kB", "6.2%", "8.0"],
        ["KN", "2", "20.0 k", "120 kB", "93.8%", "6.0"],
    ]


def test_records_without_orders_have_no_table(run, tmp_path):
    run("kn", "KN", "count", 140.0)
    run("lstm", "LSTM", "neural", 120.0)
    assert not [name for name in tables_of(tmp_path) if name.startswith("order_sizes")]


def test_what_a_fresh_process_found_stands_beside_the_bytes_of_the_arrays(run, tmp_path):
    run("kn", "KN", "count", 140.0, footprint_targets=20_000)
    run("lstm", "LSTM", "neural", 120.0, score_resident_bytes=31_000_000, footprint_targets=9_000)
    run("old", "Old", "count", 150.0, **dict.fromkeys(FOOTPRINT), bytes_compressed=None)
    lstm, kn = tables_of(tmp_path)["footprint_ptb"]
    times_and_disk = ["5.00 ms", "2.30 s", "9.00 MB", "5.00 MB"]
    assert lstm == ["LSTM", "10.0 MB", "10.0 MB", "31.0 MB", "9,000", "260 MB", *times_and_disk]
    assert kn[:6] == ["KN", "10.0 MB", "10.0 MB", "18.0 MB", "20.0 k", "50.0 MB"]


MIXTURE = {
    "train_seconds": 61.0,
    "train_tokens": 9_500_000,
    "train_joules": 700.0,
    "part_names": ["lstm", "kn"],
    "part_seconds": [58.5, 1.5],
    "part_tokens": [9_000_000, 500_000],
    "part_joules": [640.0, 20.0],
}


def test_a_mixture_has_its_own_training_and_that_of_its_parts(run, tmp_path):
    run("mixture", "LSTM + KN", "mixture", 100.0, **MIXTURE)
    run("kn", "KN", "count", 140.0)
    assert tables_of(tmp_path)["parts_ptb"] == [
        ["LSTM + KN", "lstm", "58.5 s", "95.9%", "9.00 M", "640 J"],
        ["LSTM + KN", "kn", "1.50 s", "2.5%", "500 k", "20.0 J"],
        ["LSTM + KN", "itself", "1.00 s", "1.6%", "–", "40.0 J"],
        ["LSTM + KN", "together", "61.0 s", "100.0%", "9.50 M", "700 J"],
    ]


def test_what_is_compared_is_all_of_it_and_no_rate_of_unlike_tokens(run, tmp_path):
    old = {"components": {"a": {"_target_": "x.A"}, "b": {"_target_": "x.B"}}, "name": "mixture"}
    run("mixture", "LSTM + KN", "mixture", 100.0, **MIXTURE)
    run("kn", "KN", "count", 140.0)
    run("mixture", "Old mixture", "mixture", 110.0, model_settings=old)
    context = context_of(read_runs(tmp_path))
    keys = [column.key for column in comparison(context).columns]
    shown = {
        row.cells[keys.index("label")].shown: [
            row.cells[keys.index(key)].shown
            for key in ("train_seconds", "own_train_seconds", "train_tokens_per_second")
        ]
        for row in comparison(context).groups[0].rows
    }
    assert shown == {
        "LSTM + KN": ["61.0 s", "1.00 s", "–"],
        "Old mixture": ["60.0 s", "–", "–"],
        "KN": ["60.0 s", "–", "15.5 k"],
    }


def test_a_counter_that_is_too_slow_for_a_part_leaves_its_energy_open(run, tmp_path):
    run("mixture", "LSTM + KN", "mixture", 100.0, **{**MIXTURE, "part_joules": [640.0, None]})
    table = tables_of(tmp_path)["parts_ptb"]
    assert [row[-1] for row in table] == ["640 J", "–", "–", "700 J"]


def test_without_such_processes_there_is_no_table(run, tmp_path):
    run("kn", "KN", "count", 140.0, **dict.fromkeys(FOOTPRINT))
    run("lstm", "LSTM", "neural", 120.0, **dict.fromkeys(FOOTPRINT))
    assert not [name for name in tables_of(tmp_path) if name.startswith("footprint")]
