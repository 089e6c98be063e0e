"""Every table and figure as CSV: what a data frame reads is numbers, at full precision."""

from __future__ import annotations

import csv
import io
import re

import pandas as pd
import pytest

from benchmark.report.tables import Cell, Column, Group, Table, TableRow, data_table
from benchmark.report.write import table_files

#: A number as it is set for readers: with a unit, a sign of the times, separators of thousands.
FORMATTED = re.compile(r"[×−]?\d[\d,]*(\.\d+)?( ?(B|kB|MB|GB|TB|k|M|G|ms|s|min|h|%))?|∞")

NUMBERS = {
    "tables/comparison.csv": ["rank", "test_perplexity", "test_perplexity_sd", "train_seconds", "seeds"],
    "tables/published.csv": ["test_perplexity", "valid_perplexity"],
}


@pytest.fixture
def frames(built):
    paths = [*(built / "tables").glob("*.csv"), *(built / "figures").glob("*.csv")]
    return {str(path.relative_to(built)): pd.read_csv(path, encoding="utf-8") for path in paths}


def test_every_table_and_every_figure_has_one(built, frames):
    tables = {path.stem for path in (built / "tables").glob("*.tex")}
    figures = {path.stem for path in (built / "figures").glob("*.svg")}
    assert tables == {path.stem for path in (built / "tables").glob("*.csv")} != set()
    assert figures == {path.stem for path in (built / "figures").glob("*.csv")} != set()
    assert all(len(frame) and len(set(frame.columns)) == len(frame.columns) for frame in frames.values())


def test_no_number_is_text(frames):
    for name, frame in frames.items():
        for column in frame.columns[frame.dtypes.map(pd.api.types.is_string_dtype)]:
            cells = frame[column].dropna().astype(str)
            if not column.startswith(("label", "run", "model", "commit")):
                assert not cells.map(lambda cell: bool(FORMATTED.fullmatch(cell))).any(), (name, column)


def test_what_is_not_there_is_empty(frames):
    for name, frame in frames.items():
        assert not (frame == "–").any(axis=None), name


def test_figures_plot_numbers(frames):
    for name, frame in frames.items():
        if name.startswith("figures/"):
            axes = 1 if "headline" in name else 2  # the headline's other axis is the family
            assert frame.dtypes.map(pd.api.types.is_numeric_dtype).sum() >= axes, name


@pytest.mark.parametrize("name", NUMBERS)
def test_columns_of_numbers_are_read_as_such(frames, name):
    for column in NUMBERS[name]:
        assert pd.api.types.is_numeric_dtype(frames[name][column]), column


def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe_and_numbers_do_not():
    values = ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "a=1", "", -1, -1.5, 2, None]
    columns = tuple(Column(f"c{number}", "") for number in range(len(values)))
    row = TableRow(tuple(Cell("shown", value) for value in values))
    (_, cells) = csv.reader(io.StringIO(data_table("t", columns, [row]).csv, newline=""))
    assert cells[:7] == ["'=1+1", "'+1", "'-1", "'@A1", "'\t=1", "' =1", "'=cmd|' /C calc'!A0"]
    assert cells[7:] == ["a=1", "", "-1", "-1.5", "2", ""]


def test_rows_of_several_groups_are_told_apart() -> None:
    """By the corpus, where a column has it, or else by the title of the group."""
    columns = (Column("label", "Model"), Column("limit", "At most"))
    groups = tuple(
        Group((TableRow((Cell("KN", "KN"), Cell("3 s", 3.0))),), title) for title in ("Brown", "=PTB")
    )
    assert Table("limits", "", columns, groups).csv.splitlines() == [
        "label,limit,group",
        "KN,3,Brown",
        "KN,3,'=PTB",
    ]
    assert Table("limits", "", columns, groups[:1]).csv.splitlines() == ["label,limit", "KN,3"]
    with_corpus = (columns[0], Column("corpus", "Corpus"))
    assert Table("limits", "", with_corpus, groups).csv.splitlines()[0] == "label,corpus"


def test_the_comparison_has_files_of_each_corpus_too() -> None:
    columns = (Column("label", "Model"), Column("corpus", "Corpus"))
    groups = tuple(
        Group((TableRow((Cell("KN", "KN"), Cell(name, name))),), name, corpus=name)
        for name in ("ptb", "../brown", "..:brown")
    )
    files = table_files([Table("comparison", "All", columns, groups, filters=True)])
    names = {name.rpartition(".")[0] for name in files}
    assert names == {"comparison", "comparison_ptb", "comparison____brown", "comparison____brown_2"}
    assert files["comparison_ptb.csv"].splitlines() == ["label,corpus", "KN,ptb"]
    assert "brown" not in files["comparison_ptb.tex"]
    one = table_files([Table("comparison", "All", columns, groups[:1], filters=True)])
    assert set(one) == {"comparison.csv", "comparison.md", "comparison.tex"}
