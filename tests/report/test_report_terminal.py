"""The comparison in a terminal: rows fit its width, labels are whole where there is room."""

from __future__ import annotations

import re
import sys

import pytest
from synthetic_runs import PTB, finished, write_run
from terminals import shown_in_terminal

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
LABEL = "Infinite n-gram with classes, a cache and an LSTM of two layers, weights by history"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("terminal")
    for model, label, family, ppl in (
        ("infinite", LABEL, "count", 1103.2),
        ("lstm", "LSTM", "neural", 120.0),
    ):
        for seed in (1, 2) if family == "neural" else (1,):
            record = finished(PTB, model, label, family, (ppl + seed, 10.0, 60.0, 5e4), seed=seed)
            write_run(folder, {**record, "run_id": f"{model}{seed}"})
    return folder


def table(results, columns: int) -> list[str]:
    command = [sys.executable, "-m", "benchmark", "report", "--table", "--results-dir", str(results)]
    return ESCAPE.sub("", shown_in_terminal(command, columns)).splitlines()


def test_at_80_columns_every_number_is_on_its_row(results):
    lines = table(results, 80)
    assert max(map(len, lines)) <= 80
    assert re.search(r"1 +LSTM +121\.5 +0\.7 \(2\) +10\.0 MB +60\.0 s +50\.0 k", "\n".join(lines))
    assert any("left out at this width: Family, History, Parameters, n‑grams" in line for line in lines)


def test_at_220_columns_labels_are_whole(results):
    shown = "\n".join(table(results, 220))
    assert LABEL in shown
    assert "left out" not in shown
    assert re.search(rf"2 +{re.escape(LABEL)} +n-gram +sentence +1,104", shown)
