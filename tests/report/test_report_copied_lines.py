"""The short table of perplexities without the lines that the test text has from the training text."""

from __future__ import annotations

from pathlib import Path

from benchmark.record.folder import read_runs
from benchmark.report.context import context_of
from benchmark.report.copied_lines import copies
from benchmark.report.markdown import markdown_table


def test_a_corpus_with_copies_has_a_table_of_its_best_rows(run, tmp_path: Path) -> None:
    for order in range(3, 7):
        known = {"test_perplexity_new": 105.0 - order} if order > 3 else {"test_perplexity_new": None}
        run(f"kn{order}", f"KN {order}", "count", 100.0 - order, test_copied=0.02, **known)
    run("lstm", "LSTM", "neural", 90.0, test_copied=0.02, test_perplexity_new=90.0)
    (table,) = copies(context_of(read_runs(tmp_path)))
    lines = markdown_table(table).splitlines()
    assert "2.0% of the test targets are copied; known of 4 of 5 rows" in lines[0]
    assert lines[4:] == [
        "| LSTM | neural | 90.0 | 90.0 | 0.0% |",
        "| KN 6 | n-gram | 94.0 | 99.0 | −5.1% |",
        "| KN 5 | n-gram | 95.0 | 100.0 | −5.0% |",
    ]


def test_without_copies_there_is_none(run, tmp_path: Path) -> None:
    run("kn", "KN", "count", 100.0, test_copied=0.0, test_perplexity_new=100.0)
    run("old", "Old", "count", 100.0, test_perplexity_new=None)
    assert copies(context_of(read_runs(tmp_path))) == []
