"""Tables fit a terminal of any width; a pipe gets whole labels and no colour codes."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from terminals import shown_in_terminal

PROGRAM = """
from benchmark.console.terminal import Column, table
columns = [Column("#", right=True), Column("model", folds=True), Column("family", spare=2),
           Column("perplexity", right=True), Column("memory", right=True, spare=1)]
label = "an infinite n-gram with classes, a cache and [bold] an LSTM, weighted by the history"
rows = [["1", label, "mixture", "83.6", "219 MB"], ["12", "LSTM", "neural", "1,103.2", "14 MB"]]
print(table(columns, rows))
"""
LABEL = "an infinite n-gram with classes, a cache and [bold] an LSTM, weighted by the history"
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.mark.parametrize("columns", [50, 80, 120, 220])
def test_a_table_fits_the_terminal_and_splits_no_number(columns: int) -> None:
    shown = ESCAPE.sub("", shown_in_terminal([sys.executable, "-c", PROGRAM], columns))
    lines = shown.splitlines()
    assert max(len(line) for line in lines) <= columns
    assert "1,103.2" in shown
    assert "83.6" in lines[2]
    assert (LABEL in shown) == (columns >= 120)
    assert all(word in shown for word in LABEL.split())
    assert ("(left out at this width: memory)" in shown) == (columns == 50)


def test_a_pipe_gets_whole_labels_and_no_colour_codes() -> None:
    shown = subprocess.check_output([sys.executable, "-c", PROGRAM], text=True)
    head, rule, first, second = shown.splitlines()
    assert LABEL in first
    assert "\x1b" not in shown
    assert first.index("83.6") + len("83.6") == second.index("1,103.2") + len("1,103.2")
    assert set(rule) == {"─"}
    assert head.split() == ["#", "model", "family", "perplexity", "memory"]


def test_no_color_is_honoured() -> None:
    coloured = "from benchmark.console.terminal import console; console().print('x', style='red')"
    assert "\x1b[31m" in shown_in_terminal([sys.executable, "-c", coloured])
    assert "31m" not in shown_in_terminal([sys.executable, "-c", coloured], environment={"NO_COLOR": "1"})
