"""The section on judgements: BLiMP and LAMBADA as the runs keep them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from synthetic_runs import PTB, SOTU

from benchmark.report import build_report
from benchmark.statistics.share import wilson

Run = Callable[..., Path]
STARTED = "2025-06-01T10:00:00+00:00"


def one_set(name: str, phenomenon: str, right: int, ties: int = 0, **more: int) -> dict[str, Any]:
    counts = {"pairs": 1000, "unknown": 400, "identical": 40, "known_right": 300, "known_ties": 0}
    return {"name": name, "phenomenon": phenomenon, "right": right, "ties": ties, **counts, **more}


def judgements(*sets: dict[str, Any], started: str = STARTED, **lambada: Any) -> str:
    task = {"version": 1, "data": "172a", "judged": STARTED, "reading": ["lower case", "numbers as N"]}
    last_words = {"passages": 5000, "known": 2000, "right": 50.0, "nll": 14000.0, "history": "stream"}
    ranks = {"median_rank": 300.0, "mean_rank": 812.5}
    blimp = {**task, "sets": list(sets)} if sets else None
    judged = {"started": started, "blimp": blimp, "lambada": {**task, **last_words, **ranks, **lambada}}
    return json.dumps(judged)


def report_on(results: Path) -> Path:
    build_report(results, results / "report", lambda line: None)
    return results / "report"


def table(results: Path, name: str) -> list[dict[str, str]]:
    with (report_on(results) / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_accuracies_intervals_and_unknown_words_by_model(run: Run, tmp_path: Path) -> None:
    better = judgements(
        one_set("wh_island", "island_effects", 640, 20), one_set("npi_1", "npi_licensing", 500)
    )
    worse = judgements(one_set("wh_island", "island_effects", 500), one_set("npi_1", "npi_licensing", 500))
    run("kneser_ney", "Kneser-Ney", "count", 141.0, judgements_json=worse)
    run("lstm", "LSTM", "neural", 116.0, judgements_json=better)
    rows = table(tmp_path, "blimp")
    assert [row["label"] for row in rows[:4]] == [
        "LSTM",
        "Kneser-Ney",
        "5-gram, 3.1 G words",
        "LSTM, 83 M words",
    ]
    lstm = rows[0]
    assert float(lstm["accuracy"]) == pytest.approx((640 + 10 + 500) / 2000)
    low, high = wilson(0.575, 2000)
    assert (float(lstm["accuracy_low"]), float(lstm["accuracy_high"])) == pytest.approx((low, high))
    assert float(lstm["accuracy_known"]) == pytest.approx(600 / 1200)
    assert [float(lstm[key]) for key in ("unknown", "ties", "identical")] == [0.4, 0.01, 0.04]
    assert [float(row["accuracy"]) for row in rows[2:]] == [0.612, 0.698, 0.696, 0.83, 0.886]


def test_phenomena_stand_beside_those_of_the_paper(run: Run, tmp_path: Path) -> None:
    run("lstm", "LSTM", "neural", 116.0, judgements_json=judgements(one_set("npi_1", "npi_licensing", 470)))
    ours, fivegram, *_ = table(tmp_path, "blimp_phenomena")
    assert (ours["npi_licensing"], ours["binding"]) == ("0.47", "")
    assert (fivegram["npi_licensing"], fivegram["binding"]) == ("0.455", "0.644")


def test_every_set_phenomenon_and_all_have_a_row(run: Run, tmp_path: Path) -> None:
    sets = (one_set("npi_1", "npi_licensing", 470), one_set("npi_2", "npi_licensing", 530, known_right=600))
    run("lstm", "LSTM", "neural", 116.0, judgements_json=judgements(*sets))
    rows = table(tmp_path, "blimp_sets_ptb")
    assert [(row["set"], row["accuracy_1"], row["accuracy_known_1"]) for row in rows] == [
        ("all of these", "0.5", "0.75"),
        ("npi_1", "0.47", "0.5"),
        ("npi_2", "0.53", "1"),
        ("all", "0.5", "0.75"),
    ]
    assert {row["model_1"] for row in rows} == {"LSTM"}


def test_last_words(run: Run, tmp_path: Path) -> None:
    run("lstm", "LSTM", "neural", 116.0, judgements_json=judgements())
    run("odd", "Stupid backoff", "count", 99.0, judgements_json=judgements(right=0.0), normalised=False)
    lstm, backoff = table(tmp_path, "lambada")
    assert (lstm["accuracy"], lstm["known"], lstm["accuracy_known"]) == ("0.01", "0.4", "0.025")
    assert float(lstm["perplexity_known"]) == pytest.approx(1096.633, rel=1e-6)  # exp(14000 / 2000)
    assert (lstm["median_rank"], lstm["mean_rank"], lstm["history"]) == ("300", "812.5", "stream")
    assert (backoff["label"], backoff["perplexity_known"]) == ("Stupid backoff", "")


def test_seeds_are_averaged_and_corpora_kept_apart(run: Run, tmp_path: Path) -> None:
    for seed, right in ((1, 600), (2, 700)):
        judged = judgements(one_set("npi_1", "npi_licensing", right))
        run("lstm", "LSTM", "neural", 116.0, judgements_json=judged, seed=seed)
    other = judgements(one_set("npi_1", "npi_licensing", 500))
    run("lstm", "LSTM", "neural", 90.0, SOTU, judgements_json=other)
    rows = [row for row in table(tmp_path, "blimp") if row["corpus"]]
    assert {(row["corpus"], row["accuracy"], row["seeds"]) for row in rows} == {
        ("ptb", "0.65", "2"),
        ("sotu", "0.5", "1"),
    }


@pytest.mark.parametrize(
    "content",
    ["no JSON", "{}", '{"started": "2025-06-01T10:00:00+00:00", "blimp": {"sets": 3}}'],
    ids=["text", "empty", "other types"],
)
def test_damaged_judgements_are_left_out(content: str, run: Run, tmp_path: Path) -> None:
    run("lstm", "LSTM", "neural", 116.0, judgements_json=content)
    assert "Judgements" not in (report_on(tmp_path) / "report.md").read_text(encoding="utf-8")


def test_judgements_of_an_earlier_model_in_the_folder_are_left_out(run: Run, tmp_path: Path) -> None:
    earlier = judgements(one_set("npi_1", "npi_licensing", 600), started="2024-01-01T00:00:00+00:00")
    run("lstm", "LSTM", "neural", 116.0, judgements_json=earlier)
    assert not (report_on(tmp_path) / "tables" / "blimp.csv").exists()


def test_the_page_says_how_the_text_was_read_and_cites_the_papers(run: Run, tmp_path: Path) -> None:
    run("lstm", "LSTM", "neural", 116.0, PTB, judgements_json=judgements(one_set("x", "<b>new</b>", 600)))
    out = report_on(tmp_path)
    page, short = ((out / name).read_text(encoding="utf-8") for name in ("index.html", "report.md"))
    for part in ("lower case; numbers as N", "Warstadt et al. (2020)", "Paperno et al. (2016)"):
        assert part in page
    assert "&lt;b&gt;new&lt;/b&gt;" in page
    assert "## Judgements" in short
    assert (out / "tables" / "blimp_phenomena.tex").read_text(encoding="utf-8").startswith("% ")
