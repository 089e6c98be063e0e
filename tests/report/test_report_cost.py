"""The tables of what models take: n-grams and bytes by order."""

from __future__ import annotations

from benchmark.record.folder import read_runs
from benchmark.report.blocks import all_blocks
from benchmark.report.context import context_of
from benchmark.report.sections import cost
from benchmark.report.tables import Table


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
    assert tables_of(tmp_path) == {}
